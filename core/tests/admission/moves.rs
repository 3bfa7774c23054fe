//! The steps of a case, each by the person and with the words that make it right; a row spoils one.

use vandel_core::admit::Evidence;
use vandel_core::event::{
    AppealOutcome, Assessment, Authenticity, Compartment, Copy, Finding, HoldGround, Identity, Kind, Note,
    Occasion, Opening, Outcome, PositionAssessment, Process, Purpose, Reading, Register, RejectionReason,
    RestrictionGround, RoleCode, Spine, Step,
};
use vandel_core::hash::Hash;
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::IdentityNumber;
use vandel_core::time::Day;

use crate::ledger::{DECIDER, DELEGATE, HANDLER, Ledger, REVIEWER, SE_2026, TODAY, actor, day};

type Fill = Box<dyn Fn(&Ledger, &mut Step)>;

/// A step somebody is about to take.
pub(crate) struct Move {
    pub(crate) kind: Kind,
    pub(crate) by: u8,
    pub(crate) approver: Option<u8>,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) spoils_approval: bool,
    pub(crate) sees_another_history: bool,
    thread: ThreadId,
    day: Day,
    fill: Vec<Fill>,
}

pub(crate) const CASE: ThreadId = ThreadId([10; 16]);
pub(crate) const OTHER_CASE: ThreadId = ThreadId([12; 16]);
pub(crate) const POSITION: ThreadId = ThreadId([9; 16]);
pub(crate) const READER: ThreadId = ThreadId([13; 16]);
pub(crate) const BOARD: ControllerId = ControllerId([5; 16]);
pub(crate) const OTHER_BOARD: ControllerId = ControllerId([55; 16]);
pub(crate) const UNIT: UnitId = UnitId([6; 16]);
pub(crate) const VACANCY: AssignmentId = AssignmentId([7; 16]);
pub(crate) const PERSON: SubjectId = SubjectId([11; 16]);
pub(crate) const OTHER_PERSON: SubjectId = SubjectId([111; 16]);

fn step(kind: Kind, by: u8, fill: impl Fn(&Ledger, &mut Step) + 'static) -> Move {
    Move {
        kind,
        by,
        approver: None,
        evidence: None,
        spoils_approval: false,
        sees_another_history: false,
        thread: CASE,
        day: day(TODAY),
        fill: vec![Box::new(fill)],
    }
}

fn process(kind: Kind, process: Process) -> Move {
    step(kind, DECIDER, move |_, step| step.process = Some(process.clone()))
}

impl Move {
    pub(crate) fn by(mut self, who: u8) -> Self {
        self.by = who;
        self
    }

    pub(crate) fn on(mut self, text: &str) -> Self {
        self.day = day(text);
        self
    }

    pub(crate) fn of(mut self, thread: ThreadId) -> Self {
        self.thread = thread;
        self
    }

    pub(crate) fn with(mut self, fill: impl Fn(&mut Step) + 'static) -> Self {
        self.fill.push(Box::new(move |_, step| fill(step)));
        self
    }

    pub(crate) fn approved_by(mut self, who: Option<u8>) -> Self {
        self.approver = who;
        self
    }

    pub(crate) fn spoiling_approval(mut self) -> Self {
        self.spoils_approval = true;
        self
    }

    pub(crate) fn seeing_another_history(mut self) -> Self {
        self.sees_another_history = true;
        self
    }

    pub(crate) fn stating(mut self, change: impl Fn(&mut Evidence)) -> Self {
        change(self.evidence.get_or_insert_default());
        self
    }

    pub(crate) fn stating_nothing(mut self) -> Self {
        self.evidence = None;
        self
    }

    pub(crate) fn opening(self, change: impl Fn(&mut Opening) + 'static) -> Self {
        self.with(move |step| {
            if let Some(Process::CaseOpened(opening)) = &mut step.process {
                change(opening);
            }
        })
    }

    pub(crate) fn step(&self, ledger: &Ledger) -> Step {
        let known = ledger.threads.get(&self.thread);
        let (number, previous) = known.map_or((0, Hash::ZERO), |thread| (thread.next(), thread.previous));
        let spine = Spine { thread: self.thread, number, previous, kind: self.kind, day: self.day };
        let mut step = Step::new(spine);
        self.fill.iter().for_each(|fill| fill(ledger, &mut step));
        step
    }
}

pub(crate) fn assessed_position() -> Move {
    step(Kind::PositionAssessed, DECIDER, |ledger, step| {
        step.process = Some(Process::PositionAssessed(PositionAssessment {
            controller: BOARD,
            unit: UNIT,
            role: RoleCode(ledger.role.to_owned()),
            title: "Lärare".to_owned(),
            need: "Arbete med barn".to_owned(),
            union_reference: "MBL 2026-1".to_owned(),
            impact_reference: "DPIA 2026-1".to_owned(),
            until: None,
        }));
    })
    .of(POSITION)
}

pub(crate) fn identity(subject: SubjectId) -> Identity {
    Identity {
        subject,
        handle: "K-TEST".to_owned(),
        number: IdentityNumber::parse("19961010-9945", day(TODAY)).unwrap(),
        surname: "Kanariesson".to_owned(),
        given_name: "Göran".to_owned(),
        protected: false,
    }
}

/// A case opened on 2 March for [`PERSON`].
pub(crate) fn opened() -> Move {
    opened_for(PERSON).on("2026-03-02")
}

pub(crate) fn opened_for(subject: SubjectId) -> Move {
    step(Kind::CaseOpened, HANDLER, move |ledger, step| {
        step.identity = Some(identity(subject));
        step.process = Some(Process::CaseOpened(Opening {
            subject,
            controller: BOARD,
            unit: UNIT,
            assignment: VACANCY,
            reference: "REK-2026/1".to_owned(),
            role: RoleCode(ledger.role.to_owned()),
            position: Some(POSITION),
            occasion: Occasion::NewEmployment,
            offered: None,
        }));
    })
}

pub(crate) fn registers(role: &str) -> Vec<Register> {
    let pack = vandel_core::policy::PolicyPack::parse(SE_2026).unwrap();
    pack.version_on(role, day(TODAY)).unwrap().registers.clone()
}

pub(crate) fn law_of(role: &str) -> String {
    let pack = vandel_core::policy::PolicyPack::parse(SE_2026).unwrap();
    pack.version_on(role, day(TODAY)).unwrap().law.sfs.clone().unwrap()
}

pub(crate) fn informed() -> Move {
    step(Kind::InformationGiven, HANDLER, |ledger, step| {
        step.process = Some(Process::InformationGiven(registers(ledger.role)));
    })
}

pub(crate) fn acknowledged() -> Move {
    process(Kind::InformationAcknowledged, Process::InformationAcknowledged)
}

pub(crate) fn consented() -> Move {
    process(Kind::ConsentGiven, Process::ConsentGiven)
}

pub(crate) fn consent_withdrawn() -> Move {
    process(Kind::ConsentWithdrawn, Process::ConsentWithdrawn)
}

pub(crate) fn withdrew() -> Move {
    process(Kind::CandidateWithdrew, Process::CandidateWithdrew)
}

pub(crate) fn requested() -> Move {
    step(Kind::ExtractRequested, HANDLER, |ledger, step| {
        step.process = Some(Process::ExtractRequested(registers(ledger.role)));
    })
}

/// Shown: what the mode keeps stands in the note, the rest is stated as evidence.
pub(crate) fn shown(role: &str) -> Move {
    let issued = Some(day("2026-02-01"));
    let law = Some(law_of(role));
    let registers = Some(registers(role));
    let authenticity = Some(Authenticity::ControlService);
    if role == "HVB" {
        let note = Note::Shown { issued, law, registers, authenticity, remark: None };
        return step(Kind::ExtractShown, DECIDER, move |_, step| step.note = Some(note.clone()));
    }
    let mut shown = step(Kind::ExtractShown, DECIDER, |_, step| step.note = Some(bare_note()));
    shown.evidence = Some(Evidence { issued, law, registers, authenticity, offered: None });
    shown
}

pub(crate) fn bare_note() -> Note {
    Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None }
}

pub(crate) fn rejected() -> Move {
    process(Kind::ExtractRejected, Process::ExtractRejected(RejectionReason::TooOld))
}

pub(crate) fn exempted(thread: ThreadId, statement: Hash) -> Move {
    let note = Note::Exempted { thread, statement };
    step(Kind::ExtractExempted, DECIDER, move |_, step| step.note = Some(note.clone()))
}

pub(crate) fn copied() -> Move {
    step(Kind::CopyStored, HANDLER, |_, step| {
        step.copy = Some(Copy::Paper { place: "Akt 12".to_owned() });
    })
}

pub(crate) fn returned() -> Move {
    step(Kind::CopyReturned, HANDLER, |_, step| step.copy = Some(Copy::Returned))
}

pub(crate) fn fetched() -> Move {
    step(Kind::AuthorityFetched, HANDLER, |ledger, step| {
        let need = "Placering på låst avdelning".to_owned();
        step.process = Some(Process::AuthorityFetched { registers: registers(ledger.role), need });
    })
}

pub(crate) fn assessed() -> Move {
    step(Kind::AssessmentMade, HANDLER, |_, step| {
        let finding = Finding { offence: "Stöld".to_owned(), years_ago: 9, relevance: "Ringa".to_owned() };
        step.assessment = Some(Assessment::Findings(vec![finding]));
    })
}

pub(crate) fn heard() -> Move {
    step(Kind::CandidateHeard, HANDLER, |_, step| {
        step.assessment = Some(Assessment::Heard("Det var länge sedan".to_owned()));
    })
}

pub(crate) fn reviewed() -> Move {
    step(Kind::SecondReviewed, REVIEWER, |_, step| {
        step.assessment = Some(Assessment::Reviewed { agrees: true, opinion: "Håller med".to_owned() });
    })
}

pub(crate) fn decided(outcome: Outcome) -> Move {
    let delegation = "Delegationsordningen 4.2".to_owned();
    process(Kind::DecisionMade, Process::DecisionMade { outcome, delegation, follow_up: None, support: None })
}

pub(crate) fn appealed() -> Move {
    process(Kind::AppealLodged, Process::AppealLodged { reference: "FR 77-26".to_owned() })
}

pub(crate) fn settled() -> Move {
    process(Kind::AppealSettled, Process::AppealSettled(AppealOutcome::Upheld))
}

pub(crate) fn in_force() -> Move {
    process(Kind::LegalForceGained, Process::LegalForceGained)
}

pub(crate) fn started() -> Move {
    process(Kind::EmploymentStarted, Process::EmploymentStarted)
}

pub(crate) fn moved() -> Move {
    process(Kind::EmploymentMoved, Process::EmploymentMoved { controller: OTHER_BOARD, unit: UNIT })
}

pub(crate) fn ended() -> Move {
    process(Kind::EmploymentEnded, Process::EmploymentEnded)
}

pub(crate) fn closed() -> Move {
    process(Kind::CaseClosed, Process::CaseClosed)
}

pub(crate) fn rectified(number: u32) -> Move {
    let correction = "Dagen var den 3 mars".to_owned();
    process(Kind::Rectified, Process::Rectified { number, correction })
}

pub(crate) fn renamed() -> Move {
    step(Kind::IdentityChanged, HANDLER, |_, step| step.identity = Some(identity(PERSON)))
}

pub(crate) fn reassigned() -> Move {
    step(Kind::Reassigned, HANDLER, |_, step| step.identity = Some(identity(OTHER_PERSON)))
}

pub(crate) fn held() -> Move {
    let held = Process::Held {
        ground: HoldGround::DisclosureRequest,
        owner: actor(HANDLER),
        review: day("2026-06-01"),
        remark: String::new(),
    };
    process(Kind::Held, held)
}

pub(crate) fn restricted() -> Move {
    let restricted = Process::Restricted {
        ground: RestrictionGround::Contested,
        owner: actor(HANDLER),
        review: day("2026-06-01"),
        remark: String::new(),
    };
    process(Kind::Restricted, restricted)
}

pub(crate) fn released(number: u32) -> Move {
    process(Kind::Released, Process::Released { number }).approved_by(Some(DELEGATE))
}

pub(crate) fn interrupted() -> Move {
    process(Kind::Interrupted, Process::Interrupted { reference: "DO 2026/9".to_owned() })
}

/// A search that found nothing.
pub(crate) fn searched() -> Move {
    let reading = Reading {
        thread: None,
        purpose: Purpose::Handling,
        remark: String::new(),
        compartments: Vec::new(),
        count: 0,
    };
    step(Kind::RecordRead, DECIDER, move |_, step| step.reading = Some(reading.clone())).of(READER)
}

pub(crate) fn read(purpose: Purpose) -> Move {
    let reading = Reading {
        thread: Some(CASE),
        purpose,
        remark: String::new(),
        compartments: vec![Compartment::Note],
        count: 1,
    };
    step(Kind::RecordRead, DECIDER, move |_, step| step.reading = Some(reading.clone())).of(READER)
}
