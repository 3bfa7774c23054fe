//! An author who goes on, whoever serves.

use std::path::PathBuf;
use std::time::Duration;

use vandel_core::hash::Hash;
use vandel_ledger::client::{Client, Patience, nothing_seen};
use vandel_tests::assessor::{Assessor, keep_receipt};
use vandel_tests::town::Town;

pub(crate) struct Author {
    client: Client,
    assessor: Assessor,
    folder: PathBuf,
    pub(crate) receipts: Vec<(u64, Hash)>,
}

impl Author {
    pub(crate) fn new(town: &Town, url: &str, thread: u8) -> Self {
        let mut client = town.client(url);
        client.patience = Patience { answer: Duration::from_secs(3), whole: Duration::from_secs(120) };
        let assessor = Assessor::new(&mut client, town, thread);
        Self { client, assessor, folder: town.path("receipts").into(), receipts: Vec::new() }
    }

    /// Hands in one step, and waits for the receipt of whoever serves by then.
    pub(crate) fn step(&mut self) {
        let (submission, hash) = self.assessor.next();
        let answers = self.client.submit(nothing_seen(), &[vec![submission]]);
        let receipt = answers.unwrap().remove(0).unwrap().remove(0);
        self.assessor.taken(hash);
        self.receipts.push((receipt.record, receipt.hash));
        keep_receipt(&self.folder, &receipt);
    }
}
