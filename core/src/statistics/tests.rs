//! No hidden cell follows from those shown: judged by trying every world, not by the algebra that hid it.

use proptest::prelude::*;

use super::*;

fn cube(dimensions: &[&'static str], counts: &[(&[&str], u64)]) -> Cube {
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    Cube {
        dimensions: dimensions.to_vec(),
        counts: counts.map(|(values, count)| (owned(values), *count)).collect(),
    }
}

fn shown(cells: &[Cell], of: &[(&str, &str)]) -> Option<u64> {
    let key: CellKey = of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    cells.iter().find(|cell| cell.of == key).map(|cell| cell.count)
}

#[test]
fn one_small_cell_takes_another_with_it() {
    let cube = cube(&["role"], &[(&["a"], 3), (&["b"], 9), (&["c"], 20)]);
    let cells = protect(&cube, &[&["role"]]);
    assert_eq!(shown(&cells, &[("role", "a")]), None);
    assert_eq!(shown(&cells, &[("role", "b")]), None, "32 - 20 - 9 would be 3");
    assert_eq!(shown(&cells, &[("role", "c")]), Some(20));
    assert_eq!(shown(&cells, &[]), Some(32));
}

#[test]
fn a_margin_of_another_table_is_no_way_round() {
    let cube = cube(
        &["month", "role"],
        &[
            (&["1", "a"], 7),
            (&["1", "b"], 8),
            (&["2", "a"], 2),
            (&["2", "b"], 9),
            (&["3", "a"], 6),
            (&["3", "b"], 6),
        ],
    );
    // The role's sum minus the months that are shown would be the small cell.
    let cells = protect(&cube, &[&["month", "role"], &["role"]]);
    let by_role: Vec<_> =
        ["1", "2", "3"].iter().map(|month| shown(&cells, &[("month", month), ("role", "a")])).collect();
    assert_eq!(by_role[1], None);
    assert!(by_role.iter().filter(|cell| cell.is_none()).count() >= 2, "{by_role:?}");
}

#[test]
fn a_table_of_small_cells_shows_nothing_of_them() {
    let cube = cube(&["role"], &[(&["a"], 1), (&["b"], 2)]);
    assert_eq!(protect(&cube, &[&["role"]]), []);
    assert_eq!(protect(&Cube::default(), &[&["role"]]), []);
}

/// Every world of the same combinations with counts up to a bound.
fn worlds(width: usize, bound: u64, mut visit: impl FnMut(&[u64])) {
    let mut world = vec![0; width];
    loop {
        visit(&world);
        let Some(at) = world.iter().position(|count| *count < bound) else { return };
        world[at] += 1;
        world[..at].iter_mut().for_each(|count| *count = 0);
    }
}

fn count(combinations: &[Vec<String>], dimensions: &[&str], world: &[u64], key: &CellKey) -> u64 {
    let fits = |values: &Vec<String>| {
        dimensions.iter().zip(values).all(|(name, value)| key.get(*name).is_none_or(|wanted| wanted == value))
    };
    combinations.iter().zip(world).filter(|(values, _)| fits(values)).map(|(_, count)| count).sum()
}

/// Who sees the shown cells and tries every world finds two values, at least, for every hidden cell.
fn judge(counts: &[u64]) -> Result<usize, TestCaseError> {
    let dimensions = ["role", "unit"];
    let combinations: Vec<Vec<String>> =
        (0..counts.len()).map(|at| vec![format!("r{}", at / 2), format!("u{}", at % 2)]).collect();
    let cube = Cube {
        dimensions: dimensions.to_vec(),
        counts: combinations
            .iter()
            .cloned()
            .zip(counts.iter().copied())
            .filter(|(_, count)| *count > 0)
            .collect(),
    };
    let cells = protect(&cube, &[&["role", "unit"]]);
    prop_assert!(cells.iter().all(|cell| cell.count >= SMALL));
    let mut keys: std::collections::BTreeSet<CellKey> = std::collections::BTreeSet::new();
    for values in &combinations {
        for chosen in 0..4_usize {
            let named = dimensions.iter().zip(values).enumerate().filter(|(at, _)| chosen & 1 << at != 0);
            keys.insert(named.map(|(_, (name, value))| ((*name).to_owned(), value.clone())).collect());
        }
    }
    let of = |world: &[u64], key: &CellKey| count(&combinations, &dimensions, world, key);
    let hidden: Vec<CellKey> = keys
        .into_iter()
        .filter(|key| of(counts, key) > 0 && cells.iter().all(|cell| cell.of != *key))
        .collect();
    let mut differs = vec![false; hidden.len()];
    worlds(counts.len(), counts.iter().max().copied().unwrap_or(0) + 2, |world| {
        if cells.iter().all(|cell| of(world, &cell.of) == cell.count) {
            for (key, differs) in hidden.iter().zip(&mut differs) {
                *differs |= of(world, key) != of(counts, key);
            }
        }
    });
    prop_assert!(differs.iter().all(|differs| *differs), "{counts:?}: {hidden:?} {differs:?} from {cells:?}");
    Ok(hidden.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn no_hidden_cell_follows_from_the_shown(counts in proptest::collection::vec(0_u64..8, 4)) {
        judge(&counts)?;
    }
}

proptest! {
    // A world of six cells has many neighbours: few trials, each of them exhaustive.
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("VANDEL_DEEP").is_some() { 200 } else { 6 }))]
    #[test]
    fn nor_in_a_larger_table(counts in proptest::collection::vec(0_u64..6, 6)) {
        judge(&counts)?;
    }
}

#[test]
fn a_municipality_is_protected_in_a_moment_and_keeps_most_of_its_figures() {
    let mut cube = Cube {
        dimensions: vec!["month", "unit", "role", "ground"],
        counts: std::collections::BTreeMap::new(),
    };
    let mut random: u64 = 7;
    for _ in 0..1_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (month, unit, role) = (random % 12, (random >> 8) % 8, (random >> 16) % 6 * ((random >> 24) % 2));
        cube.add(vec![
            format!("{month:02}"),
            format!("unit {unit}"),
            format!("role {role}"),
            format!("ground {}", role % 3),
        ]);
    }
    let tables: [&[&str]; 3] = [&["month", "role"], &["unit", "role"], &["role", "ground"]];
    let cells = protect(&cube, &tables);
    assert!(cells.len() > 30, "only {} cells are shown", cells.len());
    let total = CellKey::new();
    assert_eq!(cells.iter().find(|cell| cell.of == total).map(|cell| cell.count), Some(1_000));
}

#[test]
fn periods_are_whole_over_and_apart() {
    let day = |text: &str| text.parse::<Day>().expect("a day");
    let period = |from, until| Period { from: day(from), until: day(until) };
    let today = day("2026-06-10");
    let check = |sort, from, until, before: &[Period]| period(from, until).check(sort, today, before);
    assert_eq!(check(Sort::Volume, "2026-01-01", "2026-03-31", &[]), Ok(()));
    for (from, until) in
        [("2026-01-02", "2026-01-31"), ("2026-01-01", "2026-01-30"), ("2026-03-01", "2026-02-28")]
    {
        assert_eq!(check(Sort::Volume, from, until, &[]), Err(PeriodError::NotWholeMonths), "{from} {until}");
    }
    assert_eq!(check(Sort::Volume, "2026-06-01", "2026-06-30", &[]), Err(PeriodError::NotOver));
    assert_eq!(check(Sort::Outcome, "2026-01-01", "2026-03-31", &[]), Err(PeriodError::NotOneYear));
    assert_eq!(check(Sort::LeadTime, "2026-01-01", "2026-03-31", &[]), Err(PeriodError::NotOneYear));
    for sort in [Sort::Outcome, Sort::LeadTime] {
        assert_eq!(check(sort, "2025-01-01", "2025-12-31", &[]), Ok(()));
    }
    let before = [period("2026-01-01", "2026-03-31")];
    assert!(matches!(
        check(Sort::Volume, "2026-03-01", "2026-04-30", &before),
        Err(PeriodError::Overlaps { .. })
    ));
    assert_eq!(check(Sort::Volume, "2026-04-01", "2026-05-31", &before), Ok(()));
}

#[test]
fn lead_times_fall_into_classes() {
    let day = |text: &str| text.parse().expect("a day");
    for (closed, class) in [
        ("2026-01-01", "0-7 days"),
        ("2026-01-08", "0-7 days"),
        ("2026-01-09", "8-14 days"),
        ("2026-01-31", "15-30 days"),
        ("2026-03-02", "31-60 days"),
        ("2026-03-03", "over 60 days"),
    ] {
        assert_eq!(super::lead_time(day("2026-01-01"), day(closed)), class, "{closed}");
    }
}
