//! Big ledgers, quickly and in bounded memory: cases are signed on one side and taken in on the other.

use std::sync::mpsc;

use super::world::{SignedCase, World, internal};
use crate::error::CliError;

/// How many cases are signed, and taken in, at once; fewer in a small ledger.
const CASES_EACH: u64 = 1_000;
/// How many such lots are signed ahead, at most: this bounds memory.
const LOTS_AHEAD: usize = 2;
/// So many events between two messages.
const TOLD_EVERY: u64 = 200_000;

/// Appends whole cases until the ledger has at least so many events. `first` is the number of the first case. Gives
/// the number after the last case.
///
/// # Errors
/// If the ledger refuses.
pub fn fill(world: &World, first: u64, events: u64, told: &dyn Fn(&str)) -> Result<u64, CliError> {
    let mut open = world.open()?;
    vandel_projector::Projector::prepare(open.sequencer.vault_mut())?;
    let standpoint = open.sequencer.standpoint();
    let (mut case, lot) = (first, CASES_EACH.min(events.div_ceil(40)));
    let filled = std::thread::scope(|scope| -> Result<(), CliError> {
        let (sender, signed) = mpsc::sync_channel::<Result<Vec<SignedCase>, CliError>>(LOTS_AHEAD);
        scope.spawn(move || {
            for begin in (first..).step_by(usize::try_from(lot).unwrap_or(1)) {
                // Who takes them in has enough, or has failed.
                if sender.send(world.sign_cases(&standpoint, begin, lot)).is_err() {
                    return;
                }
            }
        });
        let mut next_told = 0;
        while open.sequencer.chain().size() < events {
            let size = open.sequencer.chain().size();
            if size >= next_told {
                told(&format!("{size} of {events} events appended"));
                next_told = size + TOLD_EVERY;
            }
            let cases = signed.recv().map_err(|error| internal(&error))??;
            case += lot;
            for answer in open.sequencer.commit(cases) {
                answer?;
            }
        }
        Ok(())
    });
    filled?;
    open.close()?;
    Ok(case)
}
