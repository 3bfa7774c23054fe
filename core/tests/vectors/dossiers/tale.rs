//! The ledger of the dossiers: two cases, a published digest, and what a liar would have otherwise.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::dossier::{Absence, AbsentPart, Dossier, Gathered, ShownCompartments};
use vandel_core::event::{
    DigestPublished, ErasureExecuted, ErasureStarted, Kind, Note, OpenEvent, Outcome, Process, Purpose,
    Reading, Role, RootCellKind, Spine, Step,
};
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::id::ThreadId;
use vandel_core::merkle::{NodeMemory, inclusion_proof, root_at};
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::payload::{Payload, Slot};
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_core::view::{AuthorityRows, CASES, CaseRow, Computed, ComputedDigests, ViewTree};

use crate::ledger::{CAROL, DORA, enrolled, instance, opened, policy};
use crate::parts::{THREAD, identity, opening};
use crate::payloads::fixed;
use crate::world::{Draft, START, TODAY, day, filler, open, public, second, secret, take};

const OTHER: ThreadId = ThreadId([0x7f; 16]);

/// What happens besides.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// The note is erased before the digest.
    Erased,
    /// A second service publishes the same digest.
    Confirmed,
    /// A step comes after the digest.
    Later,
    /// This key publishes the digest of the cases.
    DigestBy(&'static str),
    /// Another key than the author's has signed the second step.
    Forged,
    /// The digest's position is this.
    Position(u64),
    /// The digest is of the case before its last step.
    Early,
    /// The digest over authority is published before that over cases.
    KeysFirst,
    /// A name is changed before the case is closed.
    Renamed,
    /// A decision is made before the case is closed.
    Decided,
    /// A step of the case that belongs into no case.
    Stray,
    /// The second service publishes another digest before it confirms the first one's.
    Disputed,
}

/// The tree of these records.
fn tree(records: &[Vec<u8>]) -> NodeMemory {
    let mut nodes = NodeMemory::new();
    records.iter().for_each(|record| nodes.append(leaf_hash(record)));
    nodes
}

fn reading() -> Reading {
    let (purpose, remark) = (Purpose::Handling, String::new());
    Reading { thread: Some(THREAD), purpose, remark, compartments: Vec::new(), count: 1 }
}

impl Part {
    pub(super) const WHOLE: [Self; 0] = [];
    pub(super) const ERASED: [Self; 1] = [Self::Erased];
    pub(super) const CONFIRMED: [Self; 1] = [Self::Confirmed];
    pub(super) const LATER: [Self; 1] = [Self::Later];

    pub(super) const fn with(part: Self) -> [Self; 1] {
        [part]
    }
}

/// A ledger, as one who gathers a dossier reads it.
pub(super) struct Tale {
    parts: Vec<Part>,
    chain: Chain,
    records: Vec<Vec<u8>>,
    steps: Vec<(u64, Payload)>,
    rows: Vec<CaseRow>,
    /// The position of the digest over cases, and the digest.
    digest: (u64, Hash),
    /// The records that published the digests.
    published: (u64, u64),
    erased: Option<(u64, u64)>,
}

impl Tale {
    pub(super) fn told(parts: &[Part]) -> Self {
        let mut tale = Self {
            parts: parts.to_vec(),
            chain: Chain::before_opening(),
            records: Vec::new(),
            steps: Vec::new(),
            rows: Vec::new(),
            digest: (0, Hash::ZERO),
            published: (0, 0),
            erased: None,
        };
        tale.begin();
        tale.step(THREAD, Kind::CaseOpened, |step| {
            (step.identity, step.process) = (Some(identity()), Some(Process::CaseOpened(opening())));
        });
        tale.step(OTHER, Kind::CaseOpened, |step| {
            (step.identity, step.process) = (Some(identity()), Some(Process::CaseOpened(opening())));
        });
        tale.step(THREAD, Kind::ExtractShown, |step| {
            step.note = Some(Note::Shown {
                issued: None,
                law: None,
                registers: None,
                authenticity: None,
                remark: None,
            });
        });
        if tale.has(Part::Renamed) {
            tale.step(THREAD, Kind::IdentityChanged, |step| step.identity = Some(identity()));
        }
        if tale.has(Part::Decided) {
            tale.step(THREAD, Kind::DecisionMade, |step| {
                let (outcome, delegation) = (Outcome::Fit, "Delegationsordningen 4.2".to_owned());
                let decided = Process::DecisionMade { outcome, delegation, follow_up: None, support: None };
                step.process = Some(decided);
            });
        }
        if tale.has(Part::Stray) {
            tale.step(THREAD, Kind::RecordRead, |step| step.reading = Some(reading()));
        }
        tale.step(THREAD, Kind::CaseClosed, |step| step.process = Some(Process::CaseClosed));
        if tale.has(Part::Erased) {
            tale.erase();
        }
        tale.publish();
        if tale.has(Part::Later) {
            tale.step(THREAD, Kind::EmploymentStarted, |step| {
                step.process = Some(Process::EmploymentStarted)
            });
        }
        tale
    }

    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    fn begin(&mut self) {
        self.say("alice", Some("bob"), |_| OpenEvent::LedgerOpened(opened()));
        self.say("service", None, |_| OpenEvent::SequencerStarted(instance("one")));
        self.say("alice", Some("bob"), |chain| {
            OpenEvent::KeyEnrolled(enrolled(&chain.ledger, CAROL, "carol", Role::Decider))
        });
        let third = if self.has(Part::Confirmed) {
            (0x52, "service 2", Role::Service)
        } else {
            (DORA, "dora", Role::ControllersDelegate)
        };
        self.say("alice", Some("bob"), |chain| {
            OpenEvent::KeyEnrolled(enrolled(&chain.ledger, third.0, third.1, third.2))
        });
        self.say("alice", Some("bob"), |_| OpenEvent::PolicyAdopted(policy()));
    }

    fn erase(&mut self) {
        let (started, plan) = (self.chain.size(), Hash(filler("plan")));
        let start = ErasureStarted { records: vec![7], plan, expires: second(START + 86_400) };
        self.say("alice", Some("dora"), |_| OpenEvent::ErasureStarted(start));
        let manifest = Hash(filler("manifest"));
        let end = ErasureExecuted { started, root_cell: RootCellKind::File, epoch: 2, manifest };
        self.say("service", None, |_| OpenEvent::ErasureExecuted(end));
        self.erased = Some((started, started + 1));
    }

    fn publish(&mut self) {
        let told =
            self.parts.iter().find_map(|part| if let Part::Position(at) = part { Some(*at) } else { None });
        let by =
            self.parts.iter().find_map(|part| if let Part::DigestBy(key) = part { Some(*key) } else { None });
        let (ledger, record) = (self.chain.ledger, self.records.len() as u64);
        if self.has(Part::KeysFirst) {
            self.publish_authority();
        }
        let record = if self.has(Part::KeysFirst) { record + 1 } else { record };
        let position = told.unwrap_or(if self.has(Part::Early) { record - 1 } else { record });
        let event = ViewTree::of_cases(&self.rows_then()).event(&ledger, position);
        self.digest = (position, event.digest);
        self.lie(by.unwrap_or("service"), event.clone());
        if self.has(Part::Disputed) {
            self.lie("service 2", DigestPublished { digest: Hash(filler("disputed")), ..event.clone() });
        }
        if self.has(Part::Confirmed) {
            self.lie("service 2", event);
        }
        let is_last = self.has(Part::Confirmed) && !self.has(Part::Disputed);
        self.published.0 = if is_last { record + 1 } else { record };
        if !self.has(Part::KeysFirst) {
            self.publish_authority();
        }
    }

    fn publish_authority(&mut self) {
        let position = self.records.len() as u64;
        let mut rows = AuthorityRows::default();
        for bytes in &self.records {
            let record = Record::decode(bytes).expect("a record");
            if let Body::Open(event) = &record.statement.statement.body {
                rows.fold(record.number, event);
            }
        }
        self.lie("service", rows.tree().event(&self.chain.ledger, position));
        self.published.1 = position;
    }

    /// Says what a chain need not accept: a dossier is made of it all the same.
    fn lie(&mut self, author: &str, event: DigestPublished) {
        self.append(author, None, open(OpenEvent::DigestPublished(event)));
    }

    fn say(&mut self, author: &str, other: Option<&str>, event: impl FnOnce(&Chain) -> OpenEvent) {
        let event = event(&self.chain);
        self.append(author, other, open(event));
    }

    fn append(&mut self, author: &str, other: Option<&str>, body: Body) {
        let said = vec![(author, other, body)];
        if self.chain.blocks == 0 {
            let draft = Draft::after(&self.chain, "service", said.clone());
            self.chain.ledger =
                vandel_core::statement::ledger_id(&draft.records[0].unsigned_fields().bytes());
        }
        let mut draft = Draft::after(&self.chain, "service", said);
        draft.records[0].number = self.records.len() as u64;
        self.records.push(draft.records[0].fields(draft.before).bytes());
        // What a chain refuses is told all the same.
        let mut chain = self.chain.clone();
        if take(&mut chain, &draft.fields().bytes()).is_ok() {
            self.chain = chain;
        }
    }

    fn step(&mut self, thread: ThreadId, kind: Kind, fill: impl FnOnce(&mut Step)) {
        let row = self.rows.iter().find(|row| row.thread == thread).copied();
        let (number, previous) = row.map_or((0, Hash::ZERO), |row| (row.count, row.last));
        let mut step = Step::new(Spine { thread, number, previous, kind, day: day(TODAY) });
        fill(&mut step);
        let payload = Payload::from_step(&step, fixed(&format!("dossier {thread} {number}")));
        self.append("carol", None, Body::Sealed(payload.header.commitment()));
        let record = Record::decode(self.records.last().expect("just appended")).expect("a record");
        let (at, last) = (record.number, record.statement.hash());
        self.rows.retain(|row| row.thread != thread);
        self.rows.push(CaseRow { thread, count: number + 1, last });
        if thread == THREAD {
            self.steps.push((at, payload));
        }
    }

    /// The dossier of the first case.
    pub(super) fn dossier(&self) -> Dossier {
        let mut records = self.records.clone();
        if self.has(Part::Forged) {
            // The last byte of the author's signature but one stands before the count of further signatures.
            let at = records[7].len() - 2;
            records[7][at - 8] ^= 1;
        }
        let mut gathered = Gathered::for_records(self.steps.iter().map(|(record, _)| *record));
        for bytes in &records {
            gathered.take(&Record::decode(bytes).expect("a record"));
        }
        let nodes = tree(&records);
        let size = nodes.size();
        let root = root_at(&nodes, size).expect("a tree");
        let checkpoint = Checkpoint::new(&self.chain.origin, size, root).expect("sound");
        let note = checkpoint.sign(&secret("checkpoint")).expect("short").to_string();
        let shown = self.steps.iter().map(|(record, payload)| self.shown(*record, payload));
        let shown: Vec<ShownCompartments> = shown.collect();
        let rows: Vec<CaseRow> = self.rows_then();
        let made = gathered.dossier(self.chain.ledger, THREAD, &shown, self.published, &rows, &note);
        made.expect("the rows are those that were published")
    }

    /// A record as a dossier shows it.
    pub(super) fn shown_record(&self, number: usize) -> Value {
        let nodes = tree(&self.records);
        let proof = inclusion_proof(&nodes, number as u64, nodes.size()).expect("a place in it");
        let proof: Vec<String> = proof.iter().map(Hash::to_string).collect();
        json!({ "record": number, "bytes": BASE64_STANDARD.encode(&self.records[number]), "proof": proof })
    }

    /// A part of a step as a dossier shows it.
    pub(super) fn part(&self, step: usize, slot: usize) -> Value {
        let part = self.steps[step].1.parts[slot].as_ref().expect("it was sealed");
        json!({ "slot": slot, "bytes": BASE64_STANDARD.encode(part.stored()) })
    }

    /// The rows as the digest had them: before a later step.
    fn rows_then(&self) -> Vec<CaseRow> {
        let count = if self.has(Part::Early) { 2 } else { 3 };
        let changed = self.has(Part::Early) || self.has(Part::Later);
        let then = |row: &CaseRow| match (row.thread == THREAD && changed, self.steps.get(count - 1)) {
            (true, Some((record, _))) => {
                let at = usize::try_from(*record).expect("small");
                let record = Record::decode(&self.records[at]).expect("a record");
                let count = u32::try_from(count).expect("small");
                CaseRow { count, last: record.statement.hash(), ..*row }
            }
            _ => *row,
        };
        self.rows.iter().map(then).collect()
    }

    fn shown(&self, record: u64, payload: &Payload) -> ShownCompartments {
        let mut payload = payload.clone();
        let mut absent = Vec::new();
        let plain = AbsentPart { slot: 1, why: Absence::Withheld, started: None, executed: None, by: None };
        if payload.parts[Slot::Identity.index()].take().is_some() {
            absent.push(plain.clone());
        }
        if let Some((started, executed)) = self.erased
            && payload.parts[Slot::Note.index()].take().is_some()
        {
            let (started, executed) = (Some(started), Some(executed));
            absent.push(AbsentPart { slot: 3, why: Absence::Erased, started, executed, ..plain });
        }
        ShownCompartments { record, payload, absent }
    }

    pub(super) fn trust(&self) -> String {
        self.trust_naming("checkpoint")
    }

    pub(super) fn trust_naming(&self, key: &str) -> String {
        let key = VerifierKey::new(&self.chain.origin, KeyKind::Ed25519, &public(key)).expect("a key");
        format!("log {key}\nquorum none\n")
    }

    /// The digest, as a reader has computed it.
    pub(super) fn digests(&self) -> String {
        self.computed(self.digest.1)
    }

    pub(super) fn other_digests(&self) -> String {
        self.computed(Hash(filler("another digest")))
    }

    fn computed(&self, digest: Hash) -> String {
        let one = Computed { view: CASES.to_owned(), position: self.digest.0, digest };
        ComputedDigests { ledger: self.chain.ledger, digests: vec![one] }.to_string()
    }
}
