//! A thread as a row: each compartment's share of it sealed under that compartment's own key of the vault.
//!
//! So a row tells nothing that the vault does not: when a key is destroyed, its share of every old row, on this disk and
//! in any copy, goes with it, and the row reads as the thread would be folded anew from what is left.

use vandel_core::codec::encode_body;
use vandel_core::event::Compartment;
use vandel_core::id::{ActorId, AssignmentId, LedgerId, ThreadId};
use vandel_core::thread::{Case, Mark, Matter, Thread};
use zeroize::Zeroizing;

use serde::{Deserialize, Serialize};

use super::ThreadsError;
use crate::sealing::{identity_key, thread_key};
use crate::vault::{DataKey, KeyId, Vault, VaultError};

/// The tables, as the first byte of a key.
const THREAD: u8 = 1;
const ASSIGNMENT: u8 = 2;
const READER: u8 = 3;

/// What the spine tells of what a thread is about.
#[derive(Serialize, Deserialize)]
enum Sort {
    Case(Vec<Mark>),
    Position,
    Reader(ActorId),
}

/// A share of a thread, on its way to be sealed.
pub(super) struct Share {
    compartment: Compartment,
    key: DataKey,
    bytes: Zeroizing<Vec<u8>>,
}

/// The key of a thread's row.
pub(super) fn thread_row(thread: &ThreadId) -> Vec<u8> {
    [&[THREAD], &thread.0[..]].concat()
}

/// The thread of a row's key; none for rows of other tables.
pub(super) fn thread_of(key: &[u8]) -> Option<ThreadId> {
    let (&THREAD, id) = key.split_first()? else { return None };
    id.try_into().ok().map(ThreadId)
}

/// What all rows begin with that lead from an assignment to the threads of its open cases.
pub(super) fn of_assignment(assignment: &AssignmentId) -> Vec<u8> {
    [&[ASSIGNMENT], &assignment.0[..]].concat()
}

/// What all rows begin with that lead from a reader to the threads of their readings.
pub(super) fn of_reader(actor: &ActorId) -> Vec<u8> {
    [&[READER], &actor.0[..]].concat()
}

/// The row that leads from an assignment or a reader to a thread, and whether it is to stand; none where nothing leads
/// to the thread. A row that is left standing leads to a thread that no longer says so, and does no harm.
pub(super) fn link(id: &ThreadId, thread: &Thread) -> Option<(Vec<u8>, bool)> {
    let (mut key, stands) = match &thread.matter {
        Matter::Case(case) => (of_assignment(&case.opening.as_ref()?.assignment), !case.closed()),
        Matter::Reader(actor) => (of_reader(actor), true),
        Matter::Position(_) => return None,
    };
    key.extend_from_slice(&id.0);
    Some((key, stands))
}

/// The thread that a row leads to.
pub(super) fn linked(key: &[u8]) -> Option<ThreadId> {
    key.last_chunk().map(|id| ThreadId(*id))
}

fn key_of(id: &ThreadId, compartment: Compartment, identity_step: u32) -> KeyId {
    match compartment {
        Compartment::Identity => identity_key(id, identity_step),
        other => thread_key(other, id),
    }
}

/// The shares of a thread whose keys are there; none if the spine's is not, for then nothing of the thread is.
pub(super) fn shares(
    id: &ThreadId,
    thread: &Thread,
    vault: &Vault,
) -> Result<Option<Vec<Share>>, VaultError> {
    let mut shares = Vec::new();
    let mut push = |compartment, step, bytes| -> Result<bool, VaultError> {
        let Some(key) = vault.key(&key_of(id, compartment, step))? else { return Ok(false) };
        shares.push(Share { compartment, key, bytes: Zeroizing::new(bytes) });
        Ok(true)
    };
    let sort = match &thread.matter {
        Matter::Case(case) => Sort::Case(case.steps.clone()),
        Matter::Position(_) => Sort::Position,
        Matter::Reader(actor) => Sort::Reader(*actor),
    };
    let spine = encode_body(&(&thread.records, &thread.previous, &thread.last, sort));
    if !push(Compartment::Spine, 0, spine)? {
        return Ok(None);
    }
    if !thread.notices.is_empty() {
        push(Compartment::Reads, 0, encode_body(&thread.notices))?;
    }
    match &thread.matter {
        Matter::Case(case) => {
            for compartment in case.existing.iter() {
                let bytes = share_of(case, compartment);
                push(compartment, identity_step(thread), bytes)?;
            }
        }
        Matter::Position(Some(assessed)) => {
            push(Compartment::Process, 0, encode_body(assessed))?;
        }
        Matter::Position(None) | Matter::Reader(_) => {}
    }
    Ok(Some(shares))
}

fn share_of(case: &Case, compartment: Compartment) -> Vec<u8> {
    match compartment {
        Compartment::Identity => encode_body(&(&case.subject, case.protected, &case.identity_step)),
        Compartment::Process => encode_body(&(&case.opening, &case.outcome, &case.holds)),
        Compartment::Note => encode_body(&(&case.noted, &case.relies_on)),
        // That it opens is all it tells.
        _ => Vec::new(),
    }
}

fn binding(ledger: &LedgerId, id: &ThreadId, compartment: Compartment, step: u32) -> Vec<u8> {
    [b"vandel/v1/thread-row\0", &ledger.0[..], &id.0, &[compartment as u8], &step.to_be_bytes()].concat()
}

/// The row: for each share its compartment, the step that its key is named by, its length, the sealed bytes.
pub(super) fn seal(
    ledger: &LedgerId,
    id: &ThreadId,
    identity_step: u32,
    shares: &[Share],
) -> Result<Vec<u8>, VaultError> {
    let mut sealed: Vec<(u8, u32, Vec<u8>)> = Vec::with_capacity(shares.len());
    for Share { compartment, key, bytes } in shares {
        let step = if *compartment == Compartment::Identity { identity_step } else { 0 };
        let bytes = key.seal(&binding(ledger, id, *compartment, step), bytes)?;
        sealed.push((*compartment as u8, step, bytes));
    }
    Ok(encode_body(&sealed))
}

/// The step that holds a thread's identity in force, by which its key is named.
pub(super) fn identity_step(thread: &Thread) -> u32 {
    match &thread.matter {
        Matter::Case(case) => case.identity_step.unwrap_or(0),
        _ => 0,
    }
}

/// The thread of a row, as far as its keys are there; none if nothing of it is left.
///
/// The file has proved that these are the bytes that were written. So a share that does not open under the key of its
/// name was sealed under an earlier key of that name, which has been destroyed.
pub(super) fn open(
    ledger: &LedgerId,
    id: &ThreadId,
    row: &[u8],
    vault: &Vault,
) -> Result<Option<Thread>, ThreadsError> {
    let sealed: Vec<(u8, u32, Vec<u8>)> = postcard::from_bytes(row).map_err(|_| ThreadsError::Damaged)?;
    let mut thread: Option<Thread> = None;
    for (compartment, step, bytes) in sealed {
        let known = Compartment::ALL.iter().copied().find(|known| *known as u8 == compartment);
        let compartment = known.ok_or(ThreadsError::Damaged)?;
        let key = vault.key(&key_of(id, compartment, step))?;
        let binding = binding(ledger, id, compartment, step);
        let Some(bytes) = key.and_then(|key| key.open(&binding, &bytes)) else { continue };
        match &mut thread {
            None if compartment == Compartment::Spine => thread = Some(of_spine(&bytes)?),
            // The spine stands first; without it nothing is known.
            None => break,
            Some(thread) => take(thread, compartment, &bytes)?,
        }
    }
    Ok(thread)
}

fn decode<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, ThreadsError> {
    postcard::from_bytes(bytes).map_err(|_| ThreadsError::Damaged)
}

fn of_spine(bytes: &[u8]) -> Result<Thread, ThreadsError> {
    let (records, previous, last, sort) = decode(bytes)?;
    let matter = match sort {
        Sort::Case(steps) => Matter::Case(Box::new(Case { steps, ..Case::default() })),
        Sort::Position => Matter::Position(None),
        Sort::Reader(actor) => Matter::Reader(actor),
    };
    Ok(Thread { records, previous, last, notices: Vec::new(), matter })
}

fn take(thread: &mut Thread, compartment: Compartment, bytes: &[u8]) -> Result<(), ThreadsError> {
    match (&mut thread.matter, compartment) {
        (_, Compartment::Reads) => thread.notices = decode(bytes)?,
        (Matter::Case(case), _) => {
            case.existing.insert(compartment);
            match compartment {
                Compartment::Identity => {
                    (case.subject, case.protected, case.identity_step) = decode(bytes)?;
                }
                Compartment::Process => (case.opening, case.outcome, case.holds) = decode(bytes)?,
                Compartment::Note => (case.noted, case.relies_on) = decode(bytes)?,
                _ => {}
            }
        }
        (Matter::Position(assessed), Compartment::Process) => *assessed = Some(decode(bytes)?),
        _ => return Err(ThreadsError::Damaged),
    }
    Ok(())
}
