//! Bodies of sealed parts, each field by field, and bytes that are none.

mod bad;

pub(crate) use bad::rejected;

use vandel_core::event::{
    AppealOutcome, Approval, Assessment, Authenticity, BodySignature, Compartment, Copy, Finding, HoldGround,
    Identity, Kind, Note, Occasion, Opening, Outcome, PositionAssessment, Process, Purpose, Reading, Reasons,
    Register, RejectionReason, RestrictionGround, RoleCode, Spine, Support,
};
use vandel_core::hash::Hash;
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::IdentityNumber;

use crate::events::same;
use crate::fields::Fields;
use crate::file::Case;
use crate::world::{TODAY, actor, day, filler, public};

pub(crate) const THREAD: ThreadId = ThreadId([0x7e; 16]);
const CONTROLLER: ControllerId = ControllerId([0x11; 16]);
const UNIT: UnitId = UnitId([0x22; 16]);
const SUBJECT: SubjectId = SubjectId([0x5b; 16]);
/// A coordination number of the series set apart for tests: its day of the month has 60 added.
const COORDINATION: &str = "198507699805";
const PERSONAL: &str = "198507099805";

fn slot(slot: usize, fields: Fields, name: &str, comment: &str) -> Case {
    fields.accept(name, comment).context("slot", slot)
}

pub(crate) fn spine() -> Spine {
    Spine { thread: THREAD, number: 0, previous: Hash::ZERO, kind: Kind::CaseOpened, day: day(TODAY) }
}

fn spine_fields() -> Fields {
    Fields::new()
        .raw("thread", THREAD.0, "thread id")
        .varint("number", 0)
        .raw("previous", [0; 32], "hash of the thread's previous statement; zero for number 0")
        .term("kind", 1, "case_opened")
        .day("day", TODAY)
}

fn today() -> vandel_core::time::Day {
    day(TODAY)
}

pub(crate) fn identity() -> Identity {
    Identity {
        subject: SUBJECT,
        handle: "B7K-2QX".to_owned(),
        number: IdentityNumber::parse(&number(PERSONAL), today()).expect("a number for tests"),
        surname: "Åberg".to_owned(),
        given_name: "Anna".to_owned(),
        protected: false,
    }
}

/// The number with its check digit put right.
fn number(twelve: &str) -> String {
    let fits = |digit: &u8| IdentityNumber::parse(&format!("{}{digit}", &twelve[..11]), today()).is_ok();
    let digit = (0..10_u8).find(fits).expect("one check digit fits");
    format!("{}{digit}", &twelve[..11])
}

fn identity_fields(number: Fields) -> Fields {
    Fields::new()
        .raw("subject", SUBJECT.0, "subject id")
        .text("handle", "B7K-2QX")
        .inner("number ", number)
        .text("surname", "Åberg")
        .text("given_name", "Anna")
        .flag("protected", false)
}

fn identities() -> Vec<Case> {
    let personal = Fields::new().variant(0, "Personal").text("digits", &number(PERSONAL));
    let coordination = Fields::new().variant(1, "Coordination").text("digits", &number(COORDINATION));
    let without = Fields::new().variant(2, "None").term("reason", 0, "not_yet_assigned");
    let with = |text: &str| Identity {
        number: IdentityNumber::parse(&number(text), today()).expect("a number for tests"),
        ..identity()
    };
    let reason = vandel_core::person::NoNumberReason::NotYetAssigned;
    let nobody = Identity { number: IdentityNumber::None { reason }, ..identity() };
    vec![
        slot(
            1,
            same(identity_fields(personal), &with(PERSONAL)),
            "identity, personal number",
            "twelve digits",
        ),
        slot(
            1,
            same(identity_fields(coordination), &with(COORDINATION)),
            "identity, coordination number",
            "day + 60",
        ),
        slot(1, same(identity_fields(without), &nobody), "identity without a number", "and why"),
    ]
}

pub(crate) fn opening() -> Opening {
    Opening {
        subject: SUBJECT,
        controller: CONTROLLER,
        unit: UNIT,
        assignment: AssignmentId([0x33; 16]),
        reference: "dnr 17".to_owned(),
        role: RoleCode("CLERK".to_owned()),
        position: Some(ThreadId([0x99; 16])),
        occasion: Occasion::Renewal,
        offered: Some(day(TODAY - 3)),
    }
}

pub(crate) fn opening_fields() -> Fields {
    Fields::new()
        .variant(1, "CaseOpened")
        .raw("subject", SUBJECT.0, "subject id")
        .raw("controller", CONTROLLER.0, "controller id")
        .raw("unit", UNIT.0, "unit id")
        .raw("assignment", [0x33; 16], "assignment id")
        .text("reference", "dnr 17")
        .text("role", "CLERK")
        .some("position")
        .raw("position thread", [0x99; 16], "thread id")
        .term("occasion", 2, "renewal")
        .some("offered")
        .day("offered day", TODAY - 3)
}

fn position() -> (Fields, Process) {
    let assessed = PositionAssessment {
        controller: CONTROLLER,
        unit: UNIT,
        role: RoleCode("CLERK".to_owned()),
        title: "Registrator".to_owned(),
        need: "Behov".to_owned(),
        union_reference: "MBL 3".to_owned(),
        impact_reference: "DPIA 4".to_owned(),
        until: None,
    };
    let fields = Fields::new()
        .variant(0, "PositionAssessed")
        .raw("controller", CONTROLLER.0, "controller id")
        .raw("unit", UNIT.0, "unit id")
        .text("role", "CLERK")
        .text("title", "Registrator")
        .text("need", "Behov")
        .text("union_reference", "MBL 3")
        .text("impact_reference", "DPIA 4")
        .none("until");
    (fields, Process::PositionAssessed(assessed))
}

fn registers(index: u64, name: &str) -> Fields {
    Fields::new()
        .variant(index, name)
        .varint("registers length", 2)
        .term("registers 0", 0, "criminal_records")
        .term("registers 1", 1, "suspicions")
}

fn held(index: u64, name: &str, ground: u64, term: &str) -> Fields {
    Fields::new()
        .variant(index, name)
        .term("ground", ground, term)
        .raw("owner", [0xd0; 16], "actor id")
        .day("review", TODAY + 30)
        .text("remark", "r")
}

/// Every variant of the process compartment, in wire order.
fn processes() -> Vec<(Fields, Process)> {
    let both = || vec![Register::CriminalRecords, Register::Suspicions];
    let bare = |index, name| Fields::new().variant(index, name);
    let reference = |index, name| bare(index, name).text("reference", "dnr 9");
    let (owner, review, remark) = (actor(0xd0), day(TODAY + 30), || "r".to_owned());
    let decided = bare(10, "DecisionMade")
        .term("outcome", 1, "fit-with-support")
        .text("delegation", "§ 4")
        .some("follow_up")
        .day("follow_up day", TODAY + 90)
        .some("support")
        .term("support term", 0, "supervision");
    let decision = Process::DecisionMade {
        outcome: Outcome::FitWithSupport,
        delegation: "§ 4".to_owned(),
        follow_up: Some(day(TODAY + 90)),
        support: Some(Support::Supervision),
    };
    let fetched = registers(9, "AuthorityFetched").text("need", "Behov");
    let moved = bare(15, "EmploymentMoved")
        .raw("controller", CONTROLLER.0, "controller id")
        .raw("unit", UNIT.0, "unit id");
    let rejected = bare(8, "ExtractRejected").term("reason", 1, "wrong-law");
    let settled = bare(12, "AppealSettled").term("outcome", 2, "withdrawn");
    let rectified = bare(18, "Rectified").varint("number", 300).text("correction", "rätt");
    let (need, reference_text) = ("Behov".to_owned(), || "dnr 9".to_owned());
    let correction = "rätt".to_owned();
    vec![
        position(),
        (opening_fields(), Process::CaseOpened(opening())),
        (registers(2, "InformationGiven"), Process::InformationGiven(both())),
        (bare(3, "InformationAcknowledged"), Process::InformationAcknowledged),
        (bare(4, "ConsentGiven"), Process::ConsentGiven),
        (bare(5, "ConsentWithdrawn"), Process::ConsentWithdrawn),
        (bare(6, "CandidateWithdrew"), Process::CandidateWithdrew),
        (registers(7, "ExtractRequested"), Process::ExtractRequested(both())),
        (rejected, Process::ExtractRejected(RejectionReason::WrongLaw)),
        (fetched, Process::AuthorityFetched { registers: both(), need }),
        (decided, decision),
        (reference(11, "AppealLodged"), Process::AppealLodged { reference: reference_text() }),
        (settled, Process::AppealSettled(AppealOutcome::Withdrawn)),
        (bare(13, "LegalForceGained"), Process::LegalForceGained),
        (bare(14, "EmploymentStarted"), Process::EmploymentStarted),
        (moved, Process::EmploymentMoved { controller: CONTROLLER, unit: UNIT }),
        (bare(16, "EmploymentEnded"), Process::EmploymentEnded),
        (bare(17, "CaseClosed"), Process::CaseClosed),
        (rectified, Process::Rectified { number: 300, correction }),
        (
            held(19, "Held", 1, "dispute"),
            Process::Held { ground: HoldGround::Dispute, owner, review, remark: remark() },
        ),
        (bare(20, "Released").varint("number", 3), Process::Released { number: 3 }),
        (
            held(21, "Restricted", 3, "objection"),
            Process::Restricted { ground: RestrictionGround::Objection, owner, review, remark: remark() },
        ),
        (reference(22, "Interrupted"), Process::Interrupted { reference: reference_text() }),
    ]
}

fn notes() -> Vec<Case> {
    let bare = Fields::new()
        .variant(0, "Shown")
        .none("issued")
        .none("law")
        .none("registers")
        .none("authenticity")
        .none("remark");
    let shown = Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None };
    let full = Fields::new()
        .variant(0, "Shown")
        .some("issued")
        .day("issued day", TODAY - 10)
        .some("law")
        .text("law number", "2013:852")
        .some("registers")
        .varint("registers length", 1)
        .term("registers 0", 2, "criminal_records_without_fines")
        .some("authenticity")
        .term("authenticity term", 1, "control-service")
        .some("remark")
        .text("remark words", "r");
    let everything = Note::Shown {
        issued: Some(day(TODAY - 10)),
        law: Some("2013:852".to_owned()),
        registers: Some(vec![Register::CriminalRecordsWithoutFines]),
        authenticity: Some(Authenticity::ControlService),
        remark: Some("r".to_owned()),
    };
    let exempted = Fields::new().variant(1, "Exempted").raw("thread", THREAD.0, "the earlier case").raw(
        "statement",
        filler("note"),
        "hash of the statement that holds the earlier note",
    );
    let relied = Note::Exempted { thread: THREAD, statement: Hash(filler("note")) };
    vec![
        slot(3, same(bare, &shown), "note", "visats upp, and nothing more"),
        slot(3, same(full, &everything), "note with every field", "for modes that may keep them"),
        slot(3, same(exempted, &relied), "exemption", "an earlier note is relied on"),
    ]
}

fn copies_and_readings() -> Vec<Case> {
    let document = Fields::new()
        .variant(0, "Document")
        .text("media_type", "application/pdf")
        .varint("bytes length", 4)
        .raw("bytes", b"%PDF", "the document");
    let stored = Copy::Document { media_type: "application/pdf".to_owned(), bytes: b"%PDF".to_vec() };
    let paper = Fields::new().variant(1, "Paper").text("place", "skåp 2");
    let returned = Fields::new().variant(2, "Returned");
    let reading = Fields::new()
        .some("thread")
        .raw("thread id", THREAD.0, "the case that was shown")
        .term("purpose", 2, "subject-access")
        .text("remark", "art. 15")
        .varint("compartments length", 2)
        .term("compartments 0", 1, "identity")
        .term("compartments 1", 3, "note")
        .varint("count", 1);
    let read = Reading {
        thread: Some(THREAD),
        purpose: Purpose::SubjectAccess,
        remark: "art. 15".to_owned(),
        compartments: vec![Compartment::Identity, Compartment::Note],
        count: 1,
    };
    let approval = Fields::new()
        .raw("key", public("dora").0, "the approver's public key")
        .raw("R", filler("R"), "first half of the signature")
        .raw("S", filler("S"), "second half");
    let approved = Approval { key: public("dora"), signature: BodySignature(filler("R"), filler("S")) };
    vec![
        slot(4, same(document, &stored), "copy, document", "the bytes themselves"),
        slot(4, same(paper, &Copy::Paper { place: "skåp 2".to_owned() }), "copy, paper", "where it lies"),
        slot(4, same(returned, &Copy::Returned), "copy, returned", "no field"),
        slot(6, same(reading, &read), "reading", "one case, two compartments"),
        slot(7, same(approval, &approved), "approval", "a body does not tell whether the signature fits"),
    ]
}

fn assessments() -> Vec<Case> {
    let findings = Fields::new()
        .variant(0, "Findings")
        .varint("length", 1)
        .text("0 offence", "stöld")
        .raw("0 years_ago", [7], "u8: 7")
        .text("0 relevance", "ringa");
    let found = Finding { offence: "stöld".to_owned(), years_ago: 7, relevance: "ringa".to_owned() };
    let heard = Fields::new().variant(1, "Heard").text("words", "jag var ung");
    let reviewed = Fields::new().variant(2, "Reviewed").flag("agrees", true).text("opinion", "delas");
    let review = Assessment::Reviewed { agrees: true, opinion: "delas".to_owned() };
    let reasons = Fields::new()
        .variant(3, "Reasons")
        .text("relevance", "ringa")
        .text("time_elapsed", "sju år")
        .text("remark", "");
    let (relevance, time_elapsed, remark) = ("ringa".to_owned(), "sju år".to_owned(), String::new());
    let why = Assessment::Reasons(Reasons { relevance, time_elapsed, remark });
    vec![
        slot(5, same(findings, &Assessment::Findings(vec![found])), "findings", "one entry"),
        slot(5, same(heard, &Assessment::Heard("jag var ung".to_owned())), "heard", "the candidate's words"),
        slot(5, same(reviewed, &review), "reviewed", "the second reviewer agrees"),
        slot(5, same(reasons, &why), "reasons", "an empty text is one zero byte"),
    ]
}

pub(crate) fn accepted() -> Vec<Case> {
    let later = Spine {
        number: 300,
        previous: Hash(filler("previous")),
        kind: Kind::RecordRead,
        day: day(-1),
        ..spine()
    };
    let later_fields = Fields::new()
        .raw("thread", THREAD.0, "thread id")
        .varint("number", 300)
        .raw("previous", filler("previous"), "hash of the previous statement")
        .term("kind", 32, "record_read, the last kind")
        .day("day", -1);
    let mut cases = vec![
        slot(0, same(spine_fields(), &spine()), "spine", "the first step of a case"),
        slot(0, same(later_fields, &later), "spine, later", "two-byte varint, negative day"),
    ];
    cases.extend(identities());
    for (index, (fields, value)) in processes().into_iter().enumerate() {
        let name = format!("process {index}, {}", value.kind().name());
        cases.push(slot(2, same(fields, &value), &name, "in wire order"));
    }
    cases.extend(notes());
    cases.extend(copies_and_readings());
    cases.extend(assessments());
    cases
}
