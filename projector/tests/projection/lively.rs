//! A lively ledger: cases, holds, readings, changed names, erasures, in an order given by a seed.

#![allow(clippy::unwrap_used, missing_docs)]

use proptest::test_runner::{RngAlgorithm, TestRng};
use vandel_core::admit::Evidence;
use vandel_core::event::{
    Authenticity, Compartment, HoldGround, Identity, Kind, Occasion, Opening, Process, Purpose, Reading,
    Register, RoleCode, Step,
};
use vandel_core::id::{ActorId, AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::{NumberKind, PersonalNumber};
use vandel_ledger::opening::OpenLedger;
use vandel_ledger::submission::SubmitError;
use vandel_projector::{Projector, Settings, Source};

use crate::world::{World, shown};

/// The position that every case relies on; assessed by [`World::open_case`].
const POSITION: ThreadId = ThreadId([9; 16]);

pub(crate) struct Lively {
    pub(crate) world: World,
    pub(crate) ledger: OpenLedger,
    random: TestRng,
    pub(crate) cases: Vec<ThreadId>,
    /// How many actions the ledger took, and how many it refused.
    pub(crate) taken: (usize, usize),
}

impl Lively {
    pub(crate) fn found(seed: u8) -> Self {
        let world = World::found();
        let mut ledger = world.open();
        world.prepare(&mut ledger.sequencer);
        world.enrol_delegate(&mut ledger.sequencer);
        let first = world.open_case(&mut ledger.sequencer);
        Projector::prepare(ledger.sequencer.vault_mut()).unwrap();
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        Self { world, ledger, random, cases: vec![first], taken: (0, 0) }
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        use proptest::prelude::Rng as _;
        self.random.next_u32() % bound
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source::of(&self.ledger.sequencer)
    }

    pub(crate) fn projector(&mut self) -> Projector {
        let batch_records = u64::from(1 + self.below(7));
        let build_records = u64::from(1 + self.below(40));
        let settings = Settings { batch_records, build_records, ..Settings::default() };
        Projector::open(&self.world.home, &self.source(), settings).unwrap()
    }

    pub(crate) fn open_case(&mut self) -> Result<(), SubmitError> {
        let number = u8::try_from(self.cases.len()).unwrap() + 20;
        let thread = ThreadId([number; 16]);
        // Every fourth person has several cases.
        let subject = SubjectId([100 + number % 4; 16]);
        let identity = identity(subject, number, "Kanariesson");
        self.take(thread, Kind::CaseOpened, |step| {
            step.process = Some(Process::CaseOpened(opening(subject, number)));
            step.identity = Some(identity);
        })?;
        self.cases.push(thread);
        Ok(())
    }

    pub(crate) fn take(
        &mut self,
        thread: ThreadId,
        kind: Kind,
        fill: impl FnOnce(&mut Step),
    ) -> Result<(), SubmitError> {
        let evidence = (kind == Kind::ExtractShown).then(|| Evidence {
            issued: Some("2026-02-01".parse().unwrap()),
            law: Some("2010:800".to_owned()),
            registers: Some(vec![Register::CriminalRecords]),
            authenticity: Some(Authenticity::ControlService),
            offered: None,
        });
        self.world.take(&mut self.ledger.sequencer, thread, kind, evidence, fill).map(|_| ())
    }

    /// One action, whatever the chance gives. Some are refused, as they should be.
    pub(crate) fn act(&mut self) {
        let at = self.below(u32::try_from(self.cases.len()).unwrap()) as usize;
        let case = self.cases[at];
        let answer = match self.below(12) {
            0..=2 => self.open_case(),
            3..=4 => self.take(case, Kind::ExtractShown, shown),
            5 => self.take(case, Kind::CaseClosed, |step| step.process = Some(Process::CaseClosed)),
            6 => self.take(case, Kind::Held, hold),
            7..=8 => self.read(case),
            9 => self.rename(case, Kind::IdentityChanged, SubjectId([100; 16])),
            10 => self.rename(case, Kind::Reassigned, SubjectId([101; 16])),
            _ => {
                self.erase(case);
                Ok(())
            }
        };
        match answer {
            Ok(()) => self.taken.0 += 1,
            Err(SubmitError::Refused(_)) => self.taken.1 += 1,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn read(&mut self, case: ThreadId) -> Result<(), SubmitError> {
        self.take(crate::world::READER, Kind::RecordRead, |step| {
            step.reading = Some(Reading {
                thread: Some(case),
                purpose: Purpose::Deciding,
                remark: "Kanariefågel".to_owned(),
                compartments: vec![Compartment::Process],
                count: 1,
            });
        })
    }

    fn rename(&mut self, case: ThreadId, kind: Kind, subject: SubjectId) -> Result<(), SubmitError> {
        self.take(case, kind, |step| step.identity = Some(identity(subject, case.0[0], "Nykanarie")))
    }

    /// A plan that erases what of a case may go, with a start by two people. True if all of it went: a hold,
    /// for one, stops it.
    pub(crate) fn erase(&mut self, case: ThreadId) -> bool {
        let started = self.start_erasure(case);
        if let Some(started) = started {
            self.ledger.sequencer.execute_erasure(started).unwrap();
        }
        started.is_some() && self.ledger.sequencer.threads().expect("the threads").case(&case).is_none()
    }

    pub(crate) fn start_erasure(&mut self, case: ThreadId) -> Option<u64> {
        let sequencer = &mut self.ledger.sequencer;
        sequencer.threads().expect("the threads").get(&case)?;
        let plan = self.world.plan_on_request(sequencer, case)?;
        sequencer.store_plan(&plan).unwrap();
        let start = self.world.start(sequencer, &plan);
        Some(sequencer.start_erasure(start).unwrap().record)
    }
}

pub(crate) fn number(seed: u8) -> PersonalNumber {
    let born = "1980-05-17".parse().unwrap();
    PersonalNumber::compose(NumberKind::Personal, born, 980 + u16::from(seed % 20)).unwrap()
}

fn identity(subject: SubjectId, seed: u8, surname: &str) -> Identity {
    Identity {
        subject,
        handle: format!("KANARIE-{seed}"),
        number: number(seed).into(),
        surname: surname.to_owned(),
        given_name: "Göranåäö".to_owned(),
        protected: seed.is_multiple_of(5),
    }
}

fn opening(subject: SubjectId, seed: u8) -> Opening {
    Opening {
        subject,
        controller: ControllerId([5; 16]),
        unit: UnitId([6; 16]),
        assignment: AssignmentId([seed; 16]),
        reference: format!("KANARIEREF-2026/{seed}"),
        role: RoleCode("SCHOOL".to_owned()),
        position: Some(POSITION),
        occasion: Occasion::NewEmployment,
        offered: None,
    }
}

fn hold(step: &mut Step) {
    step.process = Some(Process::Held {
        ground: HoldGround::DisclosureRequest,
        owner: ActorId([3; 16]),
        review: "2026-09-01".parse().unwrap(),
        remark: "Kanarieanmärkning".to_owned(),
    });
}
