//! What a person is shown, once the reading stands in the ledger.

use serde::{Deserialize, Serialize};
use vandel_core::event::{Compartment, Kind, Purpose, Reading};
use vandel_core::id::ThreadId;
use vandel_core::thread::{Case, Matter};
use vandel_core::time::Day;

use super::place::{reached, reaches};
use super::{Asker, CaseFilter};
use crate::casework;
use crate::names::Names;
use crate::refused::{Refused, RefusedClass};
use crate::sequencer::Sequencer;
use crate::vault::NameKind;

/// What somebody wants to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A list of cases: what is needed to find one, and no name.
    List(CaseFilter),
    /// A case, and whom it is about.
    Case {
        /// Its handle.
        handle: String,
    },
    /// Every step of a case.
    Timeline {
        /// Its handle.
        handle: String,
    },
    /// The holds in force, with the handles of the cases.
    Holds,
}

/// What is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Showing {
    /// For [`Content::List`].
    List(Vec<CaseRow>),
    /// For [`Content::Case`].
    Case(Box<CaseShown>),
    /// For [`Content::Timeline`].
    Timeline(Vec<TimelineRow>),
    /// For [`Content::Holds`].
    Holds(Vec<HoldRow>),
}

/// One row of a list of cases.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// Its handle; a dash where the identity has been erased.
    pub handle: String,
    /// The role's code.
    pub role: String,
    /// The board's name.
    pub board: String,
    /// The unit's.
    pub unit: String,
    /// The recruitment's reference.
    pub reference: String,
    /// The day it was opened.
    pub opened: String,
    /// How far it has come.
    pub status: String,
    /// Protected identity.
    pub protected: bool,
    /// What comes next.
    pub next: Vec<String>,
}

/// A case, and whom it is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseShown {
    /// As in a list.
    pub row: CaseRow,
    /// Surname; none where it has been erased.
    pub surname: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// The number.
    pub number: Option<String>,
    /// The outcome.
    pub outcome: Option<String>,
    /// How many holds are in force.
    pub holds: u32,
}

/// One step of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// Its number in the case.
    pub step: u32,
    /// What happened.
    pub kind: String,
    /// When.
    pub day: String,
    /// The record.
    pub record: u64,
    /// Who said so, by name.
    pub by: String,
}

/// One hold in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    /// The case's handle; a dash where it is not for the reader or has been erased.
    pub handle: String,
    /// The step that placed it.
    pub step: u32,
    /// A restriction (GDPR art. 18).
    pub restriction: bool,
    /// Since when.
    pub since: Day,
    /// When it is looked at again.
    pub review: Day,
    /// Who looks after it, by name.
    pub owner: String,
}

fn status(case: &Case) -> &'static str {
    let told = [
        (case.restricted(), "restricted"),
        (case.closed(), "closed"),
        (case.has(Kind::CandidateWithdrew), "withdrawn"),
        (case.has(Kind::DecisionMade), "decided"),
        (case.has(Kind::ExtractShown) || case.has(Kind::ExtractExempted), "noted"),
        (case.has(Kind::AuthorityFetched), "fetched"),
        (case.has(Kind::ExtractRequested), "requested"),
    ];
    told.into_iter().find(|(holds, _)| *holds).map_or("open", |(_, name)| name)
}

/// Whether a reading speaks of what is to be shown: the same case, the compartments, and as many cases.
///
/// # Errors
/// If it does not, or the case is restricted and the reading is for handling it (GDPR art. 18.2).
pub fn covers(
    sequencer: &Sequencer,
    asker: Asker<'_>,
    reading: &Reading,
    content: &Content,
) -> Result<(), Refused> {
    let (thread, compartments, count): (Option<ThreadId>, &[Compartment], u32) = match content {
        Content::List(filter) => (None, &[Compartment::Process], count(sequencer, asker, filter)?),
        Content::Case { handle } => {
            let (thread, case) = reached(sequencer, asker, handle)?;
            refuse_restricted(&case, reading.purpose)?;
            (Some(thread), &[Compartment::Identity, Compartment::Process], 1)
        }
        Content::Timeline { handle } => {
            let (thread, case) = reached(sequencer, asker, handle)?;
            refuse_restricted(&case, reading.purpose)?;
            (Some(thread), &[Compartment::Spine], 1)
        }
        Content::Holds => (None, &[Compartment::Identity], 0),
    };
    let speaks = reading.thread == thread
        && compartments.iter().all(|compartment| reading.compartments.contains(compartment))
        && reading.count >= count;
    if speaks {
        Ok(())
    } else {
        let message = "the reading does not speak of all that would be shown";
        Err(Refused::new(RefusedClass::Conflict, "reading", message).next("repeat the command"))
    }
}

fn refuse_restricted(case: &Case, purpose: Purpose) -> Result<(), Refused> {
    if case.restricted() && purpose == Purpose::Handling {
        let message = "processing of the case is restricted";
        return Err(Refused::new(RefusedClass::Refused, "restricted", message)
            .paragraph("GDPR art. 18.2")
            .next("open it for a purpose that restriction allows: --purpose subject-access or audit"));
    }
    Ok(())
}

/// The cases that a filter asks for and that the reader's roles reach, newest first. A protected
/// identity is listed for nobody who has not named the recruitment: named handlers only (domain,
/// point 8).
fn selected(
    sequencer: &Sequencer,
    asker: Asker<'_>,
    filter: &CaseFilter,
) -> Result<Vec<(u64, ThreadId)>, Refused> {
    let names = Names::read(sequencer.vault())?;
    let controller = filter.board.as_ref().map(|board| names.controller(board)).transpose()?;
    let role = filter.role.as_ref().map(|role| role.to_uppercase());
    let mut found = Vec::new();
    for (id, thread) in sequencer.threads()?.iter() {
        let Matter::Case(case) = &thread.matter else { continue };
        let opening = case.opening.as_ref();
        let fits = (!filter.open || !case.closed())
            && role.as_ref().is_none_or(|role| opening.is_some_and(|opening| opening.role.0 == *role))
            && controller.is_none_or(|board| opening.is_some_and(|opening| opening.controller == board))
            && filter
                .reference
                .as_ref()
                .is_none_or(|reference| opening.is_some_and(|opening| opening.reference == *reference))
            && (!case.protected || filter.reference.is_some())
            && reaches(sequencer, asker, &case.place().unwrap_or_default());
        if fits {
            found.push((thread.records.first().copied().unwrap_or(0), *id));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(filter.limit as usize);
    Ok(found)
}

/// How many cases a list would show.
///
/// # Errors
/// If there is no such board, or the vault cannot be read.
pub fn count(sequencer: &Sequencer, asker: Asker<'_>, filter: &CaseFilter) -> Result<u32, Refused> {
    Ok(u32::try_from(selected(sequencer, asker, filter)?.len()).unwrap_or(u32::MAX))
}

/// Shows it. The caller has appended the reading.
///
/// # Errors
/// If there is no such case, the reader's roles do not reach it, or the vault cannot be read.
pub fn show(sequencer: &Sequencer, asker: Asker<'_>, content: &Content) -> Result<Showing, Refused> {
    let names = Names::read(sequencer.vault())?;
    Ok(match content {
        Content::List(filter) => {
            let mut rows = Vec::new();
            for (_, id) in selected(sequencer, asker, filter)? {
                let Some(case) = &sequencer.case(&id)? else { continue };
                let handle = casework::identity(sequencer, id)?.map(|identity| identity.handle);
                rows.push(row(sequencer, &names, case, handle));
            }
            Showing::List(rows)
        }
        Content::Case { handle } => {
            let (thread, case) = reached(sequencer, asker, handle)?;
            Showing::Case(Box::new(shown(sequencer, &names, thread, &case)?))
        }
        Content::Timeline { handle } => {
            let (thread, case) = reached(sequencer, asker, handle)?;
            Showing::Timeline(timeline(sequencer, &names, thread, &case)?)
        }
        Content::Holds => Showing::Holds(holds(sequencer, asker, &names)?),
    })
}

fn row(sequencer: &Sequencer, names: &Names, case: &Case, handle: Option<String>) -> CaseRow {
    let opening = case.opening.as_ref();
    let text = |kind, id: Option<[u8; 16]>| id.map_or_else(String::new, |id| names.text(kind, id));
    let next = casework::next_steps(sequencer, case).into_iter().map(|kind| kind.name().to_owned());
    CaseRow {
        handle: handle.unwrap_or_else(|| "–".to_owned()),
        role: opening.map_or_else(String::new, |opening| opening.role.0.clone()),
        board: text(NameKind::Controller, opening.map(|opening| opening.controller.0)),
        unit: text(NameKind::Unit, opening.map(|opening| opening.unit.0)),
        reference: opening.map_or_else(String::new, |opening| opening.reference.clone()),
        opened: case.opened().map_or_else(String::new, |day| day.to_string()),
        status: status(case).to_owned(),
        protected: case.protected,
        next: next.collect(),
    }
}

fn shown(sequencer: &Sequencer, names: &Names, thread: ThreadId, case: &Case) -> Result<CaseShown, Refused> {
    let identity = casework::identity(sequencer, thread)?;
    let number = identity
        .as_ref()
        .and_then(|identity| identity.number.number().map(|number| number.reveal().to_owned()));
    Ok(CaseShown {
        row: row(sequencer, names, case, identity.as_ref().map(|identity| identity.handle.clone())),
        number,
        surname: identity.as_ref().map(|identity| identity.surname.clone()),
        given_name: identity.map(|identity| identity.given_name),
        outcome: case.outcome.map(|outcome| outcome.name().to_owned()),
        holds: u32::try_from(case.holds.len()).unwrap_or(u32::MAX),
    })
}

fn timeline(
    sequencer: &Sequencer,
    names: &Names,
    thread: ThreadId,
    case: &Case,
) -> Result<Vec<TimelineRow>, Refused> {
    let known = sequencer.thread(&thread)?;
    let records = known.map(|thread| thread.records.clone()).unwrap_or_default();
    let steps = (0..).zip(case.steps.iter().zip(&records));
    let rows = steps.map(|(step, (mark, record))| TimelineRow {
        step,
        kind: mark.kind.name().to_owned(),
        day: mark.day.to_string(),
        record: *record,
        by: names.text(NameKind::Actor, mark.actor.0),
    });
    Ok(rows.collect())
}

/// A reader is shown the holds of cases that their roles reach, with handles; whoever merely has the
/// home sees all of them, without.
fn holds(sequencer: &Sequencer, asker: Asker<'_>, names: &Names) -> Result<Vec<HoldRow>, Refused> {
    let mut rows = Vec::new();
    for (id, thread) in sequencer.threads()?.iter() {
        let Matter::Case(case) = &thread.matter else { continue };
        if case.holds.is_empty() || !reaches(sequencer, asker, &case.place().unwrap_or_default()) {
            continue;
        }
        let identity = match asker {
            Asker::Home => None,
            Asker::Author(_) => casework::identity(sequencer, *id)?,
        };
        let handle = identity.map(|identity| identity.handle);
        rows.extend(case.holds.iter().map(|(step, hold)| HoldRow {
            handle: handle.clone().unwrap_or_else(|| "–".to_owned()),
            step: *step,
            restriction: hold.restriction,
            since: hold.since,
            review: hold.review,
            owner: names.text(NameKind::Actor, hold.owner.0),
        }));
    }
    rows.sort_by(|a, b| a.since.cmp(&b.since).then(a.handle.cmp(&b.handle)));
    Ok(rows)
}
