//! What can be wrong with a chain, and where.

use rayon::prelude::*;

use crate::block::BlockDecodeError;
use crate::chain::refusal::OpenRefusal;
use crate::hash::{Domain, Hash};
use crate::id::{LedgerId, PublicKey};
use crate::keyring::KeyRefusal;
use crate::signature::{Claim, SignatureError, TOGETHER, VerifyingKey, verify_each};
use crate::time::Second;

/// A place on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The block's position.
    pub block: u64,
    /// The record's number, where it is one record's fault.
    pub record: Option<u64>,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: FaultKind,
}

/// What is wrong. Values are those that the chain so far demands, and those found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "expected, found and their like say themselves")]
pub enum FaultKind {
    /// The block's bytes are refused.
    #[error("the block does not decode: {0}")]
    Decode(BlockDecodeError),
    /// Bytes of another ledger.
    #[error("ledger {expected} was expected, {found} was found")]
    Ledger { expected: LedgerId, found: LedgerId },
    /// A block is missing, repeated or moved.
    #[error("block {expected} was expected, {found} was found")]
    BlockPosition { expected: u64, found: u64 },
    /// A block does not follow from the one before.
    #[error("the previous block's hash should be {expected}, not {found}")]
    BlockPrevious { expected: Hash, found: Hash },
    /// A record is missing, repeated or moved.
    #[error("record {expected} was expected, {found} was found")]
    RecordNumber { expected: u64, found: u64 },
    /// A record does not follow from the one before.
    #[error("the previous record's hash should be {expected}, not {found}")]
    RecordPrevious { expected: Hash, found: Hash },
    /// Time ran backwards.
    #[error("time runs back from {before} to {found}")]
    TimeRunsBack { before: Second, found: Second },
    /// The author says to have seen a checkpoint of a size that this chain never had.
    #[error("the author saw a checkpoint of size {size}, which this chain never had")]
    SeenSize { size: u64 },
    /// The author saw another root: another history of this ledger was shown to somebody.
    #[error("the author saw root {found} at size {size}; this chain has {expected}")]
    SeenRoot { size: u64, expected: Hash, found: Hash },
    /// The author's key may not sign here.
    #[error("{0}")]
    Author(KeyRefusal),
    /// The block's key may not sign here.
    #[error("the block's {0}")]
    Sequencer(KeyRefusal),
    /// The block was signed by an instance that had not been started.
    #[error("the started sequencer has key {expected}; the block is signed by {found}")]
    NotTheStartedSequencer { expected: PublicKey, found: PublicKey },
    /// An open event breaks a rule.
    #[error("{0}")]
    Open(OpenRefusal),
    /// A signature does not fit.
    #[error("{} is wrong: {error}", of.name())]
    Signature { of: SignatureOf, error: SignatureError },
}

/// A signature that must still be checked. Made in parallel, since each takes longer than all else together.
#[derive(Clone, Debug)]
pub struct SignatureCheck<'a> {
    /// Where it stands.
    pub place: Place,
    /// What it signs.
    pub of: SignatureOf,
    /// The key, in force at this place.
    pub key: VerifyingKey,
    /// The signed bytes.
    pub message: &'a [u8],
    /// The signature.
    pub signature: [u8; 64],
}

/// What a signature signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureOf {
    /// A statement, by its author.
    Author,
    /// A statement, by the second person.
    Second,
    /// A block, by the sequencer instance.
    Block,
}

impl SignatureOf {
    const fn name(self) -> &'static str {
        match self {
            Self::Author => "the author's signature",
            Self::Second => "the second person's signature",
            Self::Block => "the block's signature",
        }
    }
}

impl SignatureCheck<'_> {
    fn claim(&self) -> Claim<'_> {
        let domain = match self.of {
            SignatureOf::Author | SignatureOf::Second => Domain::Statement,
            SignatureOf::Block => Domain::Block,
        };
        Claim { key: &self.key, domain, message: self.message, signature: &self.signature }
    }

    fn fault(&self) -> Fault {
        let error = SignatureError::Mismatch;
        Fault { place: self.place, kind: FaultKind::Signature { of: self.of, error } }
    }
}

/// Makes these checks, on all cores if there are many; the first that fails, in their order, is the fault.
pub fn check_signatures(checks: &[SignatureCheck<'_>]) -> Result<(), Fault> {
    wrong_signatures(checks).into_iter().next().map_or(Ok(()), Err)
}

/// Makes these checks, on all cores if there are many: a fault for each that fails, in their order.
#[must_use]
pub fn wrong_signatures(checks: &[SignatureCheck<'_>]) -> Vec<Fault> {
    let lot = (checks.len() / rayon::current_num_threads()).clamp(SMALL_LOT, TOGETHER);
    if checks.len() <= lot {
        wrong_in(checks)
    } else {
        checks.par_chunks(lot).flat_map_iter(wrong_in).collect()
    }
}

/// A lot below which waking another core costs more than it does.
const SMALL_LOT: usize = 8;

fn wrong_in(checks: &[SignatureCheck<'_>]) -> Vec<Fault> {
    let claims: Vec<_> = checks.iter().map(SignatureCheck::claim).collect();
    let fits = verify_each(&claims);
    checks.iter().zip(fits).filter(|(_, fits)| !fits).map(|(check, _)| check.fault()).collect()
}
