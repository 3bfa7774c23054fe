//! Moves: changes of the counts that no shown figure notices.

use std::collections::BTreeMap;

/// By how much each combination changes; those not named stay.
pub(super) type Move = BTreeMap<usize, i64>;

/// The Mersenne prime 2^61 − 1: products of two residues fit into 128 bits.
const P: u64 = (1 << 61) - 1;
/// Entries of a move beyond this are not looked for: such a move would need counts as large.
const ENTRY_MAX: u64 = 1 << 20;

fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // Both halves are below 2^61 or nearly: 2^61 is 1 modulo the prime.
    let half = |part: u128| u64::try_from(part).unwrap_or(0);
    let sum = half(product & u128::from(P)) + half(product >> 61);
    if sum >= P { sum - P } else { sum }
}

fn subtract(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + P - b }
}

/// By Fermat: a^(p − 2).
fn invert(a: u64) -> u64 {
    let (mut base, mut left, mut result) = (a, P - 2, 1);
    while left > 0 {
        if left & 1 == 1 {
            result = multiply(result, base);
        }
        base = multiply(base, base);
        left >>= 1;
    }
    result
}

/// Rows in reduced echelon form: each begins with a one that is alone in its column.
fn reduce(sums: &[&[usize]], width: usize) -> Vec<(usize, Vec<u64>)> {
    let mut reduced: Vec<(usize, Vec<u64>)> = Vec::new();
    for sum in sums {
        let mut row = vec![0; width];
        sum.iter().for_each(|at| row[*at] = 1);
        for (pivot, other) in &reduced {
            eliminate(&mut row, *pivot, other);
        }
        let Some(pivot) = row.iter().position(|value| *value != 0) else { continue };
        let by = invert(row[pivot]);
        row.iter_mut().for_each(|value| *value = multiply(*value, by));
        for (_, other) in &mut reduced {
            eliminate(other, pivot, &row);
        }
        reduced.push((pivot, row));
    }
    reduced
}

fn eliminate(row: &mut [u64], pivot: usize, by: &[u64]) {
    let factor = row[pivot];
    if factor != 0 {
        for (value, other) in row.iter_mut().zip(by) {
            *value = subtract(*value, multiply(factor, *other));
        }
    }
}

/// A residue as the small whole number that it stands for; none if it stands for none.
fn signed(residue: u64) -> Option<i64> {
    let small = |value: u64| i64::try_from(value).ok().filter(|_| value <= ENTRY_MAX);
    small(residue).or_else(|| small(P - residue).map(|value| -value))
}

/// Moves that keep every sum and leave all counts possible. Each was checked in whole numbers.
pub(super) fn moves(sums: &[&[usize]], counts: &[u64]) -> Vec<Move> {
    let reduced = reduce(sums, counts.len());
    let is_pivot = |at: &usize| reduced.iter().any(|(pivot, _)| pivot == at);
    let free: Vec<usize> = (0..counts.len()).filter(|at| !is_pivot(at)).collect();
    free.into_iter()
        .filter_map(|column| along(&reduced, column))
        .filter(|one| holds(one, sums, counts))
        .collect()
}

/// The vector of the null space in which one free column changes by one.
fn along(reduced: &[(usize, Vec<u64>)], column: usize) -> Option<Move> {
    let mut found = Move::from([(column, 1)]);
    for (pivot, row) in reduced {
        if row[column] != 0 {
            found.insert(*pivot, signed(subtract(0, row[column]))?);
        }
    }
    Some(found)
}

/// Whether a move keeps every sum, and no count falls below zero in one of its directions.
fn holds(one: &Move, sums: &[&[usize]], counts: &[u64]) -> bool {
    let kept = |sum: &&[usize]| sum.iter().filter_map(|at| one.get(at)).sum::<i64>() == 0;
    let possible = |sign: i64| {
        one.iter()
            .all(|(at, change)| i64::try_from(counts[*at]).is_ok_and(|count| count + sign * change >= 0))
    };
    sums.iter().all(kept) && (possible(1) || possible(-1))
}
