//! Records dropped, repeated, swapped, inserted, spliced in and replayed at every position of 200, and times set
//! back: by a storage administrator, who can change bytes and sums, and by the operator, who seals everything again.

use vandel_core::block::{Block, BlockHead, encode_unsigned};
use vandel_core::time::Second;
use vandel_tests::operator::History;

use crate::matrix::Matrix;
use crate::three::{Brings, Case, Judged, Three, ledger};

/// One way of moving records. `records` are all of a ledger, `foreign` another's, each with its block.
#[derive(Clone, Copy)]
enum Move {
    Drop,
    Repeat,
    Swap,
    Insert,
    Splice,
    Replay,
}

const MOVES: [(Move, &str); 6] = [
    (Move::Drop, "a record dropped"),
    (Move::Repeat, "a record repeated"),
    (Move::Swap, "two neighbours swapped"),
    (Move::Insert, "another ledger's record inserted"),
    (Move::Splice, "another ledger's records from here on"),
    (Move::Replay, "an older record again"),
];

/// A list with each element's block, changed at one place. None where that changes nothing.
fn moved<T: Clone>(
    of: Move,
    list: &[(usize, T)],
    foreign: &[(usize, T)],
    at: usize,
) -> Option<Vec<(usize, T)>> {
    let mut list = list.to_vec();
    let block = list[at].0;
    match of {
        Move::Drop => drop(list.remove(at)),
        Move::Repeat => list.insert(at, list[at].clone()),
        Move::Swap => {
            let next = list.get(at + 1)?.1.clone();
            let this = std::mem::replace(&mut list[at].1, next);
            list[at + 1].1 = this;
        }
        Move::Insert => list.insert(at, (block, foreign[at].1.clone())),
        Move::Splice => {
            list[at..].iter_mut().zip(&foreign[at..]).for_each(|(one, other)| one.1 = other.1.clone())
        }
        Move::Replay => list.insert(at, (block, list[at / 2].1.clone())),
    }
    Some(list)
}

fn grouped<T>(list: Vec<(usize, T)>, blocks: usize) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = (0..blocks).map(|_| Vec::new()).collect();
    list.into_iter().for_each(|(block, one)| groups[block].push(one));
    groups
}

fn records_of(blocks: &[Vec<u8>]) -> Vec<(usize, Vec<u8>)> {
    let mut records = Vec::new();
    for (index, bytes) in blocks.iter().enumerate() {
        records.extend(
            Block::decode(bytes).unwrap().records.iter().map(|record| (index, record.bytes.to_vec())),
        );
    }
    records
}

fn statements_of(history: &History) -> Vec<(usize, (Second, Vec<u8>))> {
    let blocks = history.iter().enumerate();
    blocks.flat_map(|(index, block)| block.iter().map(move |one| (index, one.clone()))).collect()
}

/// Blocks around other records, under their old heads and signatures. A block that lost all of them is left out.
fn patched(blocks: &[Vec<u8>], records: Vec<Vec<Vec<u8>>>) -> Vec<Vec<u8>> {
    let patch = |(bytes, records): (&Vec<u8>, Vec<Vec<u8>>)| {
        let block = Block::decode(bytes).unwrap();
        let mut patched = encode_unsigned(&BlockHead { ..block.head }, records.iter().map(Vec::as_slice));
        patched.extend_from_slice(&block.signature);
        (!records.is_empty()).then_some(patched)
    };
    blocks.iter().zip(records).filter_map(patch).collect()
}

pub(crate) fn moved_everywhere(three: &mut Three, matrix: &mut Matrix) {
    let foreign = Three::on(ledger(200));
    let (records, others) = (records_of(&three.blocks), records_of(&foreign.blocks));
    let count = three.blocks.len();
    for (of, name) in MOVES {
        let row = matrix.row(name);
        let mut cases = Vec::new();
        let mut places = Vec::new();
        for at in 0..records.len() {
            let Some(changed) = moved(of, &records, &others, at) else { continue };
            let blocks = patched(&three.blocks, grouped(changed, count));
            cases.push(Case { blocks, brings: three.as_published(), asked: true });
            places.push((three.spans()[records[at].0].0, at as u64));
        }
        for (judged, (first, at)) in three.judge_all(&cases).iter().zip(places) {
            assert_eq!(judged.exit, 3, "{name} at {at}");
            // The block's first where only its signature tells, the record after where one was repeated.
            let right = judged.record.is_some_and(|record| (first..=at + 1).contains(&record));
            assert!(right, "{name} at {at}: record {:?} by {}", judged.record, judged.check);
            row.found(&judged.check, true);
        }
    }
}

pub(crate) fn moved_and_sealed_again(three: &mut Three, matrix: &mut Matrix) {
    let foreign = Three::on(ledger(200));
    let statements = statements_of(&three.operator.history(&three.built));
    let others = statements_of(&foreign.operator.history(&foreign.built));
    let count = three.blocks.len();
    for (of, name) in MOVES {
        let (mut cases, mut kept) = (Vec::new(), Vec::new());
        for at in 0..statements.len() {
            let Some(mut changed) = moved(of, &statements, &others, at) else { continue };
            // The operator keeps the clock in order.
            (1..changed.len()).for_each(|at| changed[at].1.0 = changed[at].1.0.max(changed[at - 1].1.0));
            let history: History =
                grouped(changed, count).into_iter().filter(|block| !block.is_empty()).collect();
            let (blocks, frontier) = three.operator.seal(&three.built, &history);
            let published = vec![three.operator.checkpoint(&frontier).into_bytes()];
            let asked = at % 7 == 0 || at + 5 > statements.len();
            let brings = Brings { published, ..Brings::default() };
            cases.push(Case { blocks: blocks.clone(), brings: brings.clone(), asked });
            let brings = Brings { kept: vec![three.checkpoint.clone().into_bytes()], ..brings };
            kept.push(Case { blocks, brings, asked });
        }
        count_all(three, matrix, &format!("{name}, sealed again, no anchor"), &cases);
        for judged in count_all(three, matrix, &format!("{name}, sealed again, a kept checkpoint"), &kept) {
            assert_eq!(judged.exit, 3, "{name}");
        }
    }
}

/// Judges cases and counts what found them.
pub(crate) fn count_all(three: &mut Three, matrix: &mut Matrix, name: &str, cases: &[Case]) -> Vec<Judged> {
    let all = three.judge_all(cases);
    let row = matrix.row(name);
    for (judged, case) in all.iter().zip(cases) {
        if judged.exit == 0 { row.passed(case.asked) } else { row.found(&judged.check, case.asked) }
    }
    all
}

/// Each record dated a second before the one before it.
pub(crate) fn times(three: &mut Three, matrix: &mut Matrix) {
    let history = three.operator.history(&three.built);
    let mut cases = Vec::new();
    for at in 1..statements_of(&history).len() {
        let mut changed = statements_of(&history);
        changed[at].1.0.0 = changed[at - 1].1.0.0 - 1;
        let (blocks, frontier) = three.operator.seal(&three.built, &grouped(changed, history.len()));
        let published = vec![three.operator.checkpoint(&frontier).into_bytes()];
        let brings = Brings { published, ..Brings::default() };
        cases.push(Case { blocks, brings, asked: at % 7 == 0 });
    }
    let all = count_all(three, matrix, "time running back, sealed again", &cases);
    for (at, judged) in (1..).zip(all) {
        assert_eq!((judged.exit, judged.record), (3, Some(at)));
    }
}
