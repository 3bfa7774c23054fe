//! The chain's state as plain data, for a sealed snapshot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::chain::{AdoptedPolicy, Chain, Erasure};
use crate::event::DisposalDecision;
use crate::hash::Hash;
use crate::id::{LedgerId, PublicKey};
use crate::keyring::{KeyEntry, Keyring};
use crate::merkle::Frontier;
use crate::policy::PolicyPack;
use crate::time::{Day, Second};

/// [`Chain`] without what can be derived again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of Chain")]
pub struct ChainParts {
    pub ledger: LedgerId,
    pub origin: String,
    pub predecessor: Option<String>,
    pub head: Hash,
    pub time: Second,
    pub blocks: u64,
    pub block_head: Hash,
    pub sequencer: PublicKey,
    pub size: u64,
    pub subtrees: Vec<Hash>,
    pub roots: Vec<(u64, Hash)>,
    pub times: Vec<(u64, Second)>,
    pub keys: BTreeMap<PublicKey, KeyEntry>,
    pub checkpoint_keys: Vec<(u64, PublicKey)>,
    pub policies: Vec<(u64, Day, String)>,
    pub disposals: BTreeMap<u64, DisposalDecision>,
    pub erasures: BTreeMap<u64, Erasure>,
}

impl Chain {
    /// The state as plain data.
    #[must_use]
    pub fn to_parts(&self) -> ChainParts {
        let policies = self.policies.iter();
        ChainParts {
            ledger: self.ledger,
            origin: self.origin.clone(),
            predecessor: self.predecessor.clone(),
            head: self.head,
            time: self.time,
            blocks: self.blocks,
            block_head: self.block_head,
            sequencer: self.sequencer,
            size: self.size(),
            subtrees: self.frontier.subtrees().to_vec(),
            roots: self.roots.clone(),
            times: self.times.clone(),
            keys: self.keyring.entries().clone(),
            checkpoint_keys: self.checkpoint_keys.clone(),
            policies: policies.map(|policy| (policy.record, policy.from, policy.text.clone())).collect(),
            disposals: self.disposals.clone(),
            erasures: self.erasures.clone(),
        }
    }

    /// The chain from its parts; none if they do not fit together.
    #[must_use]
    pub fn from_parts(parts: ChainParts) -> Option<Self> {
        let policies = parts.policies.into_iter().map(|(record, from, text)| {
            let pack = PolicyPack::parse(&text).ok()?.into();
            Some(AdoptedPolicy { record, from, text, pack })
        });
        Some(Self {
            ledger: parts.ledger,
            origin: parts.origin,
            predecessor: parts.predecessor,
            head: parts.head,
            time: parts.time,
            blocks: parts.blocks,
            block_head: parts.block_head,
            sequencer: parts.sequencer,
            frontier: Frontier::from_parts(parts.size, parts.subtrees).ok()?,
            roots: parts.roots,
            times: parts.times,
            keyring: Keyring::from_entries(parts.keys),
            checkpoint_keys: parts.checkpoint_keys,
            policies: policies.collect::<Option<_>>()?,
            disposals: parts.disposals,
            erasures: parts.erasures,
        })
    }
}
