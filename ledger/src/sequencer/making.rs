//! A block's bytes, and its payloads in the vault: what a block needs before it goes to the log.

use std::sync::mpsc::sync_channel;

use vandel_core::block::{BlockHead, FRAME_BYTES, begin_unsigned, record_bytes_in_block};
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::codec::put_len;
use vandel_core::hash::{Domain, Hash, leaf_hash};
use vandel_core::limits::BLOCK_BYTES_MAX;
use vandel_core::merkle::prove_appended;
use vandel_core::record::{put_record, record_len};
use vandel_core::signature::{SigningKey, public_key, sign};

use crate::sequencer::admission::Batch;
use crate::sequencer::{SettleError, halt};
use crate::submission::Halt;
use crate::vault::{Entry, Vault};

/// A block's bytes, and what shows that its records are in the tree.
pub(super) struct Made {
    /// The signed block.
    pub(super) block: Vec<u8>,
    /// The chain's head before it.
    pub(super) before: Hash,
    /// The records' hashes.
    pub(super) hashes: Vec<Hash>,
    /// The root in which all proofs meet.
    pub(super) root: Hash,
    /// An inclusion proof for each record.
    pub(super) proofs: Vec<Vec<Hash>>,
    /// The checkpoint with this block.
    pub(super) checkpoint: Checkpoint,
    /// The same, signed.
    pub(super) note: String,
}

/// Makes the block of what was admitted, and puts its payloads into the vault. `chain` is what it continues.
pub(super) fn make(
    batch: &mut Batch,
    chain: &Chain,
    vault: &mut Vault,
    keys: Keys<'_>,
) -> Result<Made, Halt> {
    // 2. Make the bytes, once. Whatever happens from here on, these bytes are appended or none.
    let Assembled { mut block, entries, hashes } = assemble(batch, chain, keys.service);
    // 3. The vault holds the payloads and their keys, durably. A crash from here on leaves
    //    payloads that no record names; the next start destroys them once the tail is settled.
    //    Meanwhile the block and its checkpoint are signed and its records are proven: all of it is pure, and none leaves.
    let put = || if entries.is_empty() { Ok(()) } else { vault.put(&entries) };
    let seal = || {
        let (root, proofs) = prove_appended(&chain.frontier, &hashes);
        let size = chain.size() + hashes.len() as u64;
        let (checkpoint, note) = sign_checkpoint(&chain.origin, size, root, keys.checkpoint)?;
        let signature = sign(keys.service, Domain::Block, &[&block]);
        Ok::<_, SettleError>((signature, root, proofs, checkpoint, note))
    };
    let (stored, sealed) = beside(put, seal);
    stored.map_err(halt::of_vault)?;
    let (signature, root, proofs, checkpoint, note) = sealed.map_err(halt::of_settling)?;
    block.extend_from_slice(&signature);
    Ok(Made { block, before: chain.head, hashes, root, proofs, checkpoint, note })
}

/// The instance's own keys.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    /// Signs blocks.
    pub(super) service: &'a SigningKey,
    /// Signs checkpoints.
    pub(super) checkpoint: &'a SigningKey,
}

/// The checkpoint of a tree, and the same signed.
pub(super) fn sign_checkpoint(
    origin: &str,
    size: u64,
    root: Hash,
    key: &SigningKey,
) -> Result<(Checkpoint, String), SettleError> {
    let checkpoint = Checkpoint::new(origin, size, root)?;
    let note = checkpoint.sign(key)?.to_string();
    Ok((checkpoint, note))
}

/// Records around the statements, a block around the records, and the payloads for the vault.
fn assemble(batch: &mut Batch, chain: &Chain, service: &SigningKey) -> Assembled {
    let Batch { at, admitted, .. } = batch;
    let statements = admitted.iter().flat_map(|group| &group.statements);
    let lens = statements.map(|(statement, _)| record_bytes_in_block(record_len(statement.len())));
    let (count, room) = lens.fold((0, 0), |(count, room), len| (count + 1, room + len));
    let (mut hashes, mut entries) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let head = BlockHead {
        ledger: chain.ledger,
        position: chain.blocks,
        previous: chain.block_head,
        first_record: chain.size(),
        sequencer: public_key(service),
    };
    let mut block = begin_unsigned(&head, count, room);
    let mut previous = chain.head;
    for (statement, entry) in admitted.iter_mut().flat_map(|group| group.statements.drain(..)) {
        let number = head.first_record + hashes.len() as u64;
        // Where it will stay, and hashed there.
        put_len(&mut block, record_len(statement.len()));
        let start = block.len();
        put_record(&mut block, number, *at, &previous, &statement);
        previous = leaf_hash(&block[start..]);
        hashes.push(previous);
        entries.extend(entry);
    }
    Assembled { block, entries, hashes }
}

/// A block's bytes before anything has been done with them.
struct Assembled {
    /// Without its signature.
    block: Vec<u8>,
    /// The payloads for the vault.
    entries: Vec<Entry>,
    /// The records' hashes.
    hashes: Vec<Hash>,
}

/// Does the one on this thread and the other beside it.
pub(super) fn beside<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    let (sender, receiver) = sync_channel(1);
    let one = rayon::in_place_scope(|scope| {
        scope.spawn(move |_| drop(sender.send(other())));
        one()
    });
    (one, receiver.recv().expect("the scope has waited for it"))
}

/// Counts what still fits into a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// How many records a block may have.
    pub(super) records_max: usize,
    records: usize,
    bytes: usize,
}

impl Room {
    /// A block without records, which takes so many.
    pub(super) const fn for_records(records_max: usize) -> Self {
        Self { records_max, records: 0, bytes: FRAME_BYTES }
    }

    /// Takes up the room for statements of these lengths; false if they do not fit.
    pub(super) fn take(&mut self, statement_lens: impl Iterator<Item = usize>) -> bool {
        let mut after = *self;
        for len in statement_lens {
            after.records += 1;
            after.bytes += record_bytes_in_block(record_len(len));
        }
        let fits = after.records <= self.records_max && after.bytes <= BLOCK_BYTES_MAX;
        if fits {
            *self = after;
        }
        fits
    }
}
