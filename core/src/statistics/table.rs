//! Cells, and which of them are shown.

use std::collections::{BTreeMap, BTreeSet};

use super::algebra::{Move, moves};

/// Counts below this are not shown.
pub const SMALL: u64 = 5;

/// The conditions of a cell: a value for each dimension that is named; none is the grand total.
pub type CellKey = BTreeMap<String, String>;

/// A shown cell.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cell {
    /// Its conditions.
    pub of: CellKey,
    /// How many.
    pub count: u64,
}

/// What was counted: how often each combination of values occurs.
#[derive(Clone, Debug, Default)]
pub struct Cube {
    /// The dimensions, in the order of the combinations' values.
    pub dimensions: Vec<&'static str>,
    /// The combinations that occur, each with its count, which is not zero.
    pub counts: BTreeMap<Vec<String>, u64>,
}

impl Cube {
    /// Counts one more.
    pub fn add(&mut self, values: Vec<String>) {
        *self.counts.entry(values).or_default() += 1;
    }

    /// The cell of a combination under some of the dimensions.
    fn key(&self, values: &[String], under: &BTreeSet<&str>) -> CellKey {
        let named = self.dimensions.iter().zip(values).filter(|(name, _)| under.contains(*name));
        named.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }
}

/// A cell before it is known whether it is shown.
struct Candidate {
    key: CellKey,
    count: u64,
    /// The combinations that it sums, by index.
    sums: Vec<usize>,
}

/// Which cells of these tables are shown, in order. A table names its dimensions; its margins and its total are
/// cells too.
#[must_use]
pub fn protect(cube: &Cube, tables: &[&[&str]]) -> Vec<Cell> {
    let candidates = candidates(cube, tables);
    let counts: Vec<u64> = cube.counts.values().copied().collect();
    let mut shown: Vec<bool> = candidates.iter().map(|cell| cell.count >= SMALL).collect();
    loop {
        let sums = |want: bool| {
            let cells = candidates.iter().zip(&shown).filter(move |(_, shown)| **shown == want);
            cells.map(|(cell, _)| &cell.sums[..])
        };
        let shown_sums: Vec<&[usize]> = sums(true).collect();
        if shown_sums.is_empty() {
            return Vec::new();
        }
        let moves = moves(&shown_sums, &counts);
        let exposed =
            candidates.iter().zip(&shown).filter(|(cell, shown)| !**shown && !is_moved(cell, &moves));
        let next: BTreeSet<usize> =
            exposed.filter_map(|(cell, _)| to_hide(cell, &candidates, &shown)).collect();
        if next.is_empty() {
            break;
        }
        next.into_iter().for_each(|at| shown[at] = false);
    }
    let cells = candidates.into_iter().zip(shown).filter(|(_, shown)| *shown);
    cells.map(|(cell, _)| Cell { of: cell.key, count: cell.count }).collect()
}

fn candidates(cube: &Cube, tables: &[&[&str]]) -> Vec<Candidate> {
    let mut cells: BTreeMap<CellKey, (u64, Vec<usize>)> = BTreeMap::new();
    for under in subsets(tables) {
        for (index, (values, count)) in cube.counts.iter().enumerate() {
            let cell = cells.entry(cube.key(values, &under)).or_default();
            // The same cell may stand in several tables; it is counted once, since `under` is.
            cell.0 += count;
            cell.1.push(index);
        }
    }
    cells.into_iter().map(|(key, (count, sums))| Candidate { key, count, sums }).collect()
}

/// Every set of dimensions that some table sums over: its own, and those of its margins.
fn subsets<'t>(tables: &[&[&'t str]]) -> BTreeSet<BTreeSet<&'t str>> {
    let mut all = BTreeSet::new();
    for table in tables {
        for chosen in 0..1_usize << table.len() {
            let under =
                table.iter().enumerate().filter(|(at, _)| chosen & 1 << at != 0).map(|(_, name)| *name);
            all.insert(under.collect());
        }
    }
    all
}

/// Whether some move changes a cell.
fn is_moved(cell: &Candidate, moves: &[Move]) -> bool {
    moves.iter().any(|one| {
        let change: i64 = cell.sums.iter().filter_map(|at| one.get(at)).sum();
        change != 0
    })
}

/// What else to hide for the sake of a cell: the smallest shown cell in a line with it.
fn to_hide(cell: &Candidate, candidates: &[Candidate], shown: &[bool]) -> Option<usize> {
    let rank = |other: &Candidate| {
        // In a line: the same dimensions and one value different; or a margin that sums the cell.
        let same = other.key.keys().eq(cell.key.keys());
        let differing = cell.key.iter().filter(|(name, value)| other.key.get(*name) != Some(value)).count();
        let sums_it = other.key.iter().all(|(name, value)| cell.key.get(name) == Some(value));
        match (same && differing == 1, sums_it) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    };
    let open = candidates.iter().enumerate().filter(|(at, _)| shown[*at]);
    open.min_by_key(|(_, other)| (rank(other), usize::MAX - other.key.len(), other.count, &other.key))
        .map(|(at, _)| at)
}
