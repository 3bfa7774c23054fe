//! The conduct audit, given–when–then: each question names the case that it should and not the other.
//!
//! What is named here can't get in through admission; these steps are put into the log by hand.

use vandel_core::conduct::hires::{Hire, Outcome as Found, commitment, reconcile};
use vandel_core::conduct::{Breach, Conduct, Question};
use vandel_core::event::{Note, Outcome, Process, Purpose};
use vandel_core::hash::Hash;
use vandel_core::id::ThreadId;
use vandel_core::payload::Payload;
use vandel_core::person::{IdentityNumber, PersonalNumber};
use vandel_core::record::{Record, encode_record};
use vandel_core::statement::Body;
use vandel_core::verify::{Opening, Openings, Wanted};

use crate::ledger::{HANDLER, Ledger, SERVICE, TODAY, day, ledger};
use crate::moves::{
    CASE, Move, OTHER_CASE, acknowledged, closed, copied, decided, held, informed, opened, read, requested,
    shown, started,
};

struct Only(Payload);

impl Openings for Only {
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening> {
        wanted.iter().map(|_| Opening::Whole(Box::new(self.0.clone()))).collect()
    }
}

/// A log that somebody wrote past admission, and the audit that reads along.
struct Told {
    ledger: Ledger,
    conduct: Conduct,
}

impl Told {
    fn under(role: &'static str) -> Self {
        let ledger = ledger(role);
        let mut conduct = Conduct::default();
        conduct.threads.clone_from(&ledger.threads);
        Self { ledger, conduct }
    }

    fn and(mut self, steps: impl IntoIterator<Item = Move>) -> Self {
        for what in steps {
            let signed = self.ledger.sign(&what);
            let chain = &self.ledger.chain;
            let bytes = encode_record(chain.size(), self.ledger.at, &chain.head, &signed.bytes);
            let record = Record::decode(&bytes).unwrap();
            self.conduct.visit(chain, &record, &mut Only(signed.payload.clone()));
            let Body::Sealed(commitment) = signed.statement.body else { panic!("a step is sealed") };
            let step = signed.payload.open(&commitment).unwrap();
            let author = chain.keyring.get(&signed.statement.author).unwrap().actor;
            let number = self.ledger.append(std::slice::from_ref(&signed.bytes), SERVICE).unwrap();
            self.ledger.threads.fold(&step, author, number, signed.hash);
        }
        self
    }

    /// The breaches that answer a question; no other question has any.
    #[track_caller]
    fn names(mut self, question: Question) -> Vec<Breach> {
        self.conduct.finish(&self.ledger.chain);
        let (found, others): (Vec<_>, Vec<_>) =
            self.conduct.breaches.into_iter().partition(|breach| breach.question == question);
        assert!(others.is_empty(), "{others:?}");
        found
    }
}

fn school() -> Vec<Move> {
    vec![opened(), shown("SCHOOL").stating_nothing(), closed()]
}

/// A home's case as it should be, to the extract.
fn home() -> Vec<Move> {
    vec![opened(), informed(), acknowledged(), requested(), shown("HVB"), copied()]
}

/// The same steps in another person's case for another vacancy, with one of them exchanged.
fn other(steps: Vec<Move>, at: usize, exchanged: Move) -> Vec<Move> {
    let mut steps: Vec<Move> = steps.into_iter().map(elsewhere).collect();
    steps[at] = elsewhere(exchanged);
    let opening = steps.remove(0);
    steps.insert(0, vacancy(opening));
    steps
}

fn elsewhere(step: Move) -> Move {
    step.of(OTHER_CASE)
}

fn threads(found: &[Breach]) -> Vec<ThreadId> {
    let mut threads: Vec<ThreadId> = found.iter().map(|breach| breach.thread).collect();
    threads.dedup();
    threads
}

fn vacancy(step: Move) -> Move {
    step.opening(|opening| opening.assignment = vandel_core::id::AssignmentId([8; 16]))
}

#[test]
fn a_check_without_a_ground_is_named_and_one_with_a_ground_is_not() {
    let groundless = vacancy(opened()).opening(|opening| opening.role.0 = "NONE".to_owned()).of(OTHER_CASE);
    let found = Told::under("SCHOOL").and(school()).and([groundless]).names(Question::Ground);
    assert_eq!(threads(&found), [OTHER_CASE], "{found:?}");
    assert!(!found[0].paragraph.is_empty());
}

#[test]
fn an_old_extract_is_named_where_its_day_is_kept_and_counted_where_it_may_not_be() {
    let old = |step: &mut vandel_core::event::Step| {
        if let Some(Note::Shown { issued, .. }) = &mut step.note {
            *issued = Some(day("2025-01-01"));
        }
    };
    let bad = other(home(), 4, shown("HVB").with(old));
    let told = Told::under("HVB").and(home()).and(bad);
    let notes = told.conduct.notes["HVB"];
    assert_eq!((notes.checks, notes.judged, notes.not_checkable), (4, 2, 0), "two notes and two copies");
    let found = told.names(Question::Extract);
    assert_eq!(threads(&found), [OTHER_CASE], "{found:?}");

    let told = Told::under("SCHOOL").and(school());
    let notes = told.conduct.notes["SCHOOL"];
    assert_eq!((notes.judged, notes.not_checkable), (0, 1));
    assert!(told.names(Question::Extract).is_empty(), "what may not be kept accuses nobody");
}

#[test]
fn who_notes_or_decides_without_the_role_or_a_delegation_is_named() {
    let noted = other(school(), 1, shown("SCHOOL").stating_nothing().by(HANDLER));
    let found = Told::under("SCHOOL").and(school()).and(noted).names(Question::Delegation);
    assert_eq!(threads(&found), [OTHER_CASE], "{found:?}");

    let blank = |step: &mut vandel_core::event::Step| {
        if let Some(Process::DecisionMade { delegation, .. }) = &mut step.process {
            " ".clone_into(delegation);
        }
    };
    let good = home().into_iter().chain([decided(Outcome::Fit)]);
    let bad = other(home(), 5, copied()).into_iter().chain([elsewhere(decided(Outcome::Fit).with(blank))]);
    let told = Told::under("HVB").and(good).and(bad);
    assert_eq!(told.conduct.decisions.len(), 2);
    let found = told.names(Question::Delegation);
    assert_eq!(threads(&found), [OTHER_CASE], "{found:?}");
}

#[test]
fn a_remark_beside_a_note_is_named_as_over_documentation() {
    let remark = |step: &mut vandel_core::event::Step| {
        if let Some(Note::Shown { remark, .. }) = &mut step.note {
            *remark = Some("utan anmärkning".to_owned());
        }
    };
    let written = other(school(), 1, shown("SCHOOL").stating_nothing().with(remark));
    let found = Told::under("SCHOOL").and(school()).and(written).names(Question::Recorded);
    assert_eq!(threads(&found), [OTHER_CASE], "{found:?}");
    assert!(!found[0].what.contains("anmärkning"), "a report quotes nothing from the case");
}

#[test]
fn work_before_the_check_is_named_and_work_after_it_is_not() {
    let good = home().into_iter().chain([decided(Outcome::Fit), started()]);
    let early = [vacancy(opened()).of(OTHER_CASE), started().on("2026-03-03").of(OTHER_CASE)];
    let found = Told::under("HVB").and(good).and(early).names(Question::Start);
    assert_eq!(threads(&found), [OTHER_CASE], "{found:?}");
    assert!(found[0].what.contains("no check"), "{found:?}");
}

#[test]
fn other_rules_are_named_too() {
    let found = Told::under("SCHOOL").and(school()).and([shown("SCHOOL").stating_nothing()]);
    let found = found.names(Question::OtherRule);
    assert_eq!(found.len(), 1, "nothing is noted in a closed case: {found:?}");
}

#[test]
fn readings_tell_what_should_be_looked_into() {
    let told = Told::under("SCHOOL").and([opened(), read(Purpose::Handling)]);
    let told = told.and([shown("SCHOOL").stating_nothing(), closed(), read(Purpose::Handling)]);
    let readings: Vec<bool> = told.conduct.readings.iter().map(|read| read.closed).collect();
    assert_eq!(readings, [false, true]);
    assert!(told.conduct.readings.iter().all(|read| !read.protected));
    let hidden = opened().with(|step| {
        if let Some(identity) = &mut step.identity {
            identity.protected = true;
        }
    });
    let told = Told::under("SCHOOL").and([hidden, read(Purpose::Handling)]);
    assert!(told.conduct.readings[0].protected);
    assert!(told.names(Question::OtherRule).is_empty());
}

fn number(text: &str) -> PersonalNumber {
    IdentityNumber::parse(text, day(TODAY)).unwrap().number().unwrap().clone()
}

#[test]
fn every_hire_is_matched_and_who_had_no_check_is_named() {
    // Numbers of Skatteverket's test series.
    let (known, unknown) = (number("19961010-9945"), number("19900101-9802"));
    let told = Told::under("SCHOOL").and([opened().on("2026-03-02")]);
    let told = told.and([shown("SCHOOL").stating_nothing().on("2026-03-10"), closed().on("2026-03-10")]);
    let hire = |line, number: Option<&PersonalNumber>, role: &str, start: &str| Hire {
        line,
        number: number.cloned(),
        role: role.to_owned(),
        start: day(start),
        reference: "REK-2026/1".to_owned(),
    };
    let hires = [
        (hire(2, Some(&known), "SCHOOL", "2026-03-15"), Found::Checked),
        (hire(3, Some(&known), "SCHOOL", "2026-03-05"), Found::Late),
        (hire(4, Some(&unknown), "SCHOOL", "2026-03-15"), Found::NoCase),
        (hire(5, Some(&known), "HVB", "2026-03-15"), Found::NoCase),
        (hire(6, Some(&unknown), "CHILD", "2026-03-15"), Found::NotDemanded),
        (hire(7, Some(&known), "GARDENER", "2026-03-15"), Found::UnknownRole),
        (hire(8, None, "SCHOOL", "2026-03-15"), Found::NoNumber),
    ];
    let (list, expected): (Vec<_>, Vec<_>) = hires.into_iter().unzip();
    assert_eq!(reconcile(&told.ledger.chain, &told.conduct, &list), expected);
    let open = Told::under("SCHOOL").and([opened()]);
    let found = reconcile(&open.ledger.chain, &open.conduct, &list[..1]);
    assert_eq!(found, [Found::NoCheck]);
}

#[test]
fn a_commitment_is_to_the_file_and_to_every_outcome() {
    let rows = [(2, Found::Checked), (3, Found::NoCase)];
    let made = |salt: u8, file: u8, rows: &[(usize, Found)]| commitment(&[salt; 32], &Hash([file; 32]), rows);
    let first = made(1, 2, &rows);
    for other in [
        made(2, 2, &rows),
        made(1, 3, &rows),
        made(1, 2, &rows[..1]),
        made(1, 2, &[rows[0], (3, Found::Late)]),
    ] {
        assert_ne!(first, other);
    }
}

#[test]
fn holds_stay_known_with_owner_and_review() {
    let told = Told::under("SCHOOL").and([opened(), held()]);
    let case = told.conduct.threads.case(&CASE).unwrap();
    assert_eq!(case.holds.values().map(|hold| hold.review).collect::<Vec<_>>(), [day("2026-06-01")]);
}
