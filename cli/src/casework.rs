//! Casework: from what a handler says to a signed step in a case.

use std::io;

use vandel_core::admit::Evidence;
use vandel_core::event::{Grant, Identity, Kind, Role, Scope, Step};
use vandel_core::id::ThreadId;
use vandel_core::keyring::KeyEntry;
use vandel_core::payload::Payload;
use vandel_core::signature::SigningKey;
use vandel_core::thread::{Case, Matter};
use vandel_core::time::Day;
use vandel_ledger::author::sign_step;
use vandel_ledger::handle::parse_handle;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::submission::{Receipt, SubmitError};
use vandel_ledger::vault::VaultError;

/// Why casework stopped.
#[derive(Debug, thiserror::Error)]
pub enum CaseworkError {
    /// Not a handle.
    #[error("{0:?} is not a handle; handles look like K-7F3Q-9D2M")]
    NotAHandle(String),
    /// No case has the handle.
    #[error("no case has the handle {0}; its identity may have been erased")]
    UnknownHandle(String),
    /// The ledger refused.
    #[error("{0}")]
    Submit(#[from] SubmitError),
    /// The vault failed.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The operating system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Who acts.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// The author's key.
    pub author: &'a SigningKey,
    /// The second person's key, for steps that need one.
    pub second: Option<&'a SigningKey>,
}

/// Takes one step in a thread.
///
/// # Errors
/// If it is refused.
pub fn take(
    sequencer: &mut Sequencer,
    hands: Hands<'_>,
    thread: ThreadId,
    kind: Kind,
    day: Day,
    evidence: Option<Evidence>,
    fill: impl FnOnce(&mut Step),
) -> Result<Receipt, CaseworkError> {
    let mut step = Step::new(sequencer.next_spine(thread, kind, day));
    fill(&mut step);
    let second = hands.second.filter(|_| kind.needs_approval());
    let signed = sign_step(&sequencer.standpoint(), hands.author, second, &step, evidence)?;
    Ok(sequencer.commit_one(signed.submission)?)
}

/// The case that has a handle. Handles lie only in sealed identities, which are opened one after the other.
///
/// # Errors
/// If the text is no handle, or no case has it.
pub fn find(sequencer: &Sequencer, text: &str) -> Result<ThreadId, CaseworkError> {
    let handle = parse_handle(text).ok_or_else(|| CaseworkError::NotAHandle(text.to_owned()))?;
    for (id, thread) in sequencer.threads().iter() {
        if !matches!(thread.matter, Matter::Case(_)) {
            continue;
        }
        if identity(sequencer, *id)?.is_some_and(|identity| identity.handle == handle) {
            return Ok(*id);
        }
    }
    Err(CaseworkError::UnknownHandle(handle))
}

/// The identity in force in a case; none where it has been erased.
///
/// # Errors
/// If the vault cannot be read.
pub fn identity(sequencer: &Sequencer, case: ThreadId) -> Result<Option<Identity>, CaseworkError> {
    let Some(number) = sequencer.threads().case(&case).and_then(|case| case.identity_step) else {
        return Ok(None);
    };
    Ok(step(sequencer, case, number)?.and_then(|step| step.identity))
}

/// One step of a thread, as far as it opens.
///
/// # Errors
/// If the vault cannot be read.
pub fn step(sequencer: &Sequencer, thread: ThreadId, number: u32) -> Result<Option<Step>, CaseworkError> {
    let record = sequencer.threads().get(&thread).and_then(|thread| thread.records.get(number as usize));
    let Some(record) = record else { return Ok(None) };
    let Some(opened) = sequencer.vault().get(*record)? else { return Ok(None) };
    Ok(match from_opened(&opened) {
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

/// What comes next in a case, by the kinds that its law lets record and its steps ask for.
#[must_use]
pub fn next_steps(sequencer: &Sequencer, case: &Case) -> Vec<Kind> {
    let role = case.opening.as_ref().zip(case.opened()).and_then(|(opening, opened)| {
        sequencer.chain().policy_on(opened)?.pack.role_on(&opening.role.0, opened).ok()
    });
    let Some(role) = role else { return Vec::new() };
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
