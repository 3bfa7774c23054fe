//! An author's endless work over NATS: one position, assessed again and again, each step on the one before.

use std::path::Path;

use vandel_core::event::{Kind, Process, Step};
use vandel_core::hash::Hash;
use vandel_core::id::ThreadId;
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::verify::ReceiptEvidence;
use vandel_ledger::author::{Standpoint, sign_step};
use vandel_ledger::client::{Client, nothing_seen};
use vandel_ledger::inquiry::{Question, ThreadHead};
use vandel_ledger::submission::{Receipt, Submission};

use crate::ledger_builder::position_assessment;
use crate::town::Town;

/// The position, and who assesses it.
pub struct Assessor {
    head: ThreadHead,
    standpoint: Standpoint,
    key: SigningKey,
}

impl Assessor {
    /// The town's decider, beginning a thread.
    ///
    /// # Panics
    /// If the service does not answer.
    #[must_use]
    pub fn new(client: &mut Client, town: &Town, thread: u8) -> Self {
        let key = town.key("decider");
        let own = Question::Own(public_key(&key));
        let (standpoint, _) = client.ask(&key, &[nothing_seen()], own).expect("an answer");
        Self { head: ThreadHead::new(ThreadId([thread; 16])), standpoint, key }
    }

    /// The next step, and the hash that it will be known by.
    ///
    /// # Panics
    /// If the day is not one, which it is.
    #[must_use]
    pub fn next(&self) -> (Submission, Hash) {
        let day = "2026-03-20".parse().expect("a day");
        let mut step = Step::new(self.head.spine(Kind::PositionAssessed, day));
        step.process = Some(Process::PositionAssessed(position_assessment()));
        let signed = sign_step(&self.standpoint, &self.key, None, &step, None).expect("signed");
        (signed.submission, signed.hash)
    }

    /// The step that was taken is the one that the next stands on.
    pub fn taken(&mut self, hash: Hash) {
        (self.head.next, self.head.previous) = (self.head.next + 1, hash);
    }
}

/// Keeps a receipt in a folder, as `--receipts` does.
///
/// # Panics
/// If it can't be written.
pub fn keep_receipt(folder: &Path, receipt: &Receipt) {
    std::fs::create_dir_all(folder).expect("made");
    let evidence = ReceiptEvidence {
        source: String::new(),
        record: receipt.record,
        hash: receipt.hash,
        proof: receipt.proof.clone(),
        checkpoint: receipt.checkpoint.to_string(),
    };
    let file = folder.join(format!("{}.tlog-proof", receipt.record));
    std::fs::write(file, evidence.to_string()).expect("written");
}
