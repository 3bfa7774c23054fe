//! Which witnesses a ledger's memory consists of, beside the file: `memory.policy` in the home.
//!
//! The file is a C2SP tlog-policy: the ledger's log line, a witness line with its URL for each, and a quorum.
//! It holds no secret. It is the operator's own list and says what must have happened before a checkpoint
//! leaves; an auditor's trust file says what must have happened before a verdict is given, and comes from the
//! auditor. The two may name different witnesses.

use std::io;
use std::path::Path;
use std::sync::Arc;

use vandel_core::id::PublicKey;
use vandel_core::note::VerifierKey;
use vandel_core::signature::SigningKey;
use vandel_core::trust::{Threshold, Trust, TrustLineError, Witness, parse_trust};

use super::{FileMemory, Memory, MemoryError};
use crate::disk::{Disk, read_all};
use crate::home::Home;

/// The witnesses that must be asked.
#[derive(Clone, Debug)]
pub struct MemoryPolicy {
    trust: Trust,
    origin: String,
}

/// A witness with where it can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedWitness {
    /// Its key; the key's name is also its name in the file.
    pub key: VerifierKey,
    /// The submission prefix (C2SP tlog-witness), without the last slash.
    pub url: String,
}

impl MemoryPolicy {
    /// Reads a home's list of witnesses; none if there is no file.
    ///
    /// # Errors
    /// If it cannot be read or used.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Self>, MemoryError> {
        let bytes = match read_all(disk, path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| MemoryError::Io { path: path.to_owned(), source })?,
        };
        let refuse = |why: String| MemoryError::Policy { path: path.to_owned(), why };
        let trust = parse_trust(&bytes).map_err(|error| refuse(error.to_string()))?;
        Self::new(trust).map(Some).map_err(refuse)
    }

    /// A list of witnesses from a policy.
    ///
    /// # Errors
    /// What makes it unusable.
    pub fn new(trust: Trust) -> Result<Self, String> {
        let Some(log) = trust.logs().first() else {
            return Err("no log line says which ledger they remember".to_owned());
        };
        let origin = log.key.name().to_owned();
        if trust.witnesses().next().is_none() {
            return Err("there is no witness line".to_owned());
        }
        if let Some(witness) = trust.witnesses().find(|witness| witness.url.is_none()) {
            return Err(format!("the line of {} has no URL to ask it at", witness.name));
        }
        Ok(Self { trust, origin })
    }

    /// The origin of the ledger's checkpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The witnesses, in the order of their lines.
    #[must_use]
    pub fn witnesses(&self) -> Vec<NamedWitness> {
        let named = |witness: &Witness| {
            let url = witness.url.as_deref().unwrap_or_default().trim_end_matches('/').to_owned();
            NamedWitness { key: witness.key.clone(), url }
        };
        self.trust.witnesses().map(named).collect()
    }

    /// How many of them make a strict majority.
    #[must_use]
    pub fn majority(&self) -> usize {
        self.trust.witnesses().count() / 2 + 1
    }

    /// Whether these suffice: a strict majority always, and more if the file's own quorum asks for more. Two
    /// strict majorities of one set share a member, and that is why no second history gets one.
    #[must_use]
    pub fn suffices(&self, cosigners: &[PublicKey]) -> bool {
        let known = self.trust.witnesses().filter(|one| cosigners.contains(&one.key.public_key()));
        known.count() >= self.majority() && self.trust.quorum_met(cosigners)
    }
}

/// Adds witnesses to a policy, and makes its quorum a strict majority of all that it then names. A witness that
/// stands there already is left as it is.
///
/// # Errors
/// If a line would not be allowed.
pub fn with_witnesses(policy: &Trust, more: &[NamedWitness]) -> Result<Trust, TrustLineError> {
    let mut made = Trust::default();
    for log in policy.logs() {
        made.add_log(log.key.clone(), log.url.clone())?;
    }
    let old = policy.witnesses().cloned();
    let new = more.iter().map(|one| Witness {
        name: one.key.name().to_owned(),
        key: one.key.clone(),
        url: Some(one.url.clone()),
    });
    for witness in old.chain(new) {
        if !made.witnesses().any(|known| known.key == witness.key) {
            made.add_witness(witness)?;
        }
    }
    let names: Vec<String> = made.witnesses().map(|witness| witness.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names[..] {
        [] => {}
        [only] => made.set_quorum(only)?,
        _ => {
            made.add_group("majority", Threshold::AtLeast(names.len() / 2 + 1), &names)?;
            made.set_quorum("majority")?;
        }
    }
    Ok(made)
}

/// Opens a home's memory: the file alone, or the file and the witnesses that `memory.policy` names.
///
/// # Errors
/// If the file cannot be read, or too few witnesses answer.
pub fn open(
    disk: &Arc<dyn Disk>,
    home: &Home,
    checkpoint_key: &SigningKey,
    trust_new_memory: bool,
) -> Result<Box<dyn Memory>, MemoryError> {
    let file = FileMemory::open(disk.clone(), &home.memory())?;
    match MemoryPolicy::read(&**disk, &home.memory_policy())? {
        None => Ok(Box::new(file)),
        Some(policy) => with_network(disk, home, file, policy, checkpoint_key, trust_new_memory),
    }
}

#[cfg(feature = "network")]
fn with_network(
    disk: &Arc<dyn Disk>,
    home: &Home,
    file: FileMemory,
    policy: MemoryPolicy,
    checkpoint_key: &SigningKey,
    trust_new_memory: bool,
) -> Result<Box<dyn Memory>, MemoryError> {
    let settings = super::quorum::Settings {
        highs: home.memory().join("witnesses"),
        patience: super::quorum::Patience::default(),
        trust_new_memory,
    };
    let quorum = super::quorum::QuorumMemory::open(disk.clone(), file, policy, checkpoint_key, settings)?;
    Ok(Box::new(quorum))
}

#[cfg(not(feature = "network"))]
fn with_network(
    _: &Arc<dyn Disk>,
    home: &Home,
    _: FileMemory,
    _: MemoryPolicy,
    _: &SigningKey,
    _: bool,
) -> Result<Box<dyn Memory>, MemoryError> {
    let why = "this program has no network code and can't ask them".to_owned();
    Err(MemoryError::Policy { path: home.memory_policy(), why })
}
