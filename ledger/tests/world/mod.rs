//! A ledger with a policy, a decider and one school case.

#![allow(dead_code, reason = "each suite uses its part")]

use std::sync::Arc;

use vandel_core::admit::Evidence;
use vandel_core::erasure::{ErasureReason, Notice, Plan, plan_case};
use vandel_core::event::{
    BodySignature, DisposalDecision, ErasureStarted, Grant, Identity, KeyEnrolled, Kind, Note, Occasion,
    OpenEvent, Opening as Opened, PolicyAdopted, PositionAssessment, Process, Reading, Role, RoleCode, Scope,
    Step,
};
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::IdentityNumber;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::{Day, Second};
use vandel_ledger::author::{sign_event, sign_step};
use vandel_ledger::clock::SettableClock;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::opening::{self, OpenLedger, Opening};
use vandel_ledger::sequencer::{Founders, Founding, Sequencer, found};
use vandel_ledger::submission::{Receipt, Submission, SubmitError};

pub(crate) const NOON: Second = Second(1_774_000_000); // 2026-03-20
/// The decider's readings.
pub(crate) const READER: ThreadId = ThreadId([200; 16]);
pub(crate) const PACK: &str = include_str!("../../../schemas/policy/se-2026.toml");

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) home: Home,
    pub(crate) clock: SettableClock,
    pub(crate) administrators: [SigningKey; 2],
    pub(crate) decider: SigningKey,
    pub(crate) delegate: SigningKey,
}

impl World {
    pub(crate) fn found() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let home = Home::new(folder.path().join("home"));
        // Always the same keys, so that what is counted hardly differs from run to run.
        let key = |number: u8| SigningKey::from_bytes(&[number; 32]);
        let administrators = [key(1), key(2)];
        let founders = Founders {
            first: (&administrators[0], ActorId([1; 16])),
            second: (&administrators[1], ActorId([2; 16])),
        };
        found(&disk, &home, Founding { founders, at: NOON, predecessor: None, cell: None }).unwrap();
        let clock = SettableClock::at(NOON);
        Self { _folder: folder, disk, home, clock, administrators, decider: key(3), delegate: key(4) }
    }

    pub(crate) fn open(&self) -> OpenLedger {
        let opening = Opening {
            disk: self.disk.clone(),
            clock: Arc::new(self.clock.clone()),
            cell: None,
            passphrase: None,
            trust_new_memory: false,
            take_over: false,
        };
        opening::open(&self.home, opening).unwrap()
    }

    pub(crate) fn say(&self, sequencer: &mut Sequencer, event: OpenEvent) -> Result<Receipt, SubmitError> {
        let submission = sign_event(
            &sequencer.standpoint(),
            &self.administrators[0],
            Some(&self.administrators[1]),
            event,
        );
        sequencer.commit(vec![vec![submission]]).remove(0).map(|mut receipts| receipts.remove(0))
    }

    pub(crate) fn prepare(&self, sequencer: &mut Sequencer) {
        let policy = PolicyAdopted {
            pack: PACK.to_owned(),
            from: "2026-01-01".parse().unwrap(),
            confirmed_by: "Kommunjuristen, dnr 1".to_owned(),
        };
        self.say(sequencer, OpenEvent::PolicyAdopted(policy)).unwrap();
        self.enrol(sequencer, ActorId([3; 16]), &self.decider, Role::Decider);
    }

    pub(crate) fn enrol_delegate(&self, sequencer: &mut Sequencer) {
        self.enrol(sequencer, ActorId([4; 16]), &self.delegate, Role::ControllersDelegate);
    }

    /// A disposal decision for these classes; its record.
    pub(crate) fn decide(&self, sequencer: &mut Sequencer, classes: &[&str]) -> u64 {
        let decision = DisposalDecision {
            body: "KF".to_owned(),
            number: "7".to_owned(),
            decided: "2026-01-10".parse().unwrap(),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            from: "2026-01-10".parse().unwrap(),
            until: None,
        };
        self.say(sequencer, OpenEvent::DisposalAdopted(decision)).unwrap().record
    }

    /// The decider records a notice, on the decider's own thread.
    pub(crate) fn notice(&self, sequencer: &mut Sequencer, about: Option<ThreadId>, notice: &Notice) {
        self.take(sequencer, READER, Kind::RecordRead, None, |step| {
            step.reading = Some(Reading {
                thread: about,
                purpose: notice.purpose(),
                remark: notice.remark(),
                compartments: Vec::new(),
                count: 1,
            });
        })
        .unwrap();
    }

    /// What the law lets go of a case at its person's request, which is recorded first; none if nothing.
    pub(crate) fn plan_on_request(&self, sequencer: &mut Sequencer, case: ThreadId) -> Option<Plan> {
        let classes = ["note", "case", "identity", "copy_hired", "copy_not_hired", "assessment", "reads"];
        let known = sequencer.chain().disposals.keys().next_back().copied();
        let disposal = known.unwrap_or_else(|| self.decide(sequencer, &classes));
        self.notice(sequencer, Some(case), &Notice::ErasureRequested { received: today() });
        let decision = &sequencer.chain().disposals[&disposal];
        let reason = ErasureReason::Request;
        let planned =
            plan_case(&sequencer.matters().expect("the threads"), case, reason, decision, today(), [1; 8]);
        let ledger = sequencer.chain().ledger;
        let lines = vec![planned.line?];
        Some(Plan { ledger, salt: [7; 32], as_of: today(), disposal, lines })
    }

    /// The start of a plan, signed by two people.
    pub(crate) fn start(&self, sequencer: &Sequencer, plan: &Plan) -> Submission {
        let (records, plan, expires) = (plan.records(), plan.hash(), Second(sequencer.now().0 + 3600));
        let start = ErasureStarted { records, plan, expires };
        self.sign_with_delegate(sequencer, OpenEvent::ErasureStarted(start))
    }

    pub(crate) fn sign_with_delegate(&self, sequencer: &Sequencer, event: OpenEvent) -> Submission {
        sign_event(&sequencer.standpoint(), &self.administrators[0], Some(&self.delegate), event)
    }

    pub(crate) fn enrol(&self, sequencer: &mut Sequencer, actor: ActorId, holder: &SigningKey, role: Role) {
        let key = public_key(holder);
        let message = vandel_core::chain::possession_message(&sequencer.chain().ledger, &actor, &key);
        let possession = BodySignature::from_bytes(&sign(holder, Domain::Possession, &[&message]));
        let grant = Grant { role, scope: Scope::default(), from: "2026-01-01".parse().unwrap(), until: None };
        let enrolled = KeyEnrolled { actor, key, grants: vec![grant], expires: None, possession };
        self.say(sequencer, OpenEvent::KeyEnrolled(enrolled)).unwrap();
    }

    pub(crate) fn take(
        &self,
        sequencer: &mut Sequencer,
        thread: ThreadId,
        kind: Kind,
        evidence: Option<Evidence>,
        fill: impl FnOnce(&mut Step),
    ) -> Result<Receipt, SubmitError> {
        let mut step = Step::new(sequencer.next_spine(thread, kind, today()).expect("the threads"));
        fill(&mut step);
        let signed = sign_step(&sequencer.standpoint(), &self.decider, None, &step, evidence).unwrap();
        sequencer.commit(vec![vec![signed.submission]]).remove(0).map(|mut receipts| receipts.remove(0))
    }

    pub(crate) fn open_case(&self, sequencer: &mut Sequencer) -> ThreadId {
        let position = ThreadId([9; 16]);
        self.take(sequencer, position, Kind::PositionAssessed, None, |step| {
            step.process = Some(Process::PositionAssessed(assessment()));
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

pub(crate) fn today() -> Day {
    NOON.latest_day_in_sweden()
}

pub(crate) fn shown(step: &mut Step) {
    step.note =
        Some(Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None });
}

/// The need of a check at a school.
pub(crate) fn assessment() -> PositionAssessment {
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
