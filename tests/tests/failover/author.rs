//! An author who goes on, whoever serves: one position, assessed again and again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vandel_core::event::{Kind, PositionAssessment, Process, RoleCode, Step};
use vandel_core::hash::Hash;
use vandel_core::id::{ControllerId, ThreadId, UnitId};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::time::Second;
use vandel_core::verify::ReceiptEvidence;
use vandel_ledger::author::{Standpoint, sign_step};
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::client::{Client, Patience, nothing_seen};
use vandel_ledger::clock::{Clock, SettableClock};
use vandel_ledger::inquiry::{Question, ThreadHead};
use vandel_tests::town::Town;

pub(crate) struct Author {
    client: Client,
    head: ThreadHead,
    standpoint: Standpoint,
    key: SigningKey,
    folder: String,
    pub(crate) receipts: Vec<(u64, Hash)>,
}

impl Author {
    pub(crate) fn new(town: &Town, url: &str, thread: u8) -> Self {
        let bus = Bus::connect(&BusOptions::new(url, Role::Author)).unwrap();
        // Noon of the town's day, as its commands have it.
        let clock: Arc<dyn Clock> = Arc::new(SettableClock::at(Second(1_774_008_000)));
        let mut client = Client::new(bus, town.trust(), None, clock).unwrap();
        client.patience = Patience { answer: Duration::from_secs(3), whole: Duration::from_secs(120) };
        let key = town.key("decider");
        let (standpoint, _) = client.ask(&key, &[nothing_seen()], Question::Own(public_key(&key))).unwrap();
        let (head, folder) = (ThreadHead::new(ThreadId([thread; 16])), town.path("receipts"));
        std::fs::create_dir_all(&folder).unwrap();
        Self { client, head, standpoint, key, folder, receipts: Vec::new() }
    }

    /// Hands in one step, and waits for the receipt of whoever serves by then.
    pub(crate) fn step(&mut self) {
        let day = "2026-03-20".parse().unwrap();
        let mut step = Step::new(self.head.spine(Kind::PositionAssessed, day));
        step.process = Some(Process::PositionAssessed(PositionAssessment {
            controller: ControllerId([5; 16]),
            unit: UnitId([6; 16]),
            role: RoleCode("SCHOOL".to_owned()),
            title: "Lärare".to_owned(),
            need: "Arbete med barn".to_owned(),
            union_reference: "MBL 2026-1".to_owned(),
            impact_reference: "DPIA 2026-1".to_owned(),
            until: None,
        }));
        let signed = sign_step(&self.standpoint, &self.key, None, &step, None).unwrap();
        let answers = self.client.submit(nothing_seen(), &[vec![signed.submission]]);
        let receipt = answers.unwrap().remove(0).unwrap().remove(0);
        (self.head.next, self.head.previous) = (self.head.next + 1, signed.hash);
        self.receipts.push((receipt.record, receipt.hash));
        let evidence = ReceiptEvidence {
            source: String::new(),
            record: receipt.record,
            hash: receipt.hash,
            proof: receipt.proof,
            checkpoint: receipt.checkpoint,
        };
        let file = Path::new(&self.folder).join(format!("{}.tlog-proof", receipt.record));
        std::fs::write(file, evidence.to_string()).unwrap();
    }
}
