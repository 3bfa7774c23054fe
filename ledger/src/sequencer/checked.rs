//! What is checked of a submission ahead of its place, on all cores: its bytes, its signatures, its payload.

use rayon::prelude::*;
use vandel_core::admit::Evidence;
use vandel_core::event::Step;
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::PublicKey;
use vandel_core::keyring::Keyring;
use vandel_core::limits::BLOCK_RECORDS_MAX;
use vandel_core::payload::Payload;
use vandel_core::signature::{Claim, SignatureError, verify_each};
use vandel_core::statement::{Body, SignedStatement, Statement, statement_hash};

use crate::sequencer::Group;
use crate::submission::{Submission, SubmitError};

/// A submission whose bytes and signatures are in order; its place is still to be judged.
pub(super) struct Verified {
    pub(super) bytes: Vec<u8>,
    pub(super) statement: Statement,
    pub(super) hash: Hash,
    pub(super) evidence: Option<Evidence>,
    pub(super) seen: Option<String>,
    /// On the heap, since it is large and goes through several hands.
    pub(super) step: Option<Box<(Payload, Step)>>,
    /// The keys that were known ahead have been verified against. A key that was not may have been
    /// enrolled since, so the place looks again.
    pub(super) unverified: bool,
}

/// A group whose bytes and signatures are in order: [`check_all`] makes it ahead, on any thread, and
/// the sequencer judges it at its place. That a signature fits a key's bytes stays true
/// whatever happens to the keyring in between; whether the key may sign is only judged at the place.
pub(crate) struct Checked(pub(super) Vec<Verified>);

/// The most groups that one core verifies before it looks for more: enough for what they share, and few enough that
/// the other cores don't wait for the last.
const LOT: usize = 16;

/// Decodes and verifies groups on all cores, against the keys of a keyring that may be older than the
/// place they will have.
pub(crate) fn check_all(keyring: &Keyring, groups: Vec<Group>) -> Vec<Result<Checked, SubmitError>> {
    let lot = groups.len().div_ceil(2 * rayon::current_num_threads()).clamp(1, LOT);
    match groups.len() {
        // Waking other threads costs more than one group does.
        0 | 1 => check_lot(keyring, groups),
        _ => groups.into_par_iter().chunks(lot).flat_map_iter(|groups| check_lot(keyring, groups)).collect(),
    }
}

/// Decodes groups and verifies them on one core, the authors' signatures together.
fn check_lot(keyring: &Keyring, groups: Vec<Group>) -> Vec<Result<Checked, SubmitError>> {
    // Nothing is spent on a group that is too long. None is refused as an empty one is.
    let taken = |group: Group| if group.len() > BLOCK_RECORDS_MAX { Vec::new() } else { group };
    let read = groups.into_iter().map(|group| taken(group).into_iter().map(Read::new).collect());
    let mut read: Vec<Vec<Result<Read, SubmitError>>> = read.collect();
    let claims: Vec<Option<Claim<'_>>> =
        read.iter().flatten().flatten().map(|one| one.claim(keyring)).collect();
    let mut fits = verify_each(&claims.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
    let fits: Vec<Option<bool>> = claims.iter().map(|claim| claim.and_then(|_| fits.next())).collect();
    read.iter_mut().flatten().flatten().zip(fits).for_each(|(one, fits)| one.fits = fits);
    read.into_iter().map(|group| check(keyring, group)).collect()
}

fn check(keyring: &Keyring, group: Vec<Result<Read, SubmitError>>) -> Result<Checked, SubmitError> {
    if group.is_empty() {
        return Err(SubmitError::Group { max: BLOCK_RECORDS_MAX });
    }
    let alone = group.len() == 1;
    let verified = group.into_iter().map(|one| one?.verified(keyring)).collect::<Result<Vec<_>, _>>()?;
    let open = verified.iter().any(|one| one.step.is_none());
    if open && !alone { Err(SubmitError::Group { max: BLOCK_RECORDS_MAX }) } else { Ok(Checked(verified)) }
}

/// A submission that has been decoded.
struct Read {
    submission: Submission,
    statement: Statement,
    hash: Hash,
    /// How many of the statement's bytes are signed.
    signed: usize,
    signature: [u8; 64],
    second: Option<(PublicKey, [u8; 64])>,
    /// Whether the author's signature fits; unknown as long as it has not been verified.
    fits: Option<bool>,
}

impl Read {
    fn new(submission: Submission) -> Result<Self, SubmitError> {
        let SignedStatement { signed_bytes, statement, signature, second } =
            SignedStatement::decode(&submission.statement)?;
        let (hash, signed) = (statement_hash(signed_bytes), signed_bytes.len());
        Ok(Self { submission, statement, hash, signed, signature, second, fits: None })
    }

    /// What its author's signature says, if the keyring knows the key. Nothing is spent on one that nobody enrolled.
    fn claim<'a>(&'a self, keyring: &'a Keyring) -> Option<Claim<'a>> {
        let key = keyring.verifying(&self.statement.author)?;
        let message = &self.submission.statement[..self.signed];
        Some(Claim { key, domain: Domain::Statement, message, signature: &self.signature })
    }

    /// The second person's signature is verified alone: few statements have one, and each stands in a block of its own.
    fn verified(self, keyring: &Keyring) -> Result<Verified, SubmitError> {
        let message = &self.submission.statement[..self.signed];
        if self.fits == Some(false) {
            return Err(SignatureError::Mismatch.into());
        }
        let second = self.second.as_ref().filter(|_| self.fits.is_some()).map(|(key, signature)| {
            let key = keyring.verifying(key)?;
            Some(key.verify(Domain::Statement, &[message], signature).is_ok())
        });
        if second == Some(Some(false)) {
            return Err(SignatureError::Mismatch.into());
        }
        let unverified = self.fits.is_none() || second == Some(None);
        let (statement, hash) = (self.statement, self.hash);
        let Submission { statement: bytes, payload, evidence, seen } = self.submission;
        let step = match (&statement.body, payload) {
            (Body::Open(_), None) => None,
            (Body::Sealed(commitment), Some(payload)) => {
                let step = payload.open(commitment)?;
                Some(Box::new((payload, step)))
            }
            _ => return Err(SubmitError::PayloadMismatch),
        };
        Ok(Verified { bytes, statement, hash, evidence, seen, step, unverified })
    }
}

/// Verifies the signatures by keys that the keyring knows; false if one of the keys is not among them.
pub(super) fn verify_signatures(
    keyring: &Keyring,
    signed: &SignedStatement<'_>,
) -> Result<bool, SubmitError> {
    let Some(author) = keyring.verifying(&signed.statement.author) else { return Ok(false) };
    author.verify(Domain::Statement, &[signed.signed_bytes], &signed.signature)?;
    if let Some((key, signature)) = &signed.second {
        let Some(second) = keyring.verifying(key) else { return Ok(false) };
        second.verify(Domain::Statement, &[signed.signed_bytes], signature)?;
    }
    Ok(true)
}
