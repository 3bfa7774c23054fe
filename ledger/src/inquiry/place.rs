//! Where the next step stands: cases, positions, and one's own readings.

use serde::{Deserialize, Serialize};
use vandel_core::admit::Refusal;
use vandel_core::event::{Field, Kind, Register, Scope};
use vandel_core::hash::Hash;
use vandel_core::id::{PublicKey, SubjectId, ThreadId};
use vandel_core::policy::RolePolicy;
use vandel_core::thread::Case;
use vandel_core::time::Day;

use super::{Asker, Own, Reply, ThreadHead, random};
use crate::casework;
use crate::handle::parse_handle;
use crate::names::Names;
use crate::refused::{Refused, RefusedClass};
use crate::sequencer::Sequencer;

/// A case, as far as its next step needs it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseBrief {
    /// Its handle, in its one spelling.
    pub handle: String,
    /// Where it stands.
    pub head: ThreadHead,
    /// Whom it is about, by random id.
    pub subject: Option<SubjectId>,
    /// The statement that holds the note of a shown extract.
    pub noted: Option<Hash>,
    /// The numbers of the steps that placed holds in force.
    pub holds: Vec<u32>,
    /// Whether it is closed.
    pub closed: bool,
    /// Whether processing is restricted (GDPR art. 18).
    pub restricted: bool,
    /// What the law of its role asks for; none where the opening has been erased.
    pub role: Option<RoleBrief>,
    /// What comes next.
    pub next_steps: Vec<Kind>,
}

/// What a role's law asks for, as far as a step is filled in from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleBrief {
    /// The registers that an extract covers.
    pub registers: Vec<Register>,
    /// The law that an extract is issued under, as an SFS number.
    pub sfs: Option<String>,
    /// The fields that may be recorded.
    pub fields: Vec<Field>,
}

impl RoleBrief {
    fn of(role: &RolePolicy) -> Self {
        let fields = Field::ALL.iter().copied().filter(|field| role.may_record_field(*field));
        Self { registers: role.registers.clone(), sfs: role.law.sfs.clone(), fields: fields.collect() }
    }
}

/// What is told to somebody whose roles do not reach what was asked for.
pub(super) fn out_of_reach() -> Refused {
    let message = "the roles of who asks do not reach this";
    Refused::new(RefusedClass::NotAuthorised, "role", message)
        .paragraph("OSL 2009:400 ch. 8 section 2")
        .next("two administrators grant roles: vandel key enroll --help")
}

/// Whether the asker's roles reach a place today.
pub(super) fn reaches(sequencer: &Sequencer, asker: Asker<'_>, place: &Scope) -> bool {
    match asker {
        Asker::Home => true,
        Asker::Author(entry) => casework::may_read(entry, place, sequencer.now().latest_day_in_sweden()),
    }
}

pub(super) fn own(sequencer: &Sequencer, key: &PublicKey) -> Result<Own, Refused> {
    let signer = sequencer.chain().keyring.signer(key, sequencer.now());
    let actor = signer.map_err(Refusal::Key)?.0.actor;
    // A thread for each month: its readings are due together, two years after the last of them, and a reader
    // who never stops reading must not keep the first of them for ever.
    let month = |day: Day| (day.ymd().0, day.ymd().1);
    let now = month(sequencer.now().day_in_sweden());
    let threads = sequencer.readings_of(actor)?;
    let thread = threads.iter().find(|(_, thread)| month(thread.last) == now).map(|(id, _)| *id);
    let readings = match thread {
        Some(thread) => ThreadHead::of(sequencer, thread)?,
        None => ThreadHead::new(ThreadId(random()?)),
    };
    Ok(Own { actor, readings })
}

/// The case with a handle, if the asker's roles reach it. One that they do not reach and one that does
/// not exist get different answers; a handle has forty random bits, so nobody finds one by trying.
pub(super) fn reached(
    sequencer: &Sequencer,
    asker: Asker<'_>,
    handle: &str,
) -> Result<(ThreadId, Case), Refused> {
    let thread = casework::find(sequencer, handle)?;
    let case = sequencer.case(&thread)?.ok_or_else(out_of_reach)?;
    let reached = reaches(sequencer, asker, &case.place().unwrap_or_default());
    if reached { Ok((thread, case)) } else { Err(out_of_reach()) }
}

pub(super) fn case(sequencer: &Sequencer, asker: Asker<'_>, handle: &str) -> Result<CaseBrief, Refused> {
    let (thread, case) = reached(sequencer, asker, handle)?;
    Ok(CaseBrief {
        handle: parse_handle(handle).unwrap_or_default(),
        head: ThreadHead::of(sequencer, thread)?,
        subject: case.subject,
        noted: case.noted.map(|(statement, _)| statement),
        holds: case.holds.keys().copied().collect(),
        closed: case.closed(),
        restricted: case.restricted(),
        role: casework::role_of(sequencer, &case).map(RoleBrief::of),
        next_steps: casework::next_steps(sequencer, &case),
    })
}

pub(super) fn place(sequencer: &Sequencer, board: &str, unit: &str) -> Result<Reply, Refused> {
    let names = Names::read(sequencer.vault())?;
    let controller = names.controller(board)?;
    Ok(Reply::Place { controller, unit: names.unit(controller, unit)? })
}

/// A role that the law does not support is refused before a board or a unit is made for it.
pub(super) fn position(
    sequencer: &mut Sequencer,
    asker: Asker<'_>,
    (board, unit): (&str, &str),
    roles: &[String],
    day: Day,
) -> Result<Reply, Refused> {
    for role in roles {
        let policy = sequencer.chain().policy_on(day).ok_or(Refusal::NoPolicy { day })?;
        policy.pack.role_on(&role.to_uppercase(), day).map_err(Refusal::from)?;
    }
    let mut names = Names::read(sequencer.vault())?;
    let controller = names.controller(board).ok();
    let known = controller.and_then(|controller| names.unit(controller, unit).ok());
    // Who may only look after one unit makes no other, nor a board.
    if !reaches(sequencer, asker, &Scope { controller, unit: known, assignment: None }) {
        return Err(out_of_reach());
    }
    let controller = names.controller_or_add(sequencer.vault_mut(), board)?;
    let unit = names.unit_or_add(sequencer.vault_mut(), controller, unit)?;
    Ok(Reply::Place { controller, unit })
}
