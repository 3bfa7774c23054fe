//! The audit with openings, given–when–then: what neither opens nor was erased, what an erasure covers, and which step
//! is accused of which rule.

use std::collections::BTreeMap;

use vandel_core::event::{ErasureCompleted, ErasureExecuted, ErasureStarted, OpenEvent, Role, RootCellKind};
use vandel_core::hash::Hash;
use vandel_core::payload::Slot;
use vandel_core::time::Second;
use vandel_core::verify::{
    Audit, Level, LogEnd, Opening, Openings, Report, Request, RuleReport, Verdict, Wanted,
};

use crate::ledger::{ANNA, DELEGATE, HANDLER, Ledger, SERVICE, STRANGER, actor, everywhere, ledger};
use crate::moves::{
    CASE, Move, OTHER_CASE, acknowledged, closed, copied, informed, opened, opened_for, renamed, requested,
    shown, started,
};

/// What is held for a record in place of its payload.
#[derive(Clone)]
pub(crate) enum Instead {
    Erased,
    Missing,
    Damaged,
    /// The parts in these slots are gone.
    Without(Vec<Slot>),
    /// What belongs to another record.
    Of(u64),
}

/// The openings of a ledger, with some of them exchanged.
struct Vault<'l> {
    ledger: &'l Ledger,
    instead: BTreeMap<u64, Instead>,
    state: Option<(u64, Hash)>,
    asked: Vec<Wanted>,
}

impl Openings for Vault<'_> {
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening> {
        self.asked.extend(wanted);
        let payload = |record: &u64| Box::new(self.ledger.payloads[record].clone());
        let open = |wanted: &Wanted| match self.instead.get(&wanted.record) {
            None => Opening::Whole(payload(&wanted.record)),
            Some(Instead::Erased) => Opening::Erased,
            Some(Instead::Missing) => Opening::Missing,
            Some(Instead::Damaged) => Opening::Damaged("torn".to_owned()),
            Some(Instead::Of(other)) => Opening::Whole(payload(other)),
            Some(Instead::Without(slots)) => {
                let mut part = payload(&wanted.record);
                slots.iter().for_each(|slot| part.parts[slot.index()] = None);
                Opening::Part(part, slots.clone())
            }
        };
        wanted.iter().map(open).collect()
    }

    fn vault(&self) -> Option<(u64, Hash)> {
        self.state
    }
}

pub(crate) fn audited(ledger: &Ledger, request: Request, instead: &[(u64, Instead)]) -> Report {
    audited_from(ledger, request, instead, None)
}

fn audited_from(
    ledger: &Ledger,
    request: Request,
    instead: &[(u64, Instead)],
    state: Option<(u64, Hash)>,
) -> Report {
    let instead = instead.iter().cloned().collect();
    let mut vault = Vault { ledger, instead, state, asked: Vec::new() };
    let mut audit = Audit::new(request, Some(&mut vault));
    ledger.blocks.iter().for_each(|block| audit.block(block.clone()));
    audit.finish(LogEnd::Whole)
}

fn judged(ledger: &Ledger, instead: &[(u64, Instead)]) -> Report {
    audited(ledger, Request::default(), instead)
}

/// The codes of the findings, and their records.
pub(crate) fn found(report: &Report) -> Vec<(&str, Option<u64>)> {
    report.findings.iter().map(|finding| (finding.code.as_str(), finding.record)).collect()
}

pub(crate) fn having(role: &'static str, steps: impl IntoIterator<Item = Move>) -> Ledger {
    let mut ledger = ledger(role);
    for step in steps {
        ledger.take(step);
    }
    ledger
}

/// A step that admission would refuse, in the log all the same.
fn by_hand(ledger: &mut Ledger, step: &Move) -> u64 {
    ledger.put(step, actor(step.by));
    ledger.chain.size() - 1
}

/// A school case: the position in record 10, then opening, note and closing.
pub(crate) fn school() -> Ledger {
    having("SCHOOL", [opened(), shown("SCHOOL"), closed()])
}

/// Starts an erasure of these records; its record.
pub(crate) fn start_erasure(ledger: &mut Ledger, records: &[u64]) -> u64 {
    let (records, plan) = (records.to_vec(), Hash([7; 32]));
    let event = OpenEvent::ErasureStarted(ErasureStarted { records, plan, expires: Second(4_000_000_000) });
    ledger.say_as(event, ANNA, Some(DELEGATE)).unwrap()
}

pub(crate) fn execute_erasure(ledger: &mut Ledger, started: u64, epoch: u64, manifest: Hash) -> u64 {
    let executed = ErasureExecuted { started, root_cell: RootCellKind::File, epoch, manifest };
    ledger.say(OpenEvent::ErasureExecuted(executed)).unwrap()
}

fn rule<'r>(report: &'r Report, name: &str) -> &'r RuleReport {
    report.rules.iter().find(|rule| rule.rule == name).unwrap()
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.levels.iter().map(|level| level.verdict).collect()
}

fn is_said(report: &Report, words: &str) -> bool {
    report.not_looked_at.iter().any(|line| line.contains(words))
}

#[test]
fn a_sound_case_is_judged_again_rule_by_rule() {
    let ledger = school();
    let mut vault = Vault { ledger: &ledger, instead: BTreeMap::new(), state: None, asked: Vec::new() };
    let mut audit = Audit::new(Request::default(), Some(&mut vault));
    ledger.blocks.iter().for_each(|block| audit.block(block.clone()));
    let report = audit.finish(LogEnd::Whole);
    assert_eq!(found(&report), []);
    let counts = &report.counts;
    assert_eq!((counts.sealed, counts.commitments, counts.erased), (4, 4, 0));
    assert_eq!((counts.steps_judged, counts.steps_beyond_judging, counts.threads), (4, 0, 2));
    assert_eq!(counts.overdue, None, "nobody asked");
    assert_eq!(verdicts(&report), [Verdict::NotProven, Verdict::Passed, Verdict::Passed]);
    let (extract, thread) = (rule(&report, "extract"), rule(&report, "thread"));
    assert_eq!((extract.recheck, extract.replayed, extract.attested, extract.refused), ("attested", 3, 1, 0));
    assert_eq!((thread.recheck, thread.replayed, thread.attested, thread.refused), ("replayable", 4, 0, 0));
    assert!(!extract.paragraph.is_empty());
    assert!(is_said(&report, "attested") && is_said(&report, "retention day"));
    assert!(!is_said(&report, "beyond") && !is_said(&report, "could not be judged"));
    assert!(!is_said(&report, "contents of sealed records") && !is_said(&report, "still open in full"));
    // The openings are asked for by record, statement and commitment, in order.
    let wanted =
        |(record, payload): (&u64, &vandel_core::payload::Payload)| (*record, payload.header.commitment());
    let asked: Vec<_> = vault.asked.iter().map(|one| (one.record, one.commitment)).collect();
    assert_eq!(asked, ledger.payloads.iter().map(wanted).collect::<Vec<_>>());
    let last = ledger.threads.get(&CASE).unwrap().previous;
    assert_eq!(vault.asked.last().map(|one| one.statement), Some(last));
}

#[test]
fn what_neither_opens_nor_was_erased_is_found_and_nobody_else_is_accused() {
    let ledger = school();
    for record in 10..=13_u64 {
        for (instead, code, opened) in [
            (Instead::Missing, "payload-missing", 3),
            (Instead::Damaged, "payload-damaged", 3),
            (Instead::Of((record - 9) % 4 + 10), "payload-commitment", 4),
        ] {
            let report = judged(&ledger, &[(record, instead.clone())]);
            assert_eq!(found(&report), [(code, Some(record))], "later steps do not answer for a hole");
            assert_eq!(report.findings[0].level, Level::Coverage);
            let block = (code != "payload-missing").then_some(record);
            assert_eq!(report.findings[0].block, block, "a block holds one record here");
            assert_eq!((report.counts.commitments, report.counts.erased), (opened, 0));
            // Steps after a hole in the case's own chain can't be judged.
            let later = if record == 10 { 0 } else { 13 - record };
            assert_eq!(report.counts.steps_beyond_judging, later, "{code} at {record}");
            assert_eq!(is_said(&report, "could not be judged"), later > 0);
            assert_eq!(report.exit, 3);
            assert_eq!(verdicts(&report)[1..], [Verdict::Failed, Verdict::Passed]);
            assert_eq!(report.counts.steps_judged, 3);
        }
    }
    let missing = judged(&ledger, &[(13, Instead::Missing)]);
    assert!(missing.findings[0].what.contains("no payload is held"));
}

#[test]
fn what_was_destroyed_without_an_erasure_is_found() {
    let ledger = school();
    let whole = judged(&ledger, &[(13, Instead::Erased)]);
    assert_eq!(found(&whole), [("erased-without-erasure", Some(13))]);
    assert!(whole.findings[0].what.contains("all keys"));
    assert_eq!((whole.counts.erased, whole.counts.commitments, whole.counts.steps_judged), (1, 3, 3));
    for (record, slot) in [(11, Slot::Identity), (11, Slot::Process), (12, Slot::Note)] {
        let report = judged(&ledger, &[(record, Instead::Without(vec![slot]))]);
        assert_eq!(found(&report), [("erased-without-erasure", Some(record))], "{slot:?}");
        assert!(report.findings[0].what.contains("some parts"));
        assert_eq!(report.counts.commitments, 4, "the rest opens");
    }
    // The spines of a case live and die together. Without a hole that explains it, what follows is accused.
    let report = judged(&ledger, &[(11, Instead::Erased)]);
    assert_eq!(found(&report)[0], ("erased-without-erasure", Some(11)));
    assert_eq!((found(&report)[1].1, report.findings[1].level), (Some(12), Level::Conduct));
    assert_eq!(rule(&report, "thread").refused, 2);
}

#[test]
fn an_erasure_covers_the_records_that_it_names_and_no_others() {
    let mut ledger = school();
    let all = |instead: &Instead| [11, 12, 13].map(|record| (record, instead.clone()));
    let started = start_erasure(&mut ledger, &[11, 12]);
    for instead in [Instead::Erased, Instead::Without(vec![Slot::Process, Slot::Note, Slot::Identity])] {
        let report = judged(&ledger, &all(&instead));
        assert_eq!(
            found(&report),
            [("erased-without-erasure", Some(13))],
            "under way, and not of this record"
        );
    }
    let missing = judged(&ledger, &[(12, Instead::Missing)]);
    assert_eq!(found(&missing), [], "what is erased may be gone altogether");
    start_erasure(&mut ledger, &[13]);
    let report = judged(&ledger, &all(&Instead::Erased));
    assert_eq!((found(&report), report.counts.erased, report.counts.threads), (vec![], 3, 1));
    assert!(!is_said(&report, "still open in full"), "not executed");
    execute_erasure(&mut ledger, started, 2, Hash([5; 32]));
    assert!(is_said(&judged(&ledger, &[(11, Instead::Erased)]), "1 record(s) named by an executed erasure"));
    assert!(is_said(&judged(&ledger, &[]), "2 record(s) named by an executed erasure"));
    assert!(!is_said(&judged(&ledger, &all(&Instead::Erased)), "named by an executed erasure"));
    let completed = OpenEvent::ErasureCompleted(ErasureCompleted { started, oldest_epoch: 2 });
    ledger.say_as(completed, ANNA, Some(DELEGATE)).unwrap();
    assert_eq!(found(&judged(&ledger, &all(&Instead::Erased))), []);
}

#[test]
fn an_identity_that_was_replaced_needs_no_erasure_and_its_successor_does() {
    let ledger = having("SCHOOL", [opened(), renamed(), shown("SCHOOL"), renamed()]);
    let gone = |records: &[u64], slots: &[Slot]| {
        let instead: Vec<_> =
            records.iter().map(|record| (*record, Instead::Without(slots.to_vec()))).collect();
        found(&judged(&ledger, &instead)).iter().map(|(_, record)| record.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(gone(&[11, 12], &[Slot::Identity]), [0; 0]);
    assert_eq!(gone(&[14], &[Slot::Identity]), [14], "the one in force");
    assert_eq!(gone(&[11], &[Slot::Identity, Slot::Process]), [11], "not the identity alone");
    assert_eq!(gone(&[13], &[Slot::Note]), [13], "a note is replaced by nothing");
}

#[test]
fn what_rested_on_erased_parts_is_not_accused_and_the_same_in_another_case_is() {
    let mut ledger = having("SCHOOL", [opened(), shown("SCHOOL"), closed()]);
    ledger.take(opened_for(crate::moves::OTHER_PERSON).of(OTHER_CASE));
    // A note in a closed case, and one by somebody who may note nothing.
    let late = by_hand(&mut ledger, &shown("SCHOOL").stating_nothing());
    let wrong = by_hand(&mut ledger, &shown("SCHOOL").stating_nothing().by(HANDLER).of(OTHER_CASE));
    start_erasure(&mut ledger, &[11]);
    let report = judged(&ledger, &[]);
    assert_eq!(found(&report), [("closed", Some(late)), ("role", Some(wrong))]);
    assert_eq!((rule(&report, "closed").refused, rule(&report, "role").refused), (1, 1));
    assert_eq!(verdicts(&report)[1..], [Verdict::Passed, Verdict::Failed]);
    let report = judged(&ledger, &[(11, Instead::Without(vec![Slot::Process]))]);
    assert_eq!(found(&report), [("role", Some(wrong))], "what is gone may be the reason");
    assert_eq!(report.counts.steps_beyond_judging, 1);
    assert!(is_said(&report, "1 step(s) could not be judged"));
    assert_eq!(rule(&report, "closed").refused, 0);
    // A name changes no rule.
    let report = judged(&ledger, &[(11, Instead::Without(vec![Slot::Identity]))]);
    assert_eq!(found(&report), [("closed", Some(late)), ("role", Some(wrong))]);
}

#[test]
fn an_old_vault_in_which_the_erased_still_opens_is_found() {
    let mut ledger = school();
    let manifest = |number: u8| Hash([number; 32]);
    let behind = |ledger: &Ledger, state| {
        let report = audited_from(ledger, Request::default(), &[], state);
        found(&report).first().map(|(code, record)| ((*code).to_owned(), record.unwrap()))
    };
    let first = start_erasure(&mut ledger, &[12]);
    assert_eq!(behind(&ledger, Some((0, manifest(9)))), None, "not executed");
    execute_erasure(&mut ledger, first, 2, manifest(2));
    let second = start_erasure(&mut ledger, &[13]);
    let second = execute_erasure(&mut ledger, second, 4, manifest(4));
    let found_at_second = Some(("vault-behind-erasure".to_owned(), second));
    for (state, expected) in [
        (None, None),
        (Some((1, manifest(1))), found_at_second.clone()),
        (Some((2, manifest(2))), found_at_second.clone()),
        (Some((4, manifest(2))), found_at_second),
        (Some((4, manifest(4))), None),
        (Some((5, manifest(5))), None),
    ] {
        assert_eq!(behind(&ledger, state), expected, "{state:?}");
    }
    // Openings that come from no vault have no age.
    let mut nothing = Nothing;
    let mut audit = Audit::new(Request::default(), Some(&mut nothing));
    ledger.blocks.iter().for_each(|block| audit.block(block.clone()));
    let report = audit.finish(LogEnd::Whole);
    assert_eq!(found(&report), [("payload-missing", Some(10)), ("payload-missing", Some(11))]);
}

/// Holds nothing.
struct Nothing;

impl Openings for Nothing {
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening> {
        wanted.iter().map(|_| Opening::Missing).collect()
    }
}

#[test]
fn work_that_begins_before_the_check_is_found_where_the_law_demands_one() {
    let home = || having("HVB", [opened(), informed(), acknowledged(), requested()]);
    let checked = |day: &str| {
        let mut ledger = home();
        for step in [shown("HVB"), copied()] {
            by_hand(&mut ledger, &step.on("2026-03-10"));
        }
        let start = by_hand(&mut ledger, &started().on(day));
        let report = judged(&ledger, &[]);
        let found = report.findings.into_iter().find(|finding| finding.record == Some(start));
        found.filter(|finding| finding.level == Level::Conduct)
    };
    let early = checked("2026-03-09").unwrap();
    assert_eq!(early.code, "checked-after-start");
    assert_eq!(early.expected.as_deref(), Some("a check by 2026-03-09"));
    assert_eq!(early.found.as_deref(), Some("a check on 2026-03-10"));
    assert!(early.paragraph.unwrap().contains("2007:171"));
    let codes = |finding: Option<vandel_core::verify::Finding>| finding.map(|finding| finding.code);
    assert_ne!(codes(checked("2026-03-10")).as_deref(), Some("checked-after-start"), "on the same day");

    let mut unchecked = home();
    let start = by_hand(&mut unchecked, &started());
    let report = judged(&unchecked, &[]);
    assert!(found(&report).contains(&("started-without-check", Some(start))), "{:?}", found(&report));
    // Whether one was demanded can't be told without the opening, and elsewhere none is.
    let report = judged(&unchecked, &[(11, Instead::Without(vec![Slot::Process]))]);
    assert!(!found(&report).iter().any(|(code, _)| *code == "started-without-check"));
}

#[test]
fn levels_that_were_not_asked_for_are_not_opened() {
    let ledger = school();
    let levels =
        |levels: &[Level]| Request { levels: Some(levels.iter().copied().collect()), ..Request::default() };
    let report = audited(&ledger, levels(&[Level::Integrity]), &[(12, Instead::Missing)]);
    assert_eq!((found(&report), report.counts.commitments), (vec![], 0));
    assert_eq!(verdicts(&report)[1..], [Verdict::NotChecked, Verdict::NotChecked]);
    assert_eq!(report.levels.iter().map(|level| level.asked).collect::<Vec<_>>(), [true, false, false]);
    for level in [Level::Coverage, Level::Conduct] {
        let report = audited(&ledger, levels(&[level]), &[(12, Instead::Missing)]);
        assert_eq!(found(&report), [("payload-missing", Some(12))]);
    }
    // Asked for, and there are none.
    let mut audit = Audit::new(levels(&[Level::Coverage]), None);
    ledger.blocks.iter().for_each(|block| audit.block(block.clone()));
    let report = audit.finish(LogEnd::Whole);
    let why = report.not_proven.iter().find(|why| why.contains("coverage was asked for")).unwrap();
    assert!(why.contains("not checked"));
    assert!(!report.not_proven.iter().any(|why| why.contains("conduct")));
    // A log that could not be followed to its end has no verdict on its contents.
    let mut cut = ledger.clone();
    *cut.blocks[13].last_mut().unwrap() ^= 1;
    let report = judged(&cut, &[]);
    assert_eq!(verdicts(&report)[1..], [Verdict::Passed, Verdict::Passed]);
    cut.blocks[13].truncate(100);
    let report = judged(&cut, &[]);
    assert_eq!(verdicts(&report), [Verdict::Failed, Verdict::NotChecked, Verdict::NotChecked]);
    assert_eq!(report.levels[1].why, "the log could not be followed to its end");
}

#[test]
fn who_takes_a_step_is_told_from_the_keys_of_its_time() {
    let mut ledger = school();
    ledger.enrol(STRANGER, vec![everywhere(Role::Handler)]);
    by_hand(&mut ledger, &renamed().by(STRANGER));
    assert_eq!(found(&judged(&ledger, &[])), []);
    let wrong = by_hand(&mut ledger, &renamed().by(SERVICE));
    assert_eq!(found(&judged(&ledger, &[])), [("role", Some(wrong))]);
}
