//! The one checker: what must hold of a ledger whatever happened to the machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use vandel_core::block::Block;
use vandel_core::chain::{Chain, check_signatures};
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::id::PublicKey;
use vandel_core::merkle::{verify_consistency, verify_inclusion};
use vandel_core::note::{KeyKind, Note, VerifierKey};
use vandel_core::statement::Body;
use vandel_ledger::memory::{FileMemory, Memory};
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sequencer::{Group, Sequencer, fold_threads};
use vandel_ledger::submission::Receipt;
use vandel_tests::recording_disk::RecordingDisk;
use vandel_tests::small_ledger::assess;

use crate::script::{HOME, Sent, hashes, ledger_on};

/// Opens what is on the disk as a fresh process does, sends again what had no answer, appends
/// something new, and checks all of it. `sent` is what was sent up to the moment the machine stopped,
/// `after` the number of operations until then.
pub(crate) fn check(disk: &RecordingDisk, sent: &[Sent], after: usize) {
    let promised = promises(sent, after);
    memory_kept(disk, &promised);
    let ledger = ledger_on(disk);
    let mut sequencer = ledger.open().unwrap_or_else(|error| panic!("does not open: {error}"));
    let mut receipts: Vec<Receipt> = promised.iter().flat_map(|(_, receipts)| receipts.clone()).collect();
    again(&mut sequencer, &promised);
    for sent in sent.iter().filter(|sent| sent.begun <= after && !is_promised(sent, after)) {
        receipts.extend(answer(&mut sequencer, sent.group.clone()));
    }
    if sequencer.chain().policy_on(sequencer.now().latest_day_in_sweden()).is_some()
        && sequencer.chain().keyring.get(&decider()).is_some()
    {
        let group = assess(&sequencer, 200, 2);
        receipts.extend(answer(&mut sequencer, group));
    }
    receipts.iter().for_each(|receipt| stands(&mut sequencer, receipt));
    whole(&sequencer);
    memory_is_at_the_tip(disk, &sequencer);
}

fn decider() -> PublicKey {
    vandel_core::signature::public_key(&vandel_tests::small_ledger::decider())
}

fn is_promised(sent: &Sent, after: usize) -> bool {
    sent.promised.as_ref().is_some_and(|(left, _)| *left <= after)
}

fn promises(sent: &[Sent], after: usize) -> Vec<(Group, Vec<Receipt>)> {
    let promised = sent.iter().filter(|sent| is_promised(sent, after));
    promised.filter_map(|sent| Some((sent.group.clone(), sent.promised.clone()?.1))).collect()
}

fn answer(sequencer: &mut Sequencer, group: Group) -> Vec<Receipt> {
    let answer = sequencer.commit(vec![group]).remove(0);
    answer.unwrap_or_else(|error| panic!("a group is not taken: {error}"))
}

/// Before anything is opened: the memory is not behind a promise, nor what was published ahead of it.
fn memory_kept(disk: &RecordingDisk, promised: &[(Group, Vec<Receipt>)]) {
    let remembered = size_in(disk, "memory/checkpoint").unwrap_or(0);
    let promised = promised.iter().flat_map(|(_, receipts)| receipts);
    let promised = promised.map(|receipt| parse(&receipt.checkpoint).size()).max().unwrap_or(0);
    assert!(remembered >= promised, "memory {remembered} went back behind a receipt of {promised}");
    let published = size_in(disk, "public/checkpoint").unwrap_or(0);
    assert!(remembered >= published, "published {published} is ahead of the memory {remembered}");
}

fn size_in(disk: &RecordingDisk, file: &str) -> Option<u64> {
    let bytes = disk.bytes(&Path::new(HOME).join(file))?;
    let checkpoint: Checkpoint = Note::parse(&bytes).ok()?.text().parse().ok()?;
    Some(checkpoint.size())
}

fn parse(note: &str) -> Checkpoint {
    Note::parse(note.as_bytes()).expect("a note").text().parse().expect("a checkpoint")
}

/// The last promises, asked for again, are the same.
fn again(sequencer: &mut Sequencer, promised: &[(Group, Vec<Receipt>)]) {
    for (group, receipts) in promised.iter().rev().take(2) {
        let repeated = answer(sequencer, group.clone());
        let facts = |receipts: &[Receipt]| -> Vec<_> {
            receipts.iter().map(|receipt| (receipt.record, receipt.hash, receipt.time)).collect()
        };
        assert_eq!(facts(&repeated), facts(receipts), "a repeat gets another receipt");
    }
}

/// A receipt is borne out: its own proof, and the tree as it has grown since.
fn stands(sequencer: &mut Sequencer, receipt: &Receipt) {
    let now = sequencer.receipts(&[receipt.record]).expect("provable").remove(0);
    let proof = sequencer.prove_consistency(parse(&receipt.checkpoint).size()).expect("provable");
    let chain = sequencer.chain();
    let key = chain.checkpoint_key(chain.size()).expect("a checkpoint key");
    let key = VerifierKey::new(&chain.origin, KeyKind::Ed25519, &key).expect("a key");
    let then = Checkpoint::open(receipt.checkpoint.as_bytes(), &[key]).expect("signed").checkpoint;
    verify_inclusion(&receipt.hash, receipt.record, then.size(), &then.root(), &receipt.proof)
        .expect("the receipt's own proof");
    let tip = chain.tip();
    assert_eq!((now.hash, now.time), (receipt.hash, receipt.time));
    verify_inclusion(&receipt.hash, receipt.record, tip.size, &tip.root, &now.proof)
        .expect("it still stands");
    verify_consistency(then.size(), &then.root(), tip.size, &tip.root, &proof).expect("consistent");
}

/// The chain verifies from its beginning with every signature, no statement stands in it twice, every
/// sealed record opens, and the vault holds no payload that no record names.
fn whole(sequencer: &Sequencer) {
    let mut chain = Chain::before_opening();
    let mut sealed: BTreeMap<u64, Hash> = BTreeMap::new();
    let mut seen: BTreeMap<Hash, u64> = BTreeMap::new();
    for placed in sequencer.log().blocks_from(0) {
        let placed = placed.expect("readable");
        let block = Block::decode(&placed.bytes).expect("a block");
        let mut checks = Vec::new();
        chain.take(&block, &mut checks, |_, _| ()).expect("no fault");
        check_signatures(&checks).expect("signed");
        for record in &block.records {
            let hash = record.statement.hash();
            let earlier = seen.insert(hash, record.number);
            assert_eq!(earlier, None, "the statement of record {} stands twice", record.number);
            if let Body::Sealed(commitment) = &record.statement.statement.body {
                sealed.insert(record.number, hash);
                let opened = sequencer.vault().get(record.number).expect("readable").expect("a payload");
                let Unsealed::Payload(payload) = from_opened(opened) else {
                    panic!("record {} does not open", record.number)
                };
                payload.open(commitment).expect("the payload is the record's");
            }
        }
    }
    assert_eq!(chain.tip(), sequencer.chain().tip());
    let folded = fold_threads(&chain, sequencer.log().blocks_from(0), sequencer.vault()).expect("folded");
    assert_eq!(
        sequencer.threads().expect("readable"),
        &folded,
        "what admission knows is not what the log says"
    );
    let held = sequencer.vault().records(0).map(|opened| opened.expect("readable"));
    let held: BTreeMap<u64, Hash> = held.map(|opened| (opened.record, opened.statement)).collect();
    assert_eq!(held, sealed, "the vault holds what no record names");
}

fn memory_is_at_the_tip(disk: &RecordingDisk, sequencer: &Sequencer) {
    let memory = FileMemory::open(Arc::new(disk.clone()), sequencer.home().memory().as_path());
    assert_eq!(memory.expect("readable").latest(), sequencer.chain().tip());
    assert_eq!(size_in(disk, "public/checkpoint"), Some(sequencer.chain().size()));
}

/// No two of the groups have a statement in common: what the checks rely on.
pub(crate) fn statements(sent: &[Sent]) -> usize {
    sent.iter().flat_map(|sent| hashes(&sent.group)).collect::<std::collections::BTreeSet<_>>().len()
}
