//! Due days, worked out by hand. The tables say what is known and what must follow; the properties
//! say what no case may break.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vandel_core::event::Compartment;
use vandel_core::policy::{Engagement, PolicyPack, RolePolicy, Trigger};
use vandel_core::retention::{Awaited, Due, DueState, HoldInForce, RetentionFacts, due, reads_due};
use vandel_core::time::Day;

const SE_2026: &str = include_str!("../../schemas/policy/se-2026.toml");

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn pack(text: &str) -> PolicyPack {
    PolicyPack::parse(text).expect("a sound pack")
}

fn role(code: &str) -> RolePolicy {
    pack(SE_2026).role_on(code, day("2026-05-01")).expect("in force").clone()
}

/// HVB with another rule for the copies of people who were hired.
fn hvb_with_copy_rule(rule: &str) -> RolePolicy {
    let shipped = "keep = \"2y\", never_before = \"2y\", no_later_than = \"2y30d\"";
    assert!(SE_2026.contains(shipped));
    pack(&SE_2026.replacen(shipped, rule, 1)).role_on("HVB", day("2026-05-01")).expect("in force").clone()
}

fn facts(outcome: Option<Engagement>, days: &[(Trigger, &str)]) -> RetentionFacts {
    let days: BTreeMap<Trigger, Day> = days.iter().map(|(trigger, text)| (*trigger, day(text))).collect();
    RetentionFacts { days, outcome, ..RetentionFacts::default() }
}

fn dates(due: &Due) -> (String, String) {
    let text = |day: Option<Day>| day.expect("the clock runs").to_string();
    (text(due.date), text(due.no_later_than))
}

fn explanation(due: &Due) -> String {
    due.explanation.iter().map(|reason| format!("{reason}\n")).collect()
}

const HIRED: Option<Engagement> = Some(Engagement::Hired);
const NOT_HIRED: Option<Engagement> = Some(Engagement::NotHired);

#[test]
fn each_rule_counts_from_its_own_day() {
    use Compartment::{Assessment, Copy, Note, Process};
    use Trigger::{Closed, Decision, EmploymentEnd, EmploymentStart, LegalForce};
    type Row<'a> = (&'a str, Compartment, Option<Engagement>, &'a [(Trigger, &'a str)], &'a str, &'a str);
    let table: &[Row] = &[
        // Note only: closing is the one day there is, whatever came of the case.
        ("SCHOOL", Note, None, &[(Closed, "2024-03-15")], "2026-03-15", "2026-04-14"),
        ("SCHOOL", Process, HIRED, &[(Closed, "2024-03-15")], "2026-03-15", "2026-04-14"),
        // Leap days: two years from 29 February end on 28 February; thirty days more cross a leap day or not.
        ("SCHOOL", Note, None, &[(Closed, "2024-02-29")], "2026-02-28", "2026-03-30"),
        ("SCHOOL", Note, None, &[(Closed, "2026-02-28")], "2028-02-28", "2028-03-29"),
        ("SCHOOL", Note, None, &[(Closed, "2022-03-01")], "2024-03-01", "2024-03-31"),
        ("SCHOOL", Note, None, &[(Closed, "2023-12-31")], "2025-12-31", "2026-01-30"),
        // Copies: two years from the start of employment, the decision is of no matter to the hired.
        (
            "HVB",
            Copy,
            HIRED,
            &[(Decision, "2024-01-10"), (EmploymentStart, "2024-02-29")],
            "2026-02-28",
            "2026-03-30",
        ),
        ("HVB", Copy, HIRED, &[(EmploymentStart, "2024-08-31")], "2026-08-31", "2026-09-30"),
        ("HVB", Copy, NOT_HIRED, &[(Decision, "2024-02-20")], "2024-02-20", "2024-03-05"),
        ("HVB", Copy, NOT_HIRED, &[(Closed, "2024-12-20")], "2024-12-20", "2025-01-03"),
        (
            "HVB",
            Copy,
            NOT_HIRED,
            &[(Decision, "2024-02-20"), (Closed, "2024-12-20")],
            "2024-02-20",
            "2024-03-05",
        ),
        ("HVB", Note, HIRED, &[(EmploymentEnd, "2025-11-30")], "2027-11-30", "2027-12-30"),
        ("HVB", Note, NOT_HIRED, &[(LegalForce, "2025-11-30")], "2027-11-30", "2027-12-30"),
        ("HVB", Assessment, NOT_HIRED, &[(Decision, "2024-01-31")], "2024-04-10", "2024-05-10"),
        ("HVB", Assessment, NOT_HIRED, &[(Decision, "2025-01-31")], "2025-04-11", "2025-05-11"),
        ("CARE_FETCH", Assessment, HIRED, &[(EmploymentStart, "2025-01-31")], "2025-04-11", "2025-05-11"),
    ];
    for (code, compartment, outcome, days, date, last) in table {
        let due = due(&role(code), *compartment, &facts(*outcome, days), day("2026-05-01"));
        assert_eq!(dates(&due), ((*date).to_owned(), (*last).to_owned()), "{code} {compartment:?} {days:?}");
        assert!(due.class.is_some() && due.awaits.is_none());
    }
}

#[test]
fn a_clock_that_has_not_started_says_what_it_waits_for() {
    use Compartment::{Assessment, Copy, Identity, Note, Process, Spine};
    use Trigger::{Closed, Decision, EmploymentStart, LegalForce, Opened};
    let (school, hvb) = (role("SCHOOL"), role("HVB"));
    let opened: &[(Trigger, &str)] = &[(Opened, "2025-01-01")];
    let decided: &[(Trigger, &str)] = &[(Opened, "2025-01-01"), (Decision, "2025-02-01")];
    for (role, compartment, outcome, days, awaits) in [
        (&school, Note, None, opened, Awaited::Trigger(Closed)),
        (&school, Note, HIRED, decided, Awaited::Trigger(Closed)),
        (&school, Copy, HIRED, decided, Awaited::Rule),
        (&school, Assessment, NOT_HIRED, decided, Awaited::Rule),
        (&school, Identity, None, opened, Awaited::Linked),
        (&school, Spine, None, opened, Awaited::Linked),
        (&hvb, Copy, None, decided, Awaited::Outcome),
        (&hvb, Copy, HIRED, decided, Awaited::Trigger(EmploymentStart)),
        (&hvb, Process, HIRED, decided, Awaited::Trigger(Trigger::EmploymentEnd)),
        (&hvb, Note, NOT_HIRED, decided, Awaited::Trigger(LegalForce)),
    ] {
        let mut facts = facts(outcome, days);
        facts.holds.push(hold("2025-01-02", "2025-03-02"));
        let due = due(role, compartment, &facts, day("2030-01-01"));
        assert_eq!(due.awaits, Some(awaits), "{compartment:?} {outcome:?}");
        assert_eq!((due.date, due.never_before, due.no_later_than), (None, None, None));
        assert_eq!(due.state, DueState::NotStarted, "even under a hold");
        assert!(explanation(&due).ends_with(&format!("not started: {awaits}\n")));
    }
}

#[test]
fn the_state_follows_the_day_it_is_seen_from() {
    let facts = facts(HIRED, &[(Trigger::EmploymentStart, "2024-02-29")]);
    for (as_of, state) in [
        ("2024-02-29", DueState::Running),
        ("2026-02-27", DueState::Running),
        ("2026-02-28", DueState::DueWithin),
        ("2026-03-30", DueState::DueWithin),
        ("2026-03-31", DueState::Overdue),
    ] {
        let due = due(&role("HVB"), Compartment::Copy, &facts, day(as_of));
        assert_eq!(due.state, state, "{as_of}");
        assert_eq!(due.never_before, Some(day("2026-02-28")), "the law's two years");
    }
    // Without a last day of its own, the due day is the last.
    let strict = hvb_with_copy_rule("keep = \"2y\"");
    let late = due(&strict, Compartment::Copy, &facts, day("2026-03-01"));
    assert_eq!((late.state, late.no_later_than), (DueState::Overdue, late.date));
}

fn hold(since: &str, review_by: &str) -> HoldInForce {
    HoldInForce { ground: "dispute", since: day(since), review_by: day(review_by) }
}

#[test]
fn a_hold_stops_erasure_and_moves_no_day() {
    let free = facts(None, &[(Trigger::Closed, "2022-03-15")]);
    let mut held = free.clone();
    held.holds = vec![hold("2023-01-01", "2023-07-01"), hold("2024-01-01", "2027-01-01")];
    held.restrictions = vec![day("2023-02-01")];
    for as_of in ["2023-06-01", "2024-04-01", "2026-05-01"] {
        let with = due(&role("SCHOOL"), Compartment::Note, &held, day(as_of));
        let without = due(&role("SCHOOL"), Compartment::Note, &free, day(as_of));
        assert_eq!(with.state, DueState::Held);
        assert_ne!(without.state, DueState::Held);
        assert_eq!((with.date, with.no_later_than), (without.date, without.no_later_than));
    }
    let seen = explanation(&due(&role("SCHOOL"), Compartment::Note, &held, day("2026-05-01")));
    assert!(
        seen.contains("held since 2023-01-01 (dispute), review by 2023-07-01, which has passed\n"),
        "{seen}"
    );
    assert!(seen.contains("held since 2024-01-01 (dispute), review by 2027-01-01\n"), "{seen}");
    // A restriction alone (GDPR art. 18) is shown and stops nothing.
    held.holds.clear();
    let restricted = due(&role("SCHOOL"), Compartment::Note, &held, day("2026-05-01"));
    assert_eq!(restricted.state, DueState::Overdue);
    assert!(explanation(&restricted).contains("restricted since 2023-02-01"));
}

#[test]
fn an_interruption_starts_the_period_again_once() {
    let table: &[(&[&str], &str, &str)] = &[
        (&[], "2026-03-15", "no interruption"),
        (&["2025-01-31"], "2027-01-31", "within"),
        (&["2024-03-15"], "2026-03-15", "on the first day"),
        (&["2026-03-14"], "2028-03-14", "on the last day"),
        (&["2026-03-15"], "2026-03-15", "a day too late"),
        (&["2024-03-14"], "2026-03-15", "before the period"),
        (&["2025-01-31", "2026-01-31"], "2027-01-31", "twice: the second has no effect"),
        (&["2026-01-31", "2025-01-31"], "2027-01-31", "twice, told in the other order"),
        (&["2024-03-15", "2025-01-31"], "2026-03-15", "twice, the first on the first day"),
        (&["2024-03-14", "2025-01-31"], "2027-01-31", "too early does not use it up"),
    ];
    for (interruptions, date, why) in table {
        let mut facts = facts(NOT_HIRED, &[(Trigger::LegalForce, "2024-03-15")]);
        facts.interruptions = interruptions.iter().map(|text| day(text)).collect();
        let due = due(&role("HVB"), Compartment::Note, &facts, day("2026-05-01"));
        assert_eq!(dates(&due).0, *date, "{why}");
    }
    // Copies and findings are not kept for a court: the interruption does not reach them.
    let mut facts = facts(HIRED, &[(Trigger::EmploymentStart, "2024-03-15")]);
    facts.interruptions = vec![day("2025-01-31")];
    let copy = due(&role("HVB"), Compartment::Copy, &facts, day("2026-05-01"));
    assert_eq!(dates(&copy), ("2026-03-15".to_owned(), "2026-04-14".to_owned()));
    assert!(explanation(&copy).contains("interruption on 2025-01-31 without effect"));
}

#[test]
fn bounds_from_another_day_move_the_due_day() {
    use Trigger::{Decision, EmploymentStart};
    let days = [(Decision, "2024-01-31"), (EmploymentStart, "2024-06-15")];
    for (rule, date, last) in [
        // Neither bites.
        (
            "keep = \"1y\", never_before = \"decision + 1y\", no_later_than = \"decision + 2y\"",
            "2025-06-15",
            "2026-01-31",
        ),
        // The floor bites, then the ceiling.
        ("keep = \"1y\", never_before = \"decision + 18m\"", "2025-07-31", "2025-07-31"),
        ("keep = \"2y\", no_later_than = \"decision + 13m\"", "2025-02-28", "2025-02-28"),
        // Both: the floor is law, and the ceiling gives way where they disagree.
        (
            "keep = \"1m\", never_before = \"decision + 1y\", no_later_than = \"decision + 11m\"",
            "2025-01-31",
            "2025-01-31",
        ),
        (
            "keep = \"9m\", never_before = \"decision + 10m\", no_later_than = \"decision + 14m\"",
            "2025-03-15",
            "2025-03-31",
        ),
        (
            "keep = \"2y\", never_before = \"decision + 1y\", no_later_than = \"decision + 14m\"",
            "2025-03-31",
            "2025-03-31",
        ),
    ] {
        let due = due(&hvb_with_copy_rule(rule), Compartment::Copy, &facts(HIRED, &days), day("2026-05-01"));
        assert_eq!(dates(&due), (date.to_owned(), last.to_owned()), "{rule}\n{}", explanation(&due));
    }
    // A floor whose day has not come keeps the clock waiting; a ceiling whose day has not come bounds nothing.
    let floor = hvb_with_copy_rule("keep = \"1y\", never_before = \"decision + 1y\"");
    let waiting = due(&floor, Compartment::Copy, &facts(HIRED, &days[1..]), day("2026-05-01"));
    assert_eq!(waiting.awaits, Some(Awaited::Trigger(Decision)));
    let ceiling = hvb_with_copy_rule("keep = \"1y\", no_later_than = \"decision + 1y\"");
    let free = due(&ceiling, Compartment::Copy, &facts(HIRED, &days[1..]), day("2026-05-01"));
    assert_eq!(dates(&free), ("2025-06-15".to_owned(), "2025-06-15".to_owned()));
}

#[test]
fn what_is_relied_on_outlives_what_relies_on_it() {
    let mut facts = facts(None, &[(Trigger::Closed, "2024-03-15")]);
    let seen =
        |facts: &RetentionFacts, compartment| due(&role("SCHOOL"), compartment, facts, day("2026-05-01"));
    // The note of an earlier case, which two later ones rely on.
    facts.linked = vec![Some(day("2026-01-01")), Some(day("2027-07-01"))];
    let note = seen(&facts, Compartment::Note);
    assert_eq!(dates(&note), ("2027-07-01".to_owned(), "2027-07-01".to_owned()));
    assert_eq!(note.never_before, note.date, "an earlier erasure would break the exemption");
    // Due earlier than the note itself: no effect.
    facts.linked = vec![Some(day("2026-01-01"))];
    assert_eq!(dates(&seen(&facts, Compartment::Note)).0, "2026-03-15");
    // Identity and spine go on the day of the last; while one waits, they wait.
    facts.linked = vec![Some(day("2026-03-15")), Some(day("2029-02-28")), Some(day("2027-01-01"))];
    for compartment in [Compartment::Identity, Compartment::Spine] {
        assert_eq!(dates(&seen(&facts, compartment)), ("2029-02-28".to_owned(), "2029-02-28".to_owned()));
    }
    facts.linked.push(None);
    for compartment in [Compartment::Identity, Compartment::Spine, Compartment::Note] {
        assert_eq!(seen(&facts, compartment).awaits, Some(Awaited::Linked));
    }
}

#[test]
fn the_read_log_has_one_clock_with_or_without_a_role() {
    let facts = facts(None, &[(Trigger::Reading, "2024-02-29")]);
    let of_pack = reads_due(&pack(SE_2026), &facts, day("2026-02-28"));
    let of_role = due(&role("SCHOOL"), Compartment::Reads, &facts, day("2026-02-28"));
    for due in [of_pack, of_role] {
        assert_eq!(dates(&due), ("2026-02-28".to_owned(), "2026-03-30".to_owned()));
        assert_eq!((due.state, due.class.as_deref()), (DueState::DueWithin, Some("reads")));
    }
}

#[test]
fn the_explanation_is_the_sum_that_a_person_can_redo() {
    let mut facts = facts(NOT_HIRED, &[(Trigger::Closed, "2024-03-15")]);
    facts.interruptions = vec![day("2025-01-31")];
    let due = due(&role("HVB"), Compartment::Note, &facts, day("2026-05-01"));
    assert_eq!(
        explanation(&due),
        "policy se-2026/1, role HVB as in force from 2016-01-01\n\
         rule: 2y from legal_force (otherwise closed), no later than 2y30d, an interruption starts it again; class note\n\
         legal_force has not come; closed on 2024-03-15 starts the clock instead\n\
         interrupted on 2025-01-31, before 2026-03-15: the period starts again (DL 6:5)\n\
         2025-01-31 + 2y = 2027-01-31\n\
         last day to erase: 2027-03-02\n"
    );
}

thread_local! {
    /// Read once: a pack takes a while to read without optimisation.
    static ROLES: BTreeMap<&'static str, RolePolicy> =
        ["SCHOOL", "HVB", "CARE_FETCH"].map(|code| (code, role(code))).into();
}

fn any_day() -> impl Strategy<Value = Day> {
    (16_000..25_000_i32).prop_map(|days| Day::from_days_since_epoch(days).expect("within bounds"))
}

fn any_facts() -> impl Strategy<Value = RetentionFacts> {
    let triggers = Trigger::ALL.iter().copied().filter(|trigger| *trigger != Trigger::LastLinked);
    let days = proptest::sample::subsequence(triggers.collect::<Vec<_>>(), 0..=7)
        .prop_flat_map(|triggers| {
            let count = triggers.len();
            (Just(triggers), proptest::collection::vec(any_day(), count))
        })
        .prop_map(|(triggers, days)| triggers.into_iter().zip(days).collect());
    let outcome = prop_oneof![Just(None), Just(HIRED), Just(NOT_HIRED)];
    let interruptions = proptest::collection::vec(any_day(), 0..4);
    let linked = proptest::collection::vec(proptest::option::weighted(0.8, any_day()), 0..4);
    (days, outcome, interruptions, linked).prop_map(|(days, outcome, interruptions, linked)| RetentionFacts {
        days,
        outcome,
        interruptions,
        linked,
        ..RetentionFacts::default()
    })
}

/// A case that goes as it should: opened, decided, then work or legal force, and closed.
fn orderly_case() -> impl Strategy<Value = RetentionFacts> {
    let gap = || 0..900_i32;
    (any_day(), gap(), gap(), gap(), gap(), any::<[bool; 3]>(), proptest::collection::vec(any_day(), 0..3))
        .prop_map(
            |(
                opened,
                to_decision,
                to_next,
                to_end,
                to_close,
                [hired, decided, appealable],
                interruptions,
            )| {
                let after = |day: Day, gap| {
                    Day::from_days_since_epoch(day.days_since_epoch() + gap).expect("within bounds")
                };
                let decision = after(opened, to_decision);
                let next = after(decision, to_next);
                let mut days =
                    BTreeMap::from([(Trigger::Opened, opened), (Trigger::Closed, after(decision, to_close))]);
                if decided {
                    days.insert(Trigger::Decision, decision);
                }
                if hired {
                    days.extend([
                        (Trigger::EmploymentStart, next),
                        (Trigger::EmploymentEnd, after(next, to_end)),
                    ]);
                } else if decided && appealable {
                    days.insert(Trigger::LegalForce, next);
                }
                let outcome = if hired { HIRED } else { NOT_HIRED };
                RetentionFacts { days, outcome, interruptions, ..RetentionFacts::default() }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn days_state_and_explanation_agree(
        facts in any_facts(),
        compartment in proptest::sample::select(Compartment::ALL),
        as_of in any_day(),
        other_day in any_day(),
    ) {
        let results: Vec<_> = ROLES.with(|roles| {
            roles.values().map(|role| (due(role, compartment, &facts, as_of), due(role, compartment, &facts, other_day))).collect()
        });
        for (due, seen_otherwise) in results {
            // The day of looking moves no due day.
            prop_assert_eq!((due.date, due.no_later_than), (seen_otherwise.date, seen_otherwise.no_later_than));
            prop_assert_eq!(due.date.is_none(), due.awaits.is_some());
            prop_assert_eq!(due.date.is_none(), due.no_later_than.is_none());
            let Some((date, last)) = due.date.zip(due.no_later_than) else {
                prop_assert_eq!(due.state, DueState::NotStarted);
                continue;
            };
            prop_assert!(date <= last);
            prop_assert!(due.never_before.is_none_or(|floor| floor <= date));
            prop_assert!(facts.linked.iter().flatten().all(|linked| *linked <= date));
            let state = if as_of < date { DueState::Running }
                else if as_of <= last { DueState::DueWithin }
                else { DueState::Overdue };
            prop_assert_eq!(due.state, state);
            // Two interruptions never give more than one.
            let restarts = explanation(&due).matches("the period starts again").count();
            prop_assert!(restarts <= 1);
        }
    }

    /// What the check of packs claims to have proved.
    #[test]
    fn the_process_is_never_due_before_what_is_counted_from_it(facts in orderly_case()) {
        for code in ["SCHOOL", "HVB", "CARE_FETCH"] {
            let role = ROLES.with(|roles| roles[code].clone());
            let process = due(&role, Compartment::Process, &facts, day("2026-05-01"));
            let process = process.date.expect("a case that has ended has a due day");
            for compartment in [Compartment::Note, Compartment::Copy, Compartment::Assessment] {
                let other = due(&role, compartment, &facts, day("2026-05-01"));
                prop_assert!(other.date.is_none_or(|date| date <= process), "{code} {compartment:?} {facts:?}");
            }
        }
    }
}
