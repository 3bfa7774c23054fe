//! The sequencer's own judgement of an erasure: two valid signatures start none that the law refuses.
//!
//! Made in the commit path, like every admission, so that a statement signed by hand meets it too. The plan is
//! the one that lies stored under the hash; the cases, their records and their due days are those of the
//! sequencer's threads, and no view is asked.

use std::collections::BTreeSet;

use vandel_core::erasure::{Plan, PlanRefusal, Stop, ThreadMatters, judge, stop_of};
use vandel_core::event::{ErasureExecuted, ErasureStarted, OpenEvent};
use vandel_core::hash::Hash;
use vandel_core::time::{Day, Second};

use super::ErasureError;
use crate::sequencer::{Sequencer, ThreadsError};

/// Why an erasure may not be started, called executed or called completed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErasureRefusal {
    /// Nobody can tell what would be erased.
    #[error("plan {plan} is not in this home")]
    NoPlan {
        /// The plan's hash.
        plan: Hash,
    },
    /// The stored plan can't be read.
    #[error("plan {plan} can't be read: {why}")]
    Unreadable {
        /// The plan's hash.
        plan: Hash,
        /// What keeps it from being read.
        why: String,
    },
    /// The statement names other records than the plan.
    #[error("the records are not those of plan {plan}")]
    OtherRecords {
        /// The plan's hash.
        plan: Hash,
    },
    /// The plan has been started before.
    #[error("plan {plan} was started before, by record {started}")]
    StartedBefore {
        /// The plan's hash.
        plan: Hash,
        /// The record.
        started: u64,
    },
    /// Another erasure of some of the records is under way.
    #[error(
        "the erasure that record {started} started is under way and names some of the records; finish it first"
    )]
    UnderWay {
        /// The record.
        started: u64,
    },
    /// The data-protection officer has stopped the plan. The reason is content and not told here.
    #[error("the data-protection officer stopped plan {plan} on {day}, record {record} (GDPR art. 38.6)")]
    Stopped {
        /// The plan's hash.
        plan: Hash,
        /// Since when.
        day: Day,
        /// The record that says so.
        record: u64,
    },
    /// The plan is refused.
    #[error("{0}")]
    Plan(#[from] PlanRefusal),
    /// What was to be destroyed is still there.
    #[error(
        "the erasure of record {started} is not executed: {remaining} of its keys are still in the vault"
    )]
    NotDestroyed {
        /// The record.
        started: u64,
        /// How many keys.
        remaining: usize,
    },
    /// The evidence is not that of this vault.
    #[error("the evidence is not that of the vault as it is")]
    OtherEvidence,
    /// Copies that are older than the erasure have not been destroyed.
    #[error("{} older copies have not been destroyed; the first: {}", sinks.len(), sinks.first().map_or("-", |sink| sink))]
    OlderCopies {
        /// The sinks, by kind and id.
        sinks: Vec<String>,
    },
    /// The statement claims more than the register shows.
    #[error("copies of root keys of epoch {oldest} still exist, not only of {claimed} and later")]
    OldestEpoch {
        /// The oldest epoch of which a copy is left.
        oldest: u64,
        /// The one in the statement.
        claimed: u64,
    },
}

impl Sequencer {
    /// What the threads tell of cases, for judging plans.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn matters(&self) -> Result<ThreadMatters<'_>, ThreadsError> {
        Ok(ThreadMatters::of(self.chain(), self.threads()?))
    }

    /// Judges a plan as it would be carried out on a day.
    ///
    /// # Errors
    /// The refusal.
    pub fn judge_plan(&self, plan: &Plan, day: Day) -> Result<(), ErasureRefusal> {
        let hash = plan.hash();
        let unreadable =
            |error: ThreadsError| ErasureRefusal::Unreadable { plan: hash, why: error.to_string() };
        if let Some(Stop { day, record, .. }) = self.stop_of(&hash).map_err(unreadable)? {
            return Err(ErasureRefusal::Stopped { plan: hash, day, record });
        }
        Ok(judge(plan, self.chain(), &self.matters().map_err(unreadable)?, day)?)
    }

    /// The data-protection officer's stop of a plan, if one is in force.
    ///
    /// # Errors
    /// If the threads can't be read.
    pub fn stop_of(&self, plan: &Hash) -> Result<Option<Stop>, ThreadsError> {
        Ok(stop_of(self.threads()?, &self.chain().keyring, plan))
    }

    /// Judges an open event that is about an erasure; others pass.
    pub(crate) fn judge_erasure(&self, event: &OpenEvent, at: Second) -> Result<(), ErasureRefusal> {
        match event {
            OpenEvent::ErasureStarted(started) => self.judge_start(started, at),
            OpenEvent::ErasureExecuted(executed) => self.judge_execution(executed),
            OpenEvent::ErasureCompleted(completed) => self.judge_completion(completed),
            _ => Ok(()),
        }
    }

    fn judge_start(&self, event: &ErasureStarted, at: Second) -> Result<(), ErasureRefusal> {
        let hash = event.plan;
        let erasures = &self.chain().erasures;
        if let Some((started, _)) = erasures.iter().find(|(_, erasure)| erasure.plan == hash) {
            return Err(ErasureRefusal::StartedBefore { plan: hash, started: *started });
        }
        let plan = self.stored_plan(&hash)?;
        if plan.records() != event.records {
            return Err(ErasureRefusal::OtherRecords { plan: hash });
        }
        let named: BTreeSet<&u64> = event.records.iter().collect();
        let mut pending = erasures.iter().filter(|(_, erasure)| erasure.executed.is_none());
        if let Some((started, _)) =
            pending.find(|(_, erasure)| erasure.records.iter().any(|record| named.contains(record)))
        {
            return Err(ErasureRefusal::UnderWay { started: *started });
        }
        self.judge_plan(&plan, at.day_in_sweden())
    }

    /// The service says that it is done: its keys are gone and the evidence is the vault's.
    fn judge_execution(&self, event: &ErasureExecuted) -> Result<(), ErasureRefusal> {
        let Some(erasure) = self.chain().erasures.get(&event.started) else { return Ok(()) };
        let unreadable = |error: &dyn std::fmt::Display| ErasureRefusal::Unreadable {
            plan: erasure.plan,
            why: error.to_string(),
        };
        let extent = self.extent(&erasure.plan, &erasure.records).map_err(|error| match error {
            ErasureError::NoPlan { plan } => ErasureRefusal::NoPlan { plan },
            error => unreadable(&error),
        })?;
        let mut remaining = 0;
        for key in extent.keys {
            let held = self.vault().key(&key).map_err(|error| unreadable(&error))?;
            remaining += usize::from(held.is_some());
        }
        if remaining > 0 {
            return Err(ErasureRefusal::NotDestroyed { started: event.started, remaining });
        }
        let same = event.epoch == self.vault().epoch() && event.manifest == self.vault().manifest_hash();
        if same { Ok(()) } else { Err(ErasureRefusal::OtherEvidence) }
    }

    /// The plan that lies stored under a hash, and is the one that the hash names.
    fn stored_plan(&self, hash: &Hash) -> Result<Plan, ErasureRefusal> {
        let unreadable = |why: String| ErasureRefusal::Unreadable { plan: *hash, why };
        match self.load_plan(hash) {
            Ok(plan) if plan.hash() == *hash => Ok(plan),
            Ok(_) => Err(unreadable("it is another plan".to_owned())),
            Err(ErasureError::NoPlan { .. }) => Err(ErasureRefusal::NoPlan { plan: *hash }),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }
}
