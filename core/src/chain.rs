//! The chain as a fold: all that is known of a ledger after a number of records, from the chain alone.
//!
//! [`Chain::take`] is the one place where a block is judged. The sequencer's recovery, the
//! projector and every audit call it; none of them can use a record that it has not passed. It
//! checks everything but signatures, which it hands out as [`SignatureCheck`]s to be made in
//! parallel: nothing is proven until they have passed too.

mod apply;
mod excerpt;
mod fault;
mod open;
mod parts;
mod refusal;

use std::collections::BTreeMap;

pub use fault::{Fault, FaultKind, Place, SignatureCheck, SignatureOf, check_signatures, wrong_signatures};
pub use open::possession_message;
pub use parts::ChainParts;
pub use refusal::OpenRefusal;

use crate::block::Block;
use crate::event::{DisposalDecision, OpenEvent, RootCellKind};
use crate::hash::Hash;
use crate::id::{LedgerId, PublicKey};
use crate::keyring::{KeyRefusal, Keyring};
use crate::merkle::Frontier;
use crate::policy::PolicyPack;
use crate::record::Record;
use crate::signature::VerifyingKey;
use crate::statement::{Body, Seen, ledger_id};
use crate::time::{Day, Second};

/// A ledger after a number of records.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The ledger's id.
    pub ledger: LedgerId,
    /// The checkpoint origin.
    pub origin: String,
    /// The predecessor's last checkpoint.
    pub predecessor: Option<String>,
    /// The last record's hash.
    pub head: Hash,
    /// The last record's time.
    pub time: Second,
    /// How many blocks.
    pub blocks: u64,
    /// The last block's hash.
    pub block_head: Hash,
    /// The key of the sequencer instance that may append.
    pub sequencer: PublicKey,
    /// The tree's edge.
    pub frontier: Frontier,
    /// The roots at all block boundaries, by size, ascending: the checkpoints that can have been seen.
    pub roots: Vec<(u64, Hash)>,
    /// When records were placed: from which record on which time holds, ascending. One entry for each second in which
    /// something was placed.
    pub times: Vec<(u64, Second)>,
    /// The keys.
    pub keyring: Keyring,
    /// The checkpoint keys, each with the smallest tree size that it signs.
    pub checkpoint_keys: Vec<(u64, PublicKey)>,
    /// The adopted policies, in the order of their first days.
    pub policies: Vec<AdoptedPolicy>,
    /// The disposal decisions, by record number.
    pub disposals: BTreeMap<u64, DisposalDecision>,
    /// The erasures, by the record number of their start.
    pub erasures: BTreeMap<u64, Erasure>,
}

/// A policy pack and where it was adopted.
#[derive(Clone, Debug)]
pub struct AdoptedPolicy {
    /// The record.
    pub record: u64,
    /// The first day it applies to.
    pub from: Day,
    /// The pack's text.
    pub text: String,
    /// The pack.
    pub pack: std::sync::Arc<PolicyPack>,
}

/// How far an erasure has come.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Erasure {
    /// The records it touches, ascending.
    pub records: Vec<u64>,
    /// The plan's salted hash.
    pub plan: Hash,
    /// The record that says it was executed, and with what root cell.
    pub executed: Option<(u64, RootCellKind)>,
    /// The vault's epoch and the hash of its manifest after the destruction, as that record says.
    pub vault: Option<(u64, Hash)>,
    /// The record that says it was completed.
    pub completed: Option<u64>,
}

impl Chain {
    /// A chain before its first record, for a ledger whose id is already known or will be taken from
    /// the opening statement.
    #[must_use]
    pub fn before_opening() -> Self {
        Self {
            ledger: LedgerId(Hash::ZERO.0),
            origin: String::new(),
            predecessor: None,
            head: Hash::ZERO,
            time: Second(0),
            blocks: 0,
            block_head: Hash::ZERO,
            sequencer: PublicKey([0; 32]),
            frontier: Frontier::new(),
            roots: vec![(0, crate::merkle::empty_root())],
            times: Vec::new(),
            keyring: Keyring::default(),
            checkpoint_keys: Vec::new(),
            policies: Vec::new(),
            disposals: BTreeMap::new(),
            erasures: BTreeMap::new(),
        }
    }

    /// How many records.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The newest checkpoint's size and root.
    #[must_use]
    pub fn tip(&self) -> Seen {
        Seen { size: self.size(), root: self.frontier.root() }
    }

    /// The root at a block boundary.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        let index = self.roots.binary_search_by_key(&size, |(size, _)| *size).ok()?;
        Some(self.roots[index].1)
    }

    /// When a record was placed; none if there is no such record.
    #[must_use]
    pub fn time_of(&self, record: u64) -> Option<Second> {
        let after = self.times.partition_point(|(first, _)| *first <= record);
        let (_, time) = *self.times.get(after.checked_sub(1)?)?;
        (record < self.size()).then_some(time)
    }

    /// The key that signs a checkpoint of this size.
    #[must_use]
    pub fn checkpoint_key(&self, size: u64) -> Option<PublicKey> {
        self.checkpoint_keys.iter().rev().find(|(from, _)| *from <= size).map(|(_, key)| *key)
    }

    /// Whether a key is one of this ledger's own: of a checkpoint, or of anybody who was ever enrolled. Such a key is no
    /// witness to the ledger, whoever listed it as one.
    #[must_use]
    pub fn is_own_key(&self, key: &PublicKey) -> bool {
        self.checkpoint_keys.iter().any(|(_, known)| known == key) || self.keyring.get(key).is_some()
    }

    /// The policy that applies to a day: the last adopted one whose first day has come.
    #[must_use]
    pub fn policy_on(&self, day: Day) -> Option<&AdoptedPolicy> {
        self.policies.iter().rev().find(|policy| policy.from <= day)
    }

    /// Judges the next block and folds it in. The signature checks are appended to `checks` in the
    /// order of the bytes. `visit` is called for every record that was judged, with the chain as it
    /// stands after the record before: there a sealed step can be judged too.
    ///
    /// # Errors
    /// The first fault. The chain then stands at the record before the faulty one and must not be
    /// used further.
    pub fn take<'a>(
        &mut self,
        block: &Block<'a>,
        checks: &mut Vec<SignatureCheck<'a>>,
        mut visit: impl FnMut(&Self, &Record<'a>),
    ) -> Result<(), Fault> {
        if self.blocks == 0 {
            self.begin(block)?;
        }
        self.check_block_head(block)?;
        let key = self.block_key(block).map_err(|kind| self.block_fault(kind))?;
        for (index, record) in block.records.iter().enumerate() {
            self.check_record(record).map_err(|kind| self.record_fault(kind))?;
            visit(self, record);
            self.take_record(record, index == 0, checks)?;
        }
        checks.push(SignatureCheck {
            place: Place { block: self.blocks, record: None },
            of: SignatureOf::Block,
            key,
            message: block.signed_bytes,
            signature: block.signature,
        });
        self.blocks += 1;
        self.block_head = block.hash();
        self.roots.push((self.size(), self.frontier.root()));
        Ok(())
    }

    /// The ledger's id is the hash of its unsigned opening statement.
    fn begin(&mut self, block: &Block<'_>) -> Result<(), Fault> {
        let first = &block.records[0];
        let Some(OpenEvent::LedgerOpened(opened)) = open_event(first) else {
            return Err(self.record_fault(FaultKind::Open(OpenRefusal::NotOpened)));
        };
        self.ledger = ledger_id(first.statement.signed_bytes);
        self.sequencer = opened.service_key;
        Ok(())
    }

    /// The key that must have signed this block: of the instance that it starts, or of the one that
    /// was started last. Judged before the block's own effect, which may end that key.
    fn block_key(&self, block: &Block<'_>) -> Result<VerifyingKey, FaultKind> {
        let first = &block.records[0];
        let expected = match open_event(first) {
            Some(OpenEvent::SequencerStarted(_)) => first.statement.statement.author,
            _ => self.sequencer,
        };
        let found = block.head.sequencer;
        if found != expected {
            return Err(FaultKind::NotTheStartedSequencer { expected, found });
        }
        if self.blocks == 0 {
            // Enrolled by this very block, which says so in its first record.
            return VerifyingKey::new(&found).map_err(|_| FaultKind::Sequencer(KeyRefusal::Unknown(found)));
        }
        let signer = self.keyring.signer(&found, first.time);
        signer.map(|(_, verifying)| verifying.clone()).map_err(FaultKind::Sequencer)
    }

    fn check_block_head(&self, block: &Block<'_>) -> Result<(), Fault> {
        let head = &block.head;
        let kind = if head.ledger != self.ledger {
            FaultKind::Ledger { expected: self.ledger, found: head.ledger }
        } else if head.position != self.blocks {
            FaultKind::BlockPosition { expected: self.blocks, found: head.position }
        } else if head.previous != self.block_head {
            FaultKind::BlockPrevious { expected: self.block_head, found: head.previous }
        } else if head.first_record != self.size() {
            FaultKind::RecordNumber { expected: self.size(), found: head.first_record }
        } else {
            return Ok(());
        };
        Err(self.block_fault(kind))
    }

    fn take_record<'a>(
        &mut self,
        record: &Record<'a>,
        first: bool,
        checks: &mut Vec<SignatureCheck<'a>>,
    ) -> Result<(), Fault> {
        let place = Place { block: self.blocks, record: Some(record.number) };
        let statement = &record.statement;
        if let Some(event) = open_event(record) {
            if matches!(event, OpenEvent::SequencerStarted(_)) && !first {
                return Err(self.record_fault(FaultKind::Open(OpenRefusal::StartNotFirst)));
            }
            self.take_open(event, record, checks).map_err(|kind| self.record_fault(kind))?;
        }
        let author = self.author_key(record).map_err(|kind| self.record_fault(kind))?;
        checks.push(SignatureCheck {
            place,
            of: SignatureOf::Author,
            key: author,
            message: statement.signed_bytes,
            signature: statement.signature,
        });
        if self.times.is_empty() || record.time != self.time {
            self.times.push((record.number, record.time));
        }
        self.head = record.hash();
        self.frontier.append(self.head);
        self.time = record.time;
        Ok(())
    }

    /// The checks that every record passes, open or sealed.
    fn check_record(&self, record: &Record<'_>) -> Result<(), FaultKind> {
        let statement = &record.statement.statement;
        let ledger = if record.number == 0 { LedgerId(Hash::ZERO.0) } else { self.ledger };
        if record.number != self.size() {
            return Err(FaultKind::RecordNumber { expected: self.size(), found: record.number });
        }
        if record.previous != self.head {
            return Err(FaultKind::RecordPrevious { expected: self.head, found: record.previous });
        }
        if record.time < self.time {
            return Err(FaultKind::TimeRunsBack { before: self.time, found: record.time });
        }
        if statement.ledger != ledger {
            return Err(FaultKind::Ledger { expected: ledger, found: statement.ledger });
        }
        self.check_seen(&statement.seen)
    }

    /// The checkpoint that an author names must be one of this chain's.
    pub fn check_seen(&self, seen: &Seen) -> Result<(), FaultKind> {
        match self.root_at(seen.size) {
            None => Err(FaultKind::SeenSize { size: seen.size }),
            Some(expected) if expected != seen.root => {
                Err(FaultKind::SeenRoot { size: seen.size, expected, found: seen.root })
            }
            Some(_) => Ok(()),
        }
    }

    fn block_fault(&self, kind: FaultKind) -> Fault {
        Fault { place: Place { block: self.blocks, record: None }, kind }
    }

    fn record_fault(&self, kind: FaultKind) -> Fault {
        Fault { place: Place { block: self.blocks, record: Some(self.size()) }, kind }
    }
}

fn open_event<'r>(record: &'r Record<'_>) -> Option<&'r OpenEvent> {
    match &record.statement.statement.body {
        Body::Open(event) => Some(event),
        Body::Sealed(_) => None,
    }
}
