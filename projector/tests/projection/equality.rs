//! Two rebuilds and an incremental run give the same digest, at every point of a ledger's life.

use vandel_projector::{Projector, ReadOnly, Settings};

use crate::fresh_digest;
use crate::lively::Lively;

#[test]
fn a_view_folded_in_any_batches_equals_one_rebuilt_at_every_point() {
    let (mut compared, mut distinct, mut taken, mut refused) = (0, std::collections::BTreeSet::new(), 0, 0);
    for seed in 0..6 {
        let mut lively = Lively::found(seed);
        let mut projector = lively.projector();
        for _ in 0..40 {
            lively.act();
            if lively.below(3) == 0 {
                let source = lively.source();
                projector.catch_up(&source).unwrap();
                let digest = projector.digest(&source).unwrap();
                assert_eq!(digest, fresh_digest(&lively), "seed {seed}");
                distinct.insert(digest.0);
                compared += 1;
            }
        }
        let source = lively.source();
        projector.catch_up(&source).unwrap();
        let digest = projector.digest(&source).unwrap();
        projector.rebuild(&source).unwrap();
        assert_eq!(projector.digest(&source).unwrap(), digest, "the stored rebuild");
        assert_eq!(projector.take_notes(), [""; 0], "nothing was set aside");
        drop(projector);
        let read_only = ReadOnly::open(lively.world.disk.clone(), &lively.world.home, None).unwrap();
        let source = read_only.source();
        let mut memory = Projector::in_memory(&source, Settings::default()).unwrap();
        assert_eq!(memory.digest(&source).unwrap(), digest, "read-only");
        taken += lively.taken.0;
        refused += lively.taken.1;
    }
    eprintln!(
        "{compared} comparisons, {} distinct digests, {taken} actions taken, {refused} refused",
        distinct.len()
    );
    assert!(distinct.len() > 20, "the digest follows the state");
}

/// Keys are destroyed, and the ledger has not said so yet.
#[test]
fn in_the_middle_of_an_erasure_both_ways_agree_too() {
    let mut lively = Lively::found(9);
    for _ in 0..4 {
        lively.open_case().ok();
    }
    let mut projector = lively.projector();
    let case = lively.cases[1];
    let started = lively.start_erasure(case).unwrap();
    let same = |projector: &mut Projector, lively: &Lively| {
        let source = lively.source();
        projector.catch_up(&source).unwrap();
        assert_eq!(projector.digest(&source).unwrap(), fresh_digest(lively));
    };
    same(&mut projector, &lively);
    let plan = lively.ledger.sequencer.load_plan(&lively.ledger.sequencer.pending_erasures()[0].1).unwrap();
    let (keys, records) = (vandel_ledger::erasure::keys_of(&plan), plan.records().into_iter().collect());
    lively.ledger.sequencer.vault_mut().erase(&keys, &records).unwrap();
    same(&mut projector, &lively);
    assert!(projector.views(&lively.source()).case(&case).unwrap().is_none());
    lively.ledger.sequencer.execute_erasure(started).unwrap();
    same(&mut projector, &lively);
    assert_eq!(projector.take_notes(), [""; 0]);
}
