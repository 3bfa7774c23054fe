//! What an author asks before signing, and what a reader is shown after it: questions and replies.
//!
//! The command line asks the same questions whether it stands in the ledger's home or far away; only
//! the way differs. At home whoever asks could read the files themselves. From afar a question says who
//! asks ([`Asker::Author`]), and the reply holds nothing that this person's roles do not reach.
//!
//! Asking is no reading: a reply holds what the next step must say, ids and days, never a name or a
//! finding. Content ([`Content`]) is shown only for a reading that stands in the ledger.

mod content;
mod opening;
mod place;

use serde::{Deserialize, Serialize};
use vandel_core::event::{Kind, Spine};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ControllerId, PublicKey, SubjectId, ThreadId, UnitId};
use vandel_core::keyring::KeyEntry;
use vandel_core::person::IdentityNumber;
use vandel_core::time::Day;

use crate::casework::Positions;
use crate::names::Names;
use crate::refused::{Refused, RefusedClass};
use crate::sequencer::Sequencer;
use crate::threads::ThreadsError;

pub use content::{CaseRow, CaseShown, Content, HoldRow, Showing, TimelineRow, count, covers, show};
pub use opening::{Applicant, OpeningBrief};
pub use place::{CaseBrief, RoleBrief};

/// Who asks.
#[derive(Clone, Copy)]
pub enum Asker<'a> {
    /// Whoever has the home's folder.
    Home,
    /// An author whose signature has been verified.
    Author(&'a KeyEntry),
}

/// What an author asks before signing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Who holds this key, and where does their own thread of readings stand? From afar it must be the
    /// key that signed the question.
    Own(PublicKey),
    /// Where does this case stand?
    Case {
        /// Its handle, as typed.
        handle: String,
    },
    /// What do openings of cases say?
    Openings(Vec<Applicant>),
    /// Which id does this person have, or get?
    Subject(IdentityNumber),
    /// Which ids do this board and this unit have?
    Place {
        /// The board's name or id.
        board: String,
        /// The unit's.
        unit: String,
    },
    /// Where do assessments of positions of these roles belong? Makes the board and the unit if the law
    /// supports the roles.
    Position {
        /// The board's name or id.
        board: String,
        /// The unit's.
        unit: String,
        /// The roles' codes.
        roles: Vec<String>,
        /// The day of the assessment.
        day: Day,
    },
    /// How many cases would a list show?
    Count(CaseFilter),
}

/// Which cases to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFilter {
    /// Only open ones.
    pub open: bool,
    /// Only of this role.
    pub role: Option<String>,
    /// Only of this board, by name or id.
    pub board: Option<String>,
    /// Only of this recruitment.
    pub reference: Option<String>,
    /// At most so many, the newest first.
    pub limit: u32,
}

/// The reply to a question.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To [`Question::Own`].
    Own(Own),
    /// To [`Question::Case`].
    Case(Box<CaseBrief>),
    /// To [`Question::Openings`], in their order.
    Openings(Vec<Result<OpeningBrief, Refused>>),
    /// To [`Question::Subject`].
    Subject(SubjectId),
    /// To [`Question::Place`] and [`Question::Position`].
    Place {
        /// The board.
        controller: ControllerId,
        /// The unit.
        unit: UnitId,
    },
    /// To [`Question::Count`].
    Count(u32),
}

/// Who somebody is here, and where their readings stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// The person.
    pub actor: ActorId,
    /// Their thread of readings.
    pub readings: ThreadHead,
}

/// Where a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadHead {
    /// The thread.
    pub thread: ThreadId,
    /// The number that its next step has.
    pub next: u32,
    /// The hash of its last statement; zero if it has none.
    pub previous: Hash,
}

impl ThreadHead {
    /// A thread that has no step yet.
    #[must_use]
    pub fn new(thread: ThreadId) -> Self {
        Self { thread, next: 0, previous: Hash::ZERO }
    }

    /// The spine of the next step.
    #[must_use]
    pub fn spine(&self, kind: Kind, day: Day) -> Spine {
        Spine { thread: self.thread, number: self.next, previous: self.previous, kind, day }
    }

    fn of(sequencer: &Sequencer, thread: ThreadId) -> Result<Self, ThreadsError> {
        let known = sequencer.thread(&thread)?;
        let of = |known: &vandel_core::thread::Thread| Self {
            thread,
            next: known.next(),
            previous: known.previous,
        };
        Ok(known.map_or(Self::new(thread), |known| of(&known)))
    }
}

/// Answers a question.
///
/// # Errors
/// What keeps it from being answered: no such case or name, a role that the law does not support, or
/// something that the asker's roles do not reach.
pub fn answer(sequencer: &mut Sequencer, asker: Asker<'_>, question: Question) -> Result<Reply, Refused> {
    Ok(match question {
        Question::Own(key) => Reply::Own(place::own(sequencer, &key)?),
        Question::Case { handle } => Reply::Case(Box::new(place::case(sequencer, asker, &handle)?)),
        Question::Openings(applicants) => {
            let (positions, mut names) = (Positions::of(sequencer)?, Names::read(sequencer.vault())?);
            let prepare = |applicant| opening::prepare(sequencer, asker, (&positions, &mut names), applicant);
            Reply::Openings(applicants.iter().map(prepare).collect())
        }
        Question::Subject(number) => Reply::Subject(opening::subject(sequencer, &number)?),
        Question::Place { board, unit } => place::place(sequencer, &board, &unit)?,
        Question::Position { board, unit, roles, day } => {
            place::position(sequencer, asker, (&board, &unit), &roles, day)?
        }
        Question::Count(filter) => Reply::Count(count(sequencer, asker, &filter)?),
    })
}

/// Sixteen random bytes.
fn random() -> Result<[u8; 16], Refused> {
    let mut bytes = [0; 16];
    let none = |_| {
        let message = "the operating system gives no randomness";
        Refused::new(RefusedClass::Internal, "randomness", message)
    };
    getrandom::fill(&mut bytes).map_err(none)?;
    Ok(bytes)
}
