//! A ledger from founding through a case, closed, killed and opened again.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use vandel_core::admit::{Evidence, Refusal};
use vandel_core::event::{
    Authenticity, BodySignature, Grant, Identity, KeyEnrolled, Kind, Note, Occasion, OpenEvent,
    Opening as Opened, PolicyAdopted, PositionAssessment, Process, Register, Role, RoleCode, Scope, Step,
};
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::merkle::verify_inclusion;
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
use vandel_ledger::submission::{Receipt, SubmitError};

const NOON: Second = Second(1_774_000_000); // 2026-03-20
const PACK: &str = include_str!("../../schemas/policy/se-2026.toml");

struct World {
    _folder: tempfile::TempDir,
    disk: Arc<dyn Disk>,
    home: Home,
    clock: SettableClock,
    administrators: [SigningKey; 2],
    decider: SigningKey,
}

impl World {
    fn found() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let home = Home::new(folder.path().join("home"));
        let administrators = [signer::generate().unwrap(), signer::generate().unwrap()];
        let founders = Founders {
            first: (&administrators[0], ActorId([1; 16])),
            second: (&administrators[1], ActorId([2; 16])),
        };
        found(&disk, &home, Founding { founders, at: NOON, predecessor: None, cell: None }).unwrap();
        let clock = SettableClock::at(NOON);
        let decider = signer::generate().unwrap();
        Self { _folder: folder, disk, home, clock, administrators, decider }
    }

    fn open(&self) -> OpenLedger {
        let opening = Opening {
            disk: self.disk.clone(),
            clock: Arc::new(self.clock.clone()),
            cell: None,
            passphrase: None,
        };
        opening::open(&self.home, opening).unwrap()
    }

    fn say(&self, sequencer: &mut Sequencer, event: OpenEvent) -> Result<Receipt, SubmitError> {
        let submission = sign_event(
            &sequencer.standpoint(),
            &self.administrators[0],
            Some(&self.administrators[1]),
            event,
        );
        sequencer.commit(vec![vec![submission]]).remove(0).map(|mut receipts| receipts.remove(0))
    }

    fn prepare(&self, sequencer: &mut Sequencer) {
        let policy = PolicyAdopted {
            pack: PACK.to_owned(),
            from: "2026-01-01".parse().unwrap(),
            confirmed_by: "Kommunjuristen, dnr 1".to_owned(),
        };
        self.say(sequencer, OpenEvent::PolicyAdopted(policy)).unwrap();
        let (actor, key) = (ActorId([3; 16]), public_key(&self.decider));
        let message = vandel_core::chain::possession_message(&sequencer.chain().ledger, &actor, &key);
        let possession = BodySignature::from_bytes(&sign(&self.decider, Domain::Possession, &[&message]));
        let grant = Grant {
            role: Role::Decider,
            scope: Scope::default(),
            from: "2026-01-01".parse().unwrap(),
            until: None,
        };
        let enrolled = KeyEnrolled { actor, key, grants: vec![grant], expires: None, possession };
        self.say(sequencer, OpenEvent::KeyEnrolled(enrolled)).unwrap();
    }

    fn take(
        &self,
        sequencer: &mut Sequencer,
        thread: ThreadId,
        kind: Kind,
        evidence: Option<Evidence>,
        fill: impl FnOnce(&mut Step),
    ) -> Result<Receipt, SubmitError> {
        let mut step = Step::new(sequencer.next_spine(thread, kind, today()));
        fill(&mut step);
        let signed = sign_step(&sequencer.standpoint(), &self.decider, None, &step, evidence).unwrap();
        sequencer.commit(vec![vec![signed.submission]]).remove(0).map(|mut receipts| receipts.remove(0))
    }

    fn open_case(&self, sequencer: &mut Sequencer) -> ThreadId {
        let position = ThreadId([9; 16]);
        self.take(sequencer, position, Kind::PositionAssessed, None, |step| {
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
        })
        .unwrap();
        let case = ThreadId([10; 16]);
        self.take(sequencer, case, Kind::CaseOpened, None, |step| {
            let subject = SubjectId([11; 16]);
            step.identity = Some(Identity {
                subject,
                handle: "K-TEST".to_owned(),
                number: IdentityNumber::parse("19961010-9945", today()).unwrap(),
                surname: "Kanariesson".to_owned(),
                given_name: "Göran".to_owned(),
                protected: false,
            });
            step.process = Some(Process::CaseOpened(Opened {
                subject,
                controller: ControllerId([5; 16]),
                unit: UnitId([6; 16]),
                assignment: AssignmentId([7; 16]),
                reference: "REK-2026/1".to_owned(),
                role: RoleCode("SCHOOL".to_owned()),
                position: Some(position),
                occasion: Occasion::NewEmployment,
                offered: None,
            }));
        })
        .unwrap();
        case
    }
}

fn today() -> Day {
    NOON.latest_day_in_sweden()
}

fn shown(step: &mut Step) {
    step.note =
        Some(Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None });
}

#[test]
fn a_case_goes_through_and_the_ledger_opens_again() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);

    let without = world.take(&mut ledger.sequencer, case, Kind::ExtractShown, None, shown);
    assert!(matches!(without, Err(SubmitError::Refused(Refusal::EvidenceMissing { .. }))), "{without:?}");
    let evidence = Evidence {
        issued: Some("2026-02-01".parse().unwrap()),
        law: Some("2010:800".to_owned()),
        registers: Some(vec![Register::CriminalRecords]),
        authenticity: Some(Authenticity::ControlService),
        offered: None,
    };
    let receipt = world.take(&mut ledger.sequencer, case, Kind::ExtractShown, Some(evidence), shown).unwrap();
    let tip = ledger.sequencer.chain().tip();
    verify_inclusion(&receipt.hash, receipt.record, tip.size, &tip.root, &receipt.proof).unwrap();

    let heard = world.take(&mut ledger.sequencer, case, Kind::EmploymentStarted, None, |step| {
        step.process = Some(Process::EmploymentStarted);
    });
    assert!(matches!(heard, Err(SubmitError::Refused(Refusal::KindNotRecordable { .. }))), "{heard:?}");
    let size = ledger.sequencer.chain().size();
    ledger.close().unwrap();

    let again = world.open();
    assert_eq!(again.sequencer.chain().size(), size, "a ledger that ended in order needs no new start");
    assert!(again.sequencer.threads().case(&case).unwrap().has(Kind::ExtractShown));
    drop(again);
    let killed = world.open();
    assert_eq!(killed.sequencer.chain().size(), size + 1, "after a crash the start is recorded");
}

#[test]
fn a_repeat_gets_the_first_receipt_and_a_stale_number_a_conflict() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;

    let mut step = Step::new(sequencer.next_spine(case, Kind::CaseClosed, today()));
    step.process = Some(Process::CaseClosed);
    let standpoint = sequencer.standpoint();
    let first = sign_step(&standpoint, &world.decider, None, &step, None).unwrap().submission;
    let other = sign_step(&standpoint, &world.decider, None, &step, None).unwrap().submission;

    let answers = sequencer.commit(vec![vec![first.clone()], vec![other]]);
    let receipt = answers[0].as_ref().unwrap()[0].clone();
    assert!(matches!(answers[1], Err(SubmitError::Refused(Refusal::Conflict { expected: 2, found: 1 }))));
    let again = sequencer.commit(vec![vec![first]]).remove(0).unwrap().remove(0);
    assert_eq!((again.record, again.hash), (receipt.record, receipt.hash));
}

#[test]
fn a_group_stands_or_falls_together() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;
    let size = sequencer.chain().size();

    let mut close = Step::new(sequencer.next_spine(case, Kind::CaseClosed, today()));
    close.process = Some(Process::CaseClosed);
    let standpoint = sequencer.standpoint();
    let first = sign_step(&standpoint, &world.decider, None, &close, None).unwrap();
    let mut twice = close.clone();
    (twice.spine.number, twice.spine.previous) = (2, first.hash);
    let second = sign_step(&standpoint, &world.decider, None, &twice, None).unwrap();
    let answer = sequencer.commit(vec![vec![first.submission, second.submission]]).remove(0);
    assert!(matches!(answer, Err(SubmitError::Refused(Refusal::Closed { .. } | Refusal::Repeated { .. }))));
    assert_eq!(sequencer.chain().size(), size);
    assert!(!sequencer.threads().case(&case).unwrap().closed());
}
