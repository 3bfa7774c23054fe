//! What casework asks of the ledger: which case has a handle, what a step holds, who may look, what
//! comes next.

use std::io;

use vandel_core::event::{Grant, Identity, Kind, PositionAssessment, Role, RoleCode, Scope, Step};
use vandel_core::id::{ControllerId, ThreadId};
use vandel_core::keyring::KeyEntry;
use vandel_core::payload::Payload;
use vandel_core::policy::RolePolicy;
use vandel_core::thread::{Case, Matter};
use vandel_core::time::Day;

use crate::handle::parse_handle;
use crate::sealing::{Unsealed, from_opened};
use crate::sequencer::{Sequencer, ThreadsError};
use crate::vault::VaultError;

/// Why casework stopped.
#[derive(Debug, thiserror::Error)]
pub enum CaseworkError {
    /// Not a handle.
    #[error("{0:?} is not a handle; handles look like K-7F3Q-9D2M")]
    NotAHandle(String),
    /// No case has the handle.
    #[error("no case has the handle {0}; its identity may have been erased")]
    UnknownHandle(String),
    /// The threads could not be looked up.
    #[error("{0}")]
    Threads(#[from] ThreadsError),
    /// The vault failed.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The operating system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The case that has a handle.
///
/// # Errors
/// If the text is no handle, or no case has it.
pub fn find(sequencer: &Sequencer, text: &str) -> Result<ThreadId, CaseworkError> {
    let handle = parse_handle(text).ok_or_else(|| CaseworkError::NotAHandle(text.to_owned()))?;
    let found = sequencer.people(|people| people.by_handle(&handle))?;
    found.ok_or(CaseworkError::UnknownHandle(handle))
}

/// The identity in force in a case; none where it has been erased.
///
/// # Errors
/// If the threads or the vault cannot be read.
pub fn identity(sequencer: &Sequencer, case: ThreadId) -> Result<Option<Identity>, ThreadsError> {
    let Some(number) = sequencer.case(&case)?.and_then(|case| case.identity_step) else {
        return Ok(None);
    };
    Ok(step(sequencer, case, number)?.and_then(|step| step.identity))
}

/// One step of a thread, as far as it opens.
///
/// # Errors
/// If the threads or the vault cannot be read.
pub fn step(sequencer: &Sequencer, thread: ThreadId, number: u32) -> Result<Option<Step>, ThreadsError> {
    let known = sequencer.thread(&thread)?;
    let record = known.and_then(|thread| thread.records.get(number as usize).copied());
    let Some(record) = record else { return Ok(None) };
    let Some(opened) = sequencer.vault().get(record)? else { return Ok(None) };
    Ok(match from_opened(opened) {
        Unsealed::Payload(payload) => opened_step(&payload),
        Unsealed::Erased | Unsealed::Damaged => None,
    })
}

fn opened_step(payload: &Payload) -> Option<Step> {
    payload.open(&payload.header.commitment()).ok()
}

/// Whether a reader may be shown cases of a place: a grant in force reaches it, and is not one for
/// keeping the ledger itself. There is secrecy between boards (OSL 2009:400 ch. 8 section 2).
#[must_use]
pub fn may_read(reader: &KeyEntry, place: &Scope, day: Day) -> bool {
    let opens = |grant: &Grant| !matches!(grant.role, Role::Administrator | Role::Service);
    reader.grants.iter().any(|grant| opens(grant) && grant.in_force_on(day) && grant.scope.reaches(place))
}

/// The law of a case's role, on the day the case was opened.
#[must_use]
pub fn role_of<'s>(sequencer: &'s Sequencer, case: &Case) -> Option<&'s RolePolicy> {
    let (opening, opened) = (case.opening.as_ref()?, case.opened()?);
    sequencer.chain().policy_on(opened)?.pack.role_on(&opening.role.0, opened).ok()
}

/// What comes next in a case, by the kinds that its law lets record and its steps ask for.
#[must_use]
pub fn next_steps(sequencer: &Sequencer, case: &Case) -> Vec<Kind> {
    let Some(role) = role_of(sequencer, case) else { return Vec::new() };
    let order = [
        Kind::InformationGiven,
        Kind::InformationAcknowledged,
        Kind::ExtractRequested,
        Kind::AuthorityFetched,
        Kind::ExtractShown,
        Kind::CopyStored,
        Kind::DecisionMade,
        Kind::LegalForceGained,
        Kind::EmploymentStarted,
        Kind::CaseClosed,
    ];
    let open = |kind: &Kind| role.may_record(*kind) && !case.has(*kind);
    order.into_iter().filter(open).take(2).collect()
}

/// The assessed positions, gathered once for many openings.
pub struct Positions(Vec<(u64, ThreadId, PositionAssessment)>);

impl Positions {
    /// Those of a ledger.
    ///
    /// # Errors
    /// If the threads cannot be read.
    pub fn of(sequencer: &Sequencer) -> Result<Self, ThreadsError> {
        let positions = sequencer.threads()?.iter().filter_map(|(id, thread)| match &thread.matter {
            Matter::Position(Some(position)) => {
                Some((thread.records.last().copied().unwrap_or(0), *id, (**position).clone()))
            }
            _ => None,
        });
        Ok(Self(positions.collect()))
    }

    /// The assessment that a case of this role under this board relies on: the last current one.
    #[must_use]
    pub fn current(&self, controller: ControllerId, role: &RoleCode, day: Day) -> Option<ThreadId> {
        let fits = |(_, _, position): &&(u64, ThreadId, PositionAssessment)| {
            position.controller == controller
                && position.role == *role
                && position.until.is_none_or(|until| day <= until)
        };
        self.0.iter().filter(fits).max_by_key(|(last, ..)| *last).map(|(_, id, _)| *id)
    }
}
