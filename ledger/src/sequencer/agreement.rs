//! Do the log, the memory and what was published tell one story?
//!
//! The order in which an honest sequencer writes them leaves few ways for them to differ: the log is
//! at most one block ahead of the memory, and the memory is never behind what was published. Any other
//! difference means that one of them was taken back: by a hand, or by a backup. Nothing is repaired
//! then, since nobody here can know which of them is right (docs/decisions, "A memory that goes back").

use std::io;
use std::path::PathBuf;

use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::statement::Seen;

use crate::announce::Announce;

/// How log, memory and published checkpoint contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// The log ends before what was remembered or published.
    #[error(
        "the log ends at record {size}, but {witness} a checkpoint of {remembered} records: the log was cut or is \
         an old copy. Nothing was changed; restore the whole log"
    )]
    Behind {
        /// Who knows more.
        witness: Witness,
        /// The log's size.
        size: u64,
        /// The size that is known.
        remembered: u64,
    },
    /// The log is another history than what was remembered or published.
    #[error(
        "the log has root {found} at size {size}, but {witness} {remembered}: this is another history. \
         Nothing was changed; find out which one your receipts and witnesses know"
    )]
    Fork {
        /// Who knows another history.
        witness: Witness,
        /// The size.
        size: u64,
        /// The root that is known.
        remembered: Hash,
        /// The log's root there; zero if no block ends at this size.
        found: Hash,
    },
    /// The checkpoint stream holds less than it must hold.
    #[error(
        "the {place} holds a checkpoint of {announced} records, yet it must hold at least {held}: it was taken back, \
         made anew, or somebody else publishes there. Nothing was changed; find out what happened to it, and if log and \
         memory are right, open once with --trust-new-memory, which publishes the newest checkpoint there again"
    )]
    AnnouncedBehind {
        /// Where checkpoints are announced.
        place: String,
        /// The size that it holds; 0 if nothing that this ledger signed.
        announced: u64,
        /// The size that it must hold.
        held: u64,
    },
    /// The memory holds less than it must have held.
    #[error(
        "the memory at {} holds a checkpoint of {remembered} records, yet it must have held at least {held}: it was \
         lost, taken back, or is not this ledger's. If the ledger was founded with --memory DIR, give that folder; \
         if its founding was interrupted, remove the home and found it again; if the memory is truly lost, compare \
         the log with receipts or witnesses, then open once with --trust-new-memory", path.display()
    )]
    MemoryBehind {
        /// Where the memory is.
        path: PathBuf,
        /// The size that it holds; 0 if nothing.
        remembered: u64,
        /// The size that it must have held.
        held: u64,
    },
}

/// Who knows of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The memory.
    Memory,
    /// A witness that the memory asked; only the size is known.
    Remote,
    /// The checkpoint in the public folder, under our own signature.
    Published,
    /// The checkpoint stream, under our own signature.
    Announced,
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory => "the memory holds",
            Self::Remote => "a witness on another machine holds",
            Self::Published => "our own key has published",
            Self::Announced => "the checkpoint stream holds",
        })
    }
}

/// What is compared with the log.
pub(super) struct Claims<'a> {
    /// What the memory holds.
    pub(super) remembered: Seen,
    /// The largest size that any part of the memory holds.
    pub(super) floor: u64,
    /// Where the memory is.
    pub(super) memory: PathBuf,
    /// The note in the public folder, as it was found.
    pub(super) published: Option<&'a str>,
    /// What was announced elsewhere, as it was found.
    pub(super) announced: Option<&'a Announced>,
    /// Whether a memory that has gone back is accepted this once.
    pub(super) trust_new_memory: bool,
}

/// What a place held where checkpoints are announced.
pub(super) struct Announced {
    place: String,
    /// The newest note there.
    pub(super) note: Option<String>,
}

impl Announced {
    /// Reads what a place holds.
    pub(super) fn read(announce: &dyn Announce) -> io::Result<Self> {
        Ok(Self { place: announce.place(), note: announce.newest()? })
    }
}

/// Compares what is claimed with the chain that was read from the log.
pub(super) fn compare(chain: &Chain, claims: &Claims<'_>) -> Result<(), Disagreement> {
    bear_out(chain, claims.remembered, Witness::Memory)?;
    if claims.floor > chain.size() {
        let (witness, size, remembered) = (Witness::Remote, chain.size(), claims.floor);
        return Err(Disagreement::Behind { witness, size, remembered });
    }
    // A torn or foreign file in the public folder says nothing; a signature of our own key does.
    let published = claims.published.and_then(|note| signed_by_us(chain, note));
    if let Some(published) = published {
        bear_out(chain, published, Witness::Published)?;
    }
    let announced = claims.announced.and_then(|announced| signed_by_us(chain, announced.note.as_deref()?));
    if let Some(announced) = announced {
        bear_out(chain, announced, Witness::Announced)?;
    }
    if claims.trust_new_memory {
        return Ok(());
    }
    // A block is sent only after the memory took the one before.
    let before_last = chain.roots.len().checked_sub(2).map_or(0, |index| chain.roots[index].0);
    let nothing_yet = claims.remembered.size == 0;
    let held = if nothing_yet { chain.size() } else { before_last };
    let held = held.max(published.map_or(0, |published| published.size)).max(claims.floor);
    let held = held.max(announced.map_or(0, |announced| announced.size));
    if claims.remembered.size < held {
        let (path, remembered) = (claims.memory.clone(), claims.remembered.size);
        return Err(Disagreement::MemoryBehind { path, remembered, held });
    }
    match claims.announced {
        Some(place) => announced_enough(chain, claims.remembered, place, announced),
        None => Ok(()),
    }
}

/// A checkpoint is announced after the memory took it, and only when the announcement before the last
/// is done: so the place is at most two checkpoints behind the memory.
fn announced_enough(
    chain: &Chain,
    remembered: Seen,
    place: &Announced,
    announced: Option<Seen>,
) -> Result<(), Disagreement> {
    let at = chain.roots.binary_search_by_key(&remembered.size, |(size, _)| *size).unwrap_or(0);
    let held = at.checked_sub(2).map_or(0, |index| chain.roots[index].0);
    let found = announced.map_or(0, |announced| announced.size);
    if found < held {
        let place = place.place.clone();
        return Err(Disagreement::AnnouncedBehind { place, announced: found, held });
    }
    Ok(())
}

/// The log must contain the tree that somebody knows.
fn bear_out(chain: &Chain, known: Seen, witness: Witness) -> Result<(), Disagreement> {
    let (size, remembered) = (known.size, known.root);
    match chain.root_at(size) {
        Some(root) if root == remembered => Ok(()),
        None if size > chain.size() => {
            Err(Disagreement::Behind { witness, size: chain.size(), remembered: size })
        }
        other => Err(Disagreement::Fork { witness, size, remembered, found: other.unwrap_or(Hash::ZERO) }),
    }
}

/// The checkpoint in a note, if a checkpoint key of this ledger signed it.
pub(super) fn signed_by_us(chain: &Chain, note: &str) -> Option<Seen> {
    let keys = chain.checkpoint_keys.iter();
    let keys = keys.filter_map(|(_, key)| VerifierKey::new(&chain.origin, KeyKind::Ed25519, key).ok());
    let keys: Vec<_> = keys.collect();
    let opened = Checkpoint::open(note.as_bytes(), &keys).ok()?.checkpoint;
    Some(Seen { size: opened.size(), root: opened.root() })
}
