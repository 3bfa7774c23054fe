//! A small, lively ledger in a temporary folder, for suites that need one to break.

use std::path::Path;
use std::sync::Arc;

use vandel_core::admit::Evidence;
use vandel_core::chain::possession_message;
use vandel_core::erasure::Notice;
use vandel_core::event::{
    Authenticity, BodySignature, DisposalDecision, Grant, Identity, KeyEnrolled, Kind, Note, Occasion,
    OpenEvent, Opening as Opened, PolicyAdopted, PositionAssessment, Process, Reading, Register, Role,
    RoleCode, Scope, Step,
};
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, AssignmentId, ControllerId, LedgerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::IdentityNumber;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::{Day, Second};
use vandel_ledger::author::{sign_event, sign_step};
use vandel_ledger::clock::SettableClock;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::opening::{self, OpenLedger, Opening};
use vandel_ledger::sequencer::{Founders, Founding, Sequencer, found};
use vandel_ledger::signer;
use vandel_ledger::submission::{Receipt, Submission, SubmitError};

/// The second at which everything happens: 2026-03-20, noon.
pub const NOON: Second = Second(1_774_000_000);
const PACK: &str = include_str!("../../schemas/policy/se-2026.toml");

/// A ledger's home in a temporary folder, and the keys of its people.
pub struct LedgerBuilder {
    folder: tempfile::TempDir,
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The home.
    pub home: Home,
    /// The clock.
    pub clock: SettableClock,
    /// The two founders.
    pub administrators: [SigningKey; 2],
    /// A decider with a grant for the whole ledger.
    pub decider: SigningKey,
    /// The ledger's id.
    pub ledger: LedgerId,
}

/// What a fixture cannot go on without.
const FIXTURE: &str = "the fixture is admissible and its folder writable";

impl LedgerBuilder {
    /// Founds a ledger with a policy and a decider.
    #[must_use]
    pub fn found() -> Self {
        let built = Self::found_without_policy();
        let mut open = built.open();
        built.adopt_policy(&mut open.sequencer);
        open.close().expect(FIXTURE);
        built
    }

    /// Founds a ledger with a decider and without a policy: small, and quick to read.
    #[must_use]
    pub fn found_without_policy() -> Self {
        let folder = tempfile::tempdir().expect(FIXTURE);
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let home = Home::new(folder.path().join("home"));
        let key = || signer::generate().expect(FIXTURE);
        let administrators = [key(), key()];
        let founders = Founders {
            first: (&administrators[0], ActorId([1; 16])),
            second: (&administrators[1], ActorId([2; 16])),
        };
        let founding = Founding { founders, at: NOON, predecessor: None, cell: None };
        let ledger = found(&disk, &home, founding).expect(FIXTURE);
        let clock = SettableClock::at(NOON);
        let built = Self { folder, disk, home, clock, administrators, decider: key(), ledger };
        let mut open = built.open();
        built.enrol(&mut open.sequencer, &built.decider, ActorId([3; 16]), Role::Decider);
        open.close().expect(FIXTURE);
        built
    }

    /// The temporary folder around the home, for copies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens it for writing.
    #[must_use]
    pub fn open(&self) -> OpenLedger {
        let (disk, clock) = (self.disk.clone(), Arc::new(self.clock.clone()));
        opening::open(
            &self.home,
            Opening { disk, clock, cell: None, passphrase: None, trust_new_memory: false, take_over: false },
        )
        .expect(FIXTURE)
    }

    /// An open event by both administrators.
    pub fn say(&self, sequencer: &mut Sequencer, event: OpenEvent) -> Result<Receipt, SubmitError> {
        let [first, second] = &self.administrators;
        commit_one(sequencer, sign_event(&sequencer.standpoint(), first, Some(second), event))
    }

    fn adopt_policy(&self, sequencer: &mut Sequencer) {
        let policy = PolicyAdopted {
            pack: PACK.to_owned(),
            from: Day::from_ymd(2026, 1, 1).expect(FIXTURE),
            confirmed_by: "Kommunjuristen, dnr 1".to_owned(),
        };
        self.say(sequencer, OpenEvent::PolicyAdopted(policy)).expect(FIXTURE);
    }

    /// Enrols a key with one role for the whole ledger.
    pub fn enrol(&self, sequencer: &mut Sequencer, secret: &SigningKey, actor: ActorId, role: Role) {
        let key = public_key(secret);
        let message = possession_message(&sequencer.chain().ledger, &actor, &key);
        let possession = BodySignature::from_bytes(&sign(secret, Domain::Possession, &[&message]));
        let from = Day::from_ymd(2026, 1, 1).expect(FIXTURE);
        let grants = vec![Grant { role, scope: Scope::default(), from, until: None }];
        let enrolled = KeyEnrolled { actor, key, grants, expires: None, possession };
        self.say(sequencer, OpenEvent::KeyEnrolled(enrolled)).expect(FIXTURE);
    }

    /// Adopts a disposal decision for these classes; its record.
    pub fn decide(&self, sequencer: &mut Sequencer, classes: &[&str]) -> u64 {
        let from = Day::from_ymd(2026, 1, 10).expect(FIXTURE);
        let decision = DisposalDecision {
            body: "KF".to_owned(),
            number: "7".to_owned(),
            decided: from,
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            from,
            until: None,
        };
        self.say(sequencer, OpenEvent::DisposalAdopted(decision)).expect(FIXTURE).record
    }

    /// The decider records that the case's person asked for erasure.
    pub fn ask_for_erasure(&self, sequencer: &mut Sequencer, case: ThreadId) {
        let notice = Notice::ErasureRequested { received: today() };
        let step = next_step(sequencer, ThreadId([200; 16]), Kind::RecordRead, |step| {
            step.reading = Some(Reading {
                thread: Some(case),
                purpose: notice.purpose(),
                remark: notice.remark(),
                compartments: Vec::new(),
                count: 1,
            });
        });
        self.take(sequencer, &step, None).expect(FIXTURE);
    }

    /// Takes a step as the decider.
    pub fn take(
        &self,
        sequencer: &mut Sequencer,
        step: &Step,
        evidence: Option<Evidence>,
    ) -> Result<Receipt, SubmitError> {
        let signed = sign_step(&sequencer.standpoint(), &self.decider, None, step, evidence).expect(FIXTURE);
        commit_one(sequencer, signed.submission)
    }

    /// A school case from its position's assessment to the shown extract and closing: four records in
    /// four blocks. `seed` makes the ids.
    pub fn case(&self, sequencer: &mut Sequencer, seed: u8) -> Vec<Receipt> {
        let (position, case) = (ThreadId([seed; 16]), ThreadId([seed ^ 0x80; 16]));
        let assessed = next_step(sequencer, position, Kind::PositionAssessed, |step| {
            step.process = Some(Process::PositionAssessed(position_assessment()));
        });
        let mut receipts = vec![self.take(sequencer, &assessed, None).expect(FIXTURE)];
        let opened = next_step(sequencer, case, Kind::CaseOpened, |step| open_case(step, seed, position));
        receipts.push(self.take(sequencer, &opened, None).expect(FIXTURE));
        let shown = next_step(sequencer, case, Kind::ExtractShown, |step| {
            let note =
                Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None };
            step.note = Some(note);
        });
        receipts.push(self.take(sequencer, &shown, Some(extract())).expect(FIXTURE));
        let closed = next_step(sequencer, case, Kind::CaseClosed, |step| {
            step.process = Some(Process::CaseClosed);
        });
        receipts.push(self.take(sequencer, &closed, None).expect(FIXTURE));
        receipts
    }
}

/// The next step of a thread, on the day of [`NOON`].
#[must_use]
pub fn next_step(sequencer: &Sequencer, thread: ThreadId, kind: Kind, fill: impl FnOnce(&mut Step)) -> Step {
    let mut step = Step::new(sequencer.next_spine(thread, kind, today()).expect("the threads"));
    fill(&mut step);
    step
}

/// The civil day of [`NOON`].
#[must_use]
pub fn today() -> Day {
    NOON.latest_day_in_sweden()
}

fn commit_one(sequencer: &mut Sequencer, submission: Submission) -> Result<Receipt, SubmitError> {
    let answer = sequencer.commit(vec![vec![submission]]).remove(0);
    answer.map(|mut receipts| receipts.remove(0))
}

/// An assessment that supports a school case.
#[must_use]
pub fn position_assessment() -> PositionAssessment {
    PositionAssessment {
        controller: ControllerId([5; 16]),
        unit: UnitId([6; 16]),
        role: RoleCode("SCHOOL".to_owned()),
        title: "Lärare".to_owned(),
        need: "Arbete med barn".to_owned(),
        union_reference: "MBL 2026-1".to_owned(),
        impact_reference: "DPIA 2026-1".to_owned(),
        until: None,
    }
}

fn open_case(step: &mut Step, seed: u8, position: ThreadId) {
    let subject = SubjectId([seed; 16]);
    step.identity = Some(Identity {
        subject,
        handle: format!("K-{seed}"),
        // A number of Skatteverket's test series.
        number: IdentityNumber::parse("19961010-9945", today()).expect(FIXTURE),
        surname: "Kanariesson".to_owned(),
        given_name: "Göran".to_owned(),
        protected: false,
    });
    step.process = Some(Process::CaseOpened(Opened {
        subject,
        controller: ControllerId([5; 16]),
        unit: UnitId([6; 16]),
        assignment: AssignmentId([seed; 16]),
        reference: "REK-2026/1".to_owned(),
        role: RoleCode("SCHOOL".to_owned()),
        position: Some(position),
        occasion: Occasion::NewEmployment,
        offered: None,
    }));
}

/// What the decider saw of an extract that the law accepts.
fn extract() -> Evidence {
    Evidence {
        issued: Day::from_ymd(2026, 2, 1),
        law: Some("2010:800".to_owned()),
        registers: Some(vec![Register::CriminalRecords]),
        authenticity: Some(Authenticity::ControlService),
        offered: None,
    }
}
