//! Making a dossier from a ledger that is open for writing: its log, its vault, its newest checkpoint.

use std::collections::BTreeMap;

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::dossier::{Absence, AbsentPart, Dossier, Gathered, MakeError, ShownCompartments};
use vandel_core::event::{Compartment, Kind};
use vandel_core::id::ThreadId;
use vandel_core::payload::{Payload, Slot};
use vandel_core::thread::Case;
use vandel_core::view::CaseRow;

use crate::erasure::read_plan;
use crate::log::ReadError;
use crate::publish::{PublishError, publish_views};
use crate::sealing::{Unsealed, from_opened};
use crate::sequencer::{Sequencer, ThreadsError};
use crate::vault::{self, VaultError};

/// Why there is no dossier.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// There is no such case, or all of it has been erased.
    #[error("there is no such case; it may have been erased whole")]
    NoCase,
    /// A step does not open.
    #[error("the payload of record {record} does not open: {why}")]
    Payload {
        /// The record.
        record: u64,
        /// Why.
        why: &'static str,
    },
    /// The threads.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The log.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A block is damaged.
    #[error("block {block}: {error}")]
    Decode {
        /// The block.
        block: u64,
        /// Why.
        error: BlockDecodeError,
    },
    /// The digests could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// It could not be put together.
    #[error(transparent)]
    Make(#[from] MakeError),
}

/// The dossier of a case as it stands now, with the compartments that `shows` lets through. If no
/// published digest is of this very moment's cases, both views' digests are published first.
///
/// # Errors
/// [`DossierError`]. A digest that was published stands.
pub fn make_dossier(
    sequencer: &mut Sequencer,
    thread: ThreadId,
    shows: &dyn Fn(Compartment) -> bool,
) -> Result<Dossier, DossierError> {
    sequencer.case(&thread)?.ok_or(DossierError::NoCase)?;
    // Readings and other cases' steps may have come since the last digest; the rows are today's.
    publish_views(sequencer, None)?;
    let known = sequencer.thread(&thread)?.ok_or(DossierError::NoCase)?;
    let (records, last) = (known.records.clone(), known.records.last().copied().unwrap_or(0));
    let gathered = gather(sequencer, &records)?;
    let digests = gathered.digests(last).ok_or(MakeError::NoDigest)?;
    let steps = shown_steps(sequencer, thread, shows)?;
    let rows = CaseRow::of_threads(sequencer.threads()?);
    Ok(gathered.dossier(sequencer.chain().ledger, thread, &steps, digests, &rows, sequencer.checkpoint())?)
}

/// One pass over the log.
fn gather(sequencer: &Sequencer, records: &[u64]) -> Result<Gathered, DossierError> {
    let mut gathered = Gathered::for_records(records.iter().copied());
    for placed in sequencer.log().blocks_from(0) {
        let placed = placed?;
        let decode = |error| DossierError::Decode { block: placed.position, error };
        Block::decode(&placed.bytes).map_err(decode)?.records.iter().for_each(|one| gathered.take(one));
    }
    Ok(gathered)
}

fn shown_steps(
    sequencer: &Sequencer,
    thread: ThreadId,
    shows: &dyn Fn(Compartment) -> bool,
) -> Result<Vec<ShownCompartments>, DossierError> {
    let known = sequencer.thread(&thread)?.ok_or(DossierError::NoCase)?;
    let case = &sequencer.case(&thread)?.ok_or(DossierError::NoCase)?;
    let mut steps = Vec::with_capacity(known.records.len());
    for ((number, record), mark) in (0_u32..).zip(&known.records).zip(&case.steps) {
        let bad = |why| DossierError::Payload { record: *record, why };
        let opened = sequencer.vault().get(*record)?.ok_or(bad("nothing is held for it"))?;
        let is_erased = |slot: &Slot| opened.part(*slot as u8) == Some(&vault::Part::Erased);
        let erased: Vec<Slot> = Slot::ALL.into_iter().filter(is_erased).collect();
        let Unsealed::Payload(mut payload) = from_opened(opened) else {
            return Err(bad("it is damaged or erased"));
        };
        let mut absent = Vec::new();
        for slot in Slot::ALL.into_iter().filter(|slot| *slot != Slot::Spine) {
            if erased.contains(&slot) {
                absent.push(why_gone(sequencer, thread, case, (number, *record), slot));
            } else if !shows(slot.compartment()) && take_out(&mut payload, slot) {
                absent.push(AbsentPart {
                    slot: slot as u8,
                    why: Absence::Withheld,
                    started: None,
                    executed: None,
                    by: None,
                });
            }
        }
        debug_assert_eq!(mark.kind.thread_sort(), vandel_core::event::ThreadSort::Case);
        steps.push(ShownCompartments { record: *record, payload: *payload, absent });
    }
    Ok(steps)
}

fn take_out(payload: &mut Payload, slot: Slot) -> bool {
    payload.parts[slot.index()].take().is_some()
}

/// Why a part is gone: a later identity has replaced it, or an erasure has taken it.
fn why_gone(
    sequencer: &Sequencer,
    thread: ThreadId,
    case: &Case,
    (number, record): (u32, u64),
    slot: Slot,
) -> AbsentPart {
    let gone = AbsentPart { slot: slot as u8, why: Absence::Erased, started: None, executed: None, by: None };
    let replaced = slot == Slot::Identity && case.superseded_identities().any(|one| one == number);
    if replaced {
        let later = (0_u32..).zip(&case.steps).skip(number as usize + 1);
        let replaces = |kind| matches!(kind, Kind::IdentityChanged | Kind::Reassigned);
        let by = later.filter(|(_, mark)| replaces(mark.kind)).map(|(number, _)| number).next();
        return AbsentPart { why: Absence::Replaced, by, ..gone };
    }
    let erasures = &sequencer.chain().erasures;
    let naming: BTreeMap<_, _> =
        erasures.iter().filter(|(_, erasure)| erasure.records.binary_search(&record).is_ok()).collect();
    // Several erasures may name a record, each for another compartment; the plans tell which, as long as
    // they are kept.
    let of_plan = naming.iter().find(|(_, erasure)| {
        let plan = read_plan(&**sequencer.disk(), sequencer.home(), sequencer.vault(), &erasure.plan);
        plan.is_ok_and(|plan| {
            let lines = plan.lines.iter().filter(|line| line.thread == thread);
            lines.into_iter().any(|line| line.erases(slot.compartment()))
        })
    });
    match of_plan.or(naming.iter().next_back()) {
        Some((started, erasure)) => {
            let executed = erasure.executed.map(|(at, _)| at);
            AbsentPart { started: Some(**started), executed, ..gone }
        }
        None => gone,
    }
}
