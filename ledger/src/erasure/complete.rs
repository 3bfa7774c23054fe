//! From executed to completed: only when every older copy is gone, and somebody has signed that it is.
//!
//! A root cell of an older generation that has not been destroyed opens what was erased, from any old copy of
//! the vault. So what a backup or a copied root cell holds counts by the *epoch* of the root that opens it, and
//! an export by the cases whose openings are in it. The register of sinks ([`crate::sinks`]) knows them.

use vandel_core::block::Block;
use vandel_core::erasure::Plan;
use vandel_core::event::{Compartment, ErasureCompleted, ErasureExecuted, OpenEvent};
use vandel_core::hash::Hash;
use vandel_core::statement::Body;

use super::{ErasureError, ErasureRefusal};
use crate::sealing::thread_key;
use crate::sequencer::Sequencer;
use crate::sinks::{Fate, Register, SinkState};

/// What keeps an erasure at *executed*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// The record of the start.
    pub started: u64,
    /// The epoch of the root from which the destroyed keys are not reachable.
    pub epoch: u64,
    /// The sinks that are older and neither destroyed nor, where that may be, named as not reachable.
    pub sinks: Vec<SinkState>,
    /// The oldest epoch of whose root a copy is left; the present one if there is none.
    pub oldest_epoch: u64,
}

impl Sequencer {
    /// The register of sinks.
    ///
    /// # Errors
    /// If it can't be read or is not what was written.
    pub fn sinks(&self) -> Result<Register, ErasureError> {
        Ok(Register::read(&**self.disk(), self.home(), self.chain().ledger)?)
    }

    /// What an executed erasure waits for.
    ///
    /// # Errors
    /// If it has not been executed, or plan, log or register can't be read.
    pub fn outstanding(&self, started: u64) -> Result<Outstanding, ErasureError> {
        let not_executed = || ErasureError::NotStarted { plan: Hash::ZERO, started };
        let erasure = self.chain().erasures.get(&started).ok_or_else(not_executed)?;
        let (executed, _) = erasure.executed.ok_or_else(not_executed)?;
        let epoch = self.executed_event(executed)?.epoch;
        let plan = match self.load_plan(&erasure.plan) {
            Ok(plan) => Some(plan),
            Err(ErasureError::NoPlan { .. }) => None,
            Err(error) => return Err(error),
        };
        let register = self.sinks()?;
        let sinks =
            register.states().into_iter().filter(|sink| is_older(sink, epoch, plan.as_ref())).collect();
        Ok(Outstanding { started, epoch, sinks, oldest_epoch: register.oldest_epoch(self.vault().epoch()) })
    }

    /// Two people say that the older copies are gone.
    pub(crate) fn judge_completion(&self, event: &ErasureCompleted) -> Result<(), ErasureRefusal> {
        let outstanding = self.outstanding(event.started).map_err(|error| ErasureRefusal::Unreadable {
            plan: self.chain().erasures.get(&event.started).map_or(Hash::ZERO, |erasure| erasure.plan),
            why: error.to_string(),
        })?;
        if !outstanding.sinks.is_empty() {
            let sinks = outstanding.sinks.iter().map(SinkState::to_string).collect();
            return Err(ErasureRefusal::OlderCopies { sinks });
        }
        let (oldest, claimed) = (outstanding.oldest_epoch, event.oldest_epoch);
        if claimed < outstanding.epoch || claimed > oldest {
            return Err(ErasureRefusal::OldestEpoch { oldest, claimed });
        }
        Ok(())
    }

    /// What a record that ends an erasure says.
    fn executed_event(&self, number: u64) -> Result<ErasureExecuted, ErasureError> {
        let missing = || ErasureError::Io(std::io::Error::other(format!("record {number} can't be read")));
        let block = self.log().read(self.block_of(number)).map_err(|_| missing())?.ok_or_else(missing)?;
        let block = Block::decode(&block).map_err(|_| missing())?;
        let record = block.records.iter().find(|record| record.number == number).ok_or_else(missing)?;
        match &record.statement.statement.body {
            Body::Open(event) => match &**event {
                OpenEvent::ErasureExecuted(executed) => Ok(executed.clone()),
                _ => Err(missing()),
            },
            Body::Sealed(_) => Err(missing()),
        }
    }
}

/// Whether a sink may still hold what a plan erased. Without the plan every case may be one of its.
fn is_older(sink: &SinkState, epoch: u64, plan: Option<&Plan>) -> bool {
    match &sink.fate {
        Fate::Destroyed(_) => return false,
        Fate::NotReachable(_) if !sink.made.kind.holds_keys_or_blobs() => return false,
        _ => {}
    }
    if sink.made.kind.holds_keys_or_blobs() {
        return sink.made.epoch < epoch;
    }
    let Some(plan) = plan else { return !sink.made.cases.is_empty() };
    let of_plan = |case: &[u8; 16]| {
        plan.lines.iter().any(|line| thread_key(Compartment::Spine, &line.thread).0 == *case)
    };
    sink.made.cases.iter().any(of_plan)
}
