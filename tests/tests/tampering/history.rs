//! Histories cut, forked and written anew with the operator's keys, and the scripts of a server that lies to
//! whoever asks it.

use vandel_core::block::Block;
use vandel_core::hash::Hash;
use vandel_core::merkle::{NodeMemory, inclusion_proof};
use vandel_core::verify::ReceiptEvidence;

use crate::matrix::Matrix;
use crate::records::count_all;
use crate::three::{Brings, Case, Three, ledger};

/// A log sealed again by the operator, with the operator's new checkpoint, and what the auditor holds against it.
fn sealed(
    three: &Three,
    history: &[Vec<(vandel_core::time::Second, Vec<u8>)>],
    kept: Brings,
    asked: bool,
) -> Case {
    let (blocks, frontier) = three.operator.seal(&three.built, history);
    let published = vec![three.operator.checkpoint(&frontier).into_bytes()];
    Case { blocks, brings: Brings { published, ..kept }, asked }
}

fn remembered(three: &Three) -> Brings {
    Brings { kept: vec![three.checkpoint.clone().into_bytes()], ..Brings::default() }
}

/// The proof that a record stands in the published tree, as its author got it.
fn receipt(three: &Three, record: u64) -> String {
    let mut nodes = NodeMemory::new();
    let mut hashes: Vec<Hash> = Vec::new();
    for block in &three.blocks {
        for record in Block::decode(block).unwrap().records {
            nodes.append(record.hash());
            hashes.push(record.hash());
        }
    }
    let proof = inclusion_proof(&nodes, record, hashes.len() as u64).unwrap();
    let hash = hashes[usize::try_from(record).unwrap()];
    ReceiptEvidence { source: String::new(), record, hash, proof, checkpoint: three.checkpoint.clone() }
        .to_string()
}

pub(crate) fn rewritten(three: &mut Three, matrix: &mut Matrix) {
    let whole = three.operator.history(&three.built);
    let receipts = Brings { receipts: vec![receipt(three, 199)], ..Brings::default() };
    type Change = fn(&mut Vec<Vec<(vandel_core::time::Second, Vec<u8>)>>, usize);
    let ways: [(&str, Change); 2] = [
        ("the newest blocks cut off", |history, at| history.truncate(at)),
        // Everything from a block on is an hour later: another tree of the same size.
        ("a second history from a block on", |history, at| {
            history[at..].iter_mut().flatten().for_each(|one| one.0.0 += 3600);
        }),
    ];
    for (name, change) in ways {
        for (by, brings) in [
            ("no anchor", Brings::default()),
            ("a kept checkpoint", remembered(three)),
            ("the last author's receipt", receipts.clone()),
        ] {
            let mut cases = Vec::new();
            for at in 1..whole.len() {
                let mut history = whole.clone();
                change(&mut history, at);
                cases.push(sealed(three, &history, brings.clone(), at % 7 == 0 || at + 2 > whole.len()));
            }
            let all = count_all(three, matrix, &format!("{name}, sealed again, {by}"), &cases);
            assert!(by == "no anchor" || all.iter().all(|judged| judged.exit == 3), "{name}, {by}");
        }
    }
    // Without sealing: the log alone is shorter than its published checkpoint.
    let spans = three.spans();
    let cut =
        |at: usize| Case { blocks: three.blocks[..at].to_vec(), brings: three.as_published(), asked: true };
    let cases: Vec<Case> = (1..three.blocks.len()).map(cut).collect();
    let all = count_all(three, matrix, "the newest blocks cut off", &cases);
    for (judged, (first, _)) in all.iter().zip(&spans[1..]) {
        assert_eq!((judged.exit, judged.record, judged.check.as_str()), (3, Some(*first), "records-missing"));
    }
}

pub(crate) fn scripts(three: &mut Three, matrix: &mut Matrix) {
    let other = Three::on(ledger(40));
    let row = "a lying server's script";
    let note = |text: &str| vec![text.as_bytes().to_vec()];
    let old = three.operator.seal(&three.built, &three.operator.history(&three.built)[..20]);
    let old_note = three.operator.checkpoint(&old.1);
    let case = |blocks: &[Vec<u8>], published: &str, brings: Brings| Case {
        blocks: blocks.to_vec(),
        brings: Brings { published: note(published), ..brings },
        asked: true,
    };
    let cases = vec![
        // Another ledger is shown, with its own sound checkpoint, under this one's name.
        case(&other.blocks, &other.checkpoint, Brings::default()),
        // The right log with another ledger's checkpoint, and the reverse.
        case(&three.blocks, &other.checkpoint, Brings::default()),
        case(&other.blocks, &three.checkpoint, Brings::default()),
        // A stale answer to somebody who saw more.
        case(&old.0, &old_note, remembered(three)),
        // A stale answer to the author of a later record.
        case(&old.0, &old_note, Brings { receipts: vec![receipt(three, 150)], ..Brings::default() }),
        // A receipt for another record in this place: right in itself, and not of this history.
        case(
            &three.blocks,
            &three.checkpoint,
            Brings { receipts: vec![receipt(three, 7).replace("index 7", "index 8")], ..Brings::default() },
        ),
    ];
    let all = three.judge_all(&cases);
    for (index, judged) in all.iter().enumerate() {
        // The last one's path leads nowhere: it proves nothing, neither for nor against the log.
        let expected = if index == 5 { 0 } else { 3 };
        assert_eq!(judged.exit, expected, "script {index}: {}", judged.check);
        if expected == 3 {
            matrix.row(row).found(&judged.check, true);
        }
    }
    // Two clients are shown two histories; either one's checkpoint convicts the other's log.
    let mut fork = three.operator.history(&three.built);
    fork.last_mut().unwrap().last_mut().unwrap().0.0 += 60;
    let (blocks, frontier) = three.operator.seal(&three.built, &fork);
    let forked = three.operator.checkpoint(&frontier);
    let to_one = case(&three.blocks, &three.checkpoint, Brings { kept: note(&forked), ..Brings::default() });
    let to_other = case(&blocks, &forked, remembered(three));
    for judged in three.judge_all(&[to_one, to_other]) {
        assert_eq!(judged.exit, 3);
        matrix.row(row).found(&judged.check, true);
    }
}
