//! That invented people are valid, different, repeatable and varied. Their names are not judged.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn some(seed: u64, today: &str, count: usize) -> Vec<Person> {
    People::new(seed, day(today)).take(count).collect()
}

/// Whole years reached on a day.
fn age(born: Day, today: Day) -> i16 {
    let ((year, month, day), (now, now_month, now_day)) = (born.ymd(), today.ymd());
    now - year - i16::from((now_month, now_day) < (month, day))
}

#[test]
fn every_number_is_valid_in_the_test_series_and_of_working_age() {
    for today in ["2026-11-23", "2024-02-29", "2026-02-28", "2030-12-31"] {
        for person in some(1, today, 3_000) {
            let Some(number) = person.identity.number() else { continue };
            let digits = number.reveal();
            assert_eq!(PersonalNumber::parse(&digits, day(today)).as_ref(), Ok(number));
            assert!(("980".."9990").contains(&&digits[8..11]), "the test series");
            let age = age(number.born(), day(today));
            assert!((i16::from(AGE_MIN)..=i16::from(AGE_MAX)).contains(&age), "{age} years on {today}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_people_and_another_seed_others() {
    assert_eq!(some(42, "2026-11-23", 500), some(42, "2026-11-23", 500));
    assert_eq!(some(42, "2026-11-23", 500)[..100], some(42, "2026-11-23", 100));
    assert_ne!(some(42, "2026-11-23", 5), some(43, "2026-11-23", 5));
}

#[test]
fn no_two_are_the_same_and_they_end_at_the_limit() {
    let people = some(3, "2026-11-23", PEOPLE_MAX + 1);
    assert_eq!(people.len(), PEOPLE_MAX);
    let numbers: BTreeSet<_> = people.iter().filter_map(|person| person.identity.number()).collect();
    let without: Vec<_> = people.iter().filter(|person| person.identity.number().is_none()).collect();
    let names: BTreeSet<_> = without.iter().map(|person| (&person.surname, &person.given_name)).collect();
    assert_eq!(numbers.len() + without.len(), people.len());
    assert_eq!(names.len(), without.len());
}

#[test]
fn a_few_thousand_people_show_everything_that_is_rare() {
    let people = some(4, "2026-11-23", 4_000);
    let count = |test: fn(&Person) -> bool| people.iter().filter(|person| test(person)).count();
    for (what, found) in [
        ("coordination numbers", count(|p| matches!(p.identity, IdentityNumber::Coordination(_)))),
        ("without a number", count(|p| matches!(p.identity, IdentityNumber::None { .. }))),
        ("protected", count(|p| p.protected)),
        ("particles", count(|p| p.surname.starts_with("von ") || p.surname.starts_with("van "))),
        ("double given names", count(|p| p.given_name.contains('-') || p.given_name.contains(' '))),
    ] {
        assert!((10..400).contains(&found), "{found} {what}");
    }
    for letter in "åäöéÅÄÖ'".chars() {
        assert!(
            people.iter().any(|p| p.surname.contains(letter) || p.given_name.contains(letter)),
            "{letter}"
        );
    }
    let mut roles = BTreeMap::new();
    for person in &people {
        *roles.entry(person.role).or_insert(0) += 1;
    }
    let expected = ["CARE_FETCH", "CHILD", "HOME_CARE", "HVB", "LEADING", "LSS_CHILD", "NONE", "SCHOOL"];
    assert_eq!(roles.keys().copied().collect::<Vec<_>>(), expected);
    assert!(roles.values().all(|found| *found > 80), "{roles:?}");
}

#[test]
fn the_shares_of_the_roles_add_up() {
    assert_eq!(WORKPLACES.iter().map(|workplace| workplace.share).sum::<u32>(), 100);
}
