//! Two instances on one home and one stream: the one that serves dies, or hangs and wakes up; the broker loses its
//! newest blocks and checkpoints together. What was acknowledged stands, once; no size ever has two heads.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod author;
mod broker;
mod metrics;
mod zombie;

use std::collections::BTreeMap;
use std::sync::Arc;

use vandel_core::hash::Hash;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::town::Town;
use vandel_tests::witnesses::ScriptedWitness;

/// A town whose log lies on a server, and whose memory is three witnesses that show what they were shown.
pub(crate) struct Scene {
    pub(crate) server: NatsServer,
    pub(crate) town: Town,
    pub(crate) witnesses: Vec<Arc<ScriptedWitness>>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let server = NatsServer::start();
        let town = Town::found_on(&server);
        let log = town.trust().logs()[0].key.clone();
        let witnesses: Vec<_> = (201..204).map(|seed| ScriptedWitness::start(seed, &log)).collect();
        let words: Vec<String> = witnesses.iter().map(|one| format!("{}={}", one.url(), one.key)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        town.ok(&[&["witness", "use"], &words[..]].concat());
        Self { server, town, witnesses }
    }

    /// All tree heads that any witness was shown, by size: one for each.
    pub(crate) fn only_one_head_of_each_size(&self) -> usize {
        let mut heads: BTreeMap<u64, Hash> = BTreeMap::new();
        for witness in &self.witnesses {
            for (size, roots) in &witness.script().shown {
                for root in roots {
                    let known = heads.entry(*size).or_insert(*root);
                    assert_eq!(known, root, "two heads of size {size} left");
                }
            }
        }
        heads.len()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.witnesses.iter().for_each(|witness| witness.stop());
    }
}
