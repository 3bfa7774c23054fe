//! The trust file (C2SP tlog-policy): which log keys and witnesses a reader trusts, and how many
//! witnesses must have cosigned.
//!
//! ```text
//! log vandel.example/ledger+6c4f2a10+AZ…
//! witness region region.example/witness+51ab03de+BA…
//! witness revision revision.example/witness+0f6e1c77+BC…
//! group outside any region revision
//! quorum outside
//! ```
//!
//! It comes from the reader, never from the log: it is the root of everything that a verdict says.
//! Two rules are stricter than the format asks: the file is UTF-8, and no public key may appear
//! twice, not even once as a log and once as a witness, since a log that witnesses itself is no witness.

mod text;

pub use text::{TrustError, parse_trust};

use crate::checkpoint::{Checkpoint, CheckpointOpenError, OpenCheckpoint};
use crate::id::PublicKey;
use crate::note::{KeyKind, VerifierKey, VerifierKeyError};

/// The logs and witnesses that a reader trusts, and the quorum. [`Trust::default`] trusts nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    logs: Vec<Log>,
    /// Witnesses and groups in the order of their definition: groups name only what stands before.
    entries: Vec<Entry>,
    /// The entry that must have witnessed; none: the log's signature suffices.
    quorum: Option<usize>,
}

/// A trusted log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its checkpoint key; the key's name is the log's origin.
    pub key: VerifierKey,
    /// Where it can be reached; verification doesn't use it.
    pub url: Option<String>,
}

/// A trusted witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in this file.
    pub name: String,
    /// Its cosigning key.
    pub key: VerifierKey,
    /// Where it can be reached; verification doesn't use it.
    pub url: Option<String>,
}

/// How many members of a group must have witnessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// One of them.
    Any,
    /// Each of them.
    All,
    /// At least so many, from 1 to the number of members.
    AtLeast(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Witness(Box<Witness>),
    Group { name: String, threshold: Threshold, members: Vec<usize> },
}

/// Why a line of a trust file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustLineError {
    /// The first word is no keyword.
    #[error("{0:?} is not one of log, witness, group, quorum")]
    Keyword(String),
    /// A name or URL that cannot be one word of a line.
    #[error("{0:?} cannot stand in a trust file: it is empty, or holds a space or control character")]
    Word(String),
    /// Too few or too many words.
    #[error("expected: {0}")]
    Form(&'static str),
    /// The verifier key was refused.
    #[error(transparent)]
    Key(#[from] VerifierKeyError),
    /// A log with a cosigning key, or a witness with a plain key.
    #[error("the key of a {role} must be of signature type {expected:#04x}, not {found:#04x}")]
    KeyKind {
        /// `log` or `witness`.
        role: &'static str,
        /// The type found.
        found: u8,
        /// The type expected.
        expected: u8,
    },
    /// The public key stands on an earlier line.
    #[error("the public key {0} is listed already")]
    DuplicateKey(PublicKey),
    /// A witness or group of this name exists.
    #[error("the name {0:?} is defined already")]
    DuplicateName(String),
    /// `none` is the empty quorum's name and no other's.
    #[error("the name \"none\" is reserved for an empty quorum")]
    ReservedName,
    /// A name without a definition on an earlier line.
    #[error("{0:?} is not defined on an earlier line")]
    UnknownName(String),
    /// A name that is a member of a group already: it would count twice.
    #[error("{0:?} is a member of a group already")]
    MemberTwice(String),
    /// A threshold that is neither `any`, `all` nor a number from 1 to the number of members.
    #[error("{found:?} is not a threshold: expected any, all or a number from 1 to {members}")]
    Threshold {
        /// The word found.
        found: String,
        /// The number of members.
        members: usize,
    },
    /// A second quorum line.
    #[error("the quorum is defined already")]
    SecondQuorum,
}

impl Trust {
    /// Trusts a log.
    pub fn add_log(&mut self, key: VerifierKey, url: Option<String>) -> Result<(), TrustLineError> {
        self.check_key("log", KeyKind::Ed25519, &key)?;
        check_words(url.iter().map(String::as_str).chain([key.name()]))?;
        self.logs.push(Log { key, url });
        Ok(())
    }

    /// Trusts a witness, under a name for groups and quorum.
    pub fn add_witness(&mut self, witness: Witness) -> Result<(), TrustLineError> {
        self.check_name(&witness.name)?;
        self.check_key("witness", KeyKind::Cosignature, &witness.key)?;
        check_words(witness.url.iter().map(String::as_str).chain([witness.key.name()]))?;
        self.entries.push(Entry::Witness(Box::new(witness)));
        Ok(())
    }

    /// Defines a group over witnesses and groups that are defined already.
    pub fn add_group(
        &mut self,
        name: &str,
        threshold: Threshold,
        members: &[&str],
    ) -> Result<(), TrustLineError> {
        self.check_name(name)?;
        if let Threshold::AtLeast(count) = threshold
            && !(1..=members.len()).contains(&count)
        {
            return Err(TrustLineError::Threshold { found: count.to_string(), members: members.len() });
        }
        if members.is_empty() {
            return Err(TrustLineError::Form(text::GROUP_FORM));
        }
        let mut indices = Vec::with_capacity(members.len());
        for member in members {
            let index = self.find(member)?;
            if indices.contains(&index) || self.is_member(index) {
                return Err(TrustLineError::MemberTwice((*member).to_owned()));
            }
            indices.push(index);
        }
        self.entries.push(Entry::Group { name: name.to_owned(), threshold, members: indices });
        Ok(())
    }

    /// Requires that a witness or group has witnessed; `none` requires nobody.
    pub fn set_quorum(&mut self, name: &str) -> Result<(), TrustLineError> {
        self.quorum = if name == "none" { None } else { Some(self.find(name)?) };
        Ok(())
    }

    /// The trusted logs.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The trusted witnesses.
    pub fn witnesses(&self) -> impl Iterator<Item = &Witness> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Witness(witness) => Some(&**witness),
            Entry::Group { .. } => None,
        })
    }

    /// Whether any cosignature is asked for at all: without one, the log's operator could have
    /// rewritten everything, and a verdict must say so.
    #[must_use]
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// All keys, for reading notes.
    #[must_use]
    pub fn keys(&self) -> Vec<VerifierKey> {
        let logs = self.logs.iter().map(|log| log.key.clone());
        logs.chain(self.witnesses().map(|witness| witness.key.clone())).collect()
    }

    /// Reads a signed checkpoint of a trusted log, with the cosignatures of trusted witnesses.
    /// Whether these suffice is [`Trust::quorum_met`]'s to say: "quorum short" is a verdict of
    /// its own, not a broken checkpoint.
    pub fn open(&self, bytes: &[u8]) -> Result<OpenCheckpoint, CheckpointOpenError> {
        Checkpoint::open(bytes, &self.keys())
    }

    /// Whether the witnesses with these public keys, who have verifiably cosigned, make the
    /// quorum. Keys that are not trusted, and repetitions, count for nothing.
    #[must_use]
    pub fn quorum_met(&self, cosigners: &[PublicKey]) -> bool {
        let Some(quorum) = self.quorum else { return true };
        // Members stand before their group, so one pass suffices.
        let mut witnessed: Vec<bool> = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            witnessed.push(match entry {
                Entry::Witness(witness) => cosigners.contains(&witness.key.public_key()),
                Entry::Group { threshold, members, .. } => {
                    let count = members.iter().filter(|member| witnessed[**member]).count();
                    count >= threshold.count(members.len())
                }
            });
        }
        witnessed[quorum]
    }

    fn find(&self, name: &str) -> Result<usize, TrustLineError> {
        let found = self.entries.iter().position(|entry| entry.name() == name);
        found.ok_or_else(|| TrustLineError::UnknownName(name.to_owned()))
    }

    fn is_member(&self, index: usize) -> bool {
        self.entries.iter().any(|entry| match entry {
            Entry::Witness(_) => false,
            Entry::Group { members, .. } => members.contains(&index),
        })
    }

    fn check_name(&self, name: &str) -> Result<(), TrustLineError> {
        if name == "none" {
            return Err(TrustLineError::ReservedName);
        }
        check_words([name])?;
        match self.find(name) {
            Ok(_) => Err(TrustLineError::DuplicateName(name.to_owned())),
            Err(_) => Ok(()),
        }
    }

    fn check_key(&self, role: &'static str, kind: KeyKind, key: &VerifierKey) -> Result<(), TrustLineError> {
        if key.kind() != kind {
            let (found, expected) = (key.kind().byte(), kind.byte());
            return Err(TrustLineError::KeyKind { role, found, expected });
        }
        let public = key.public_key();
        if self.keys().iter().any(|known| known.public_key() == public) {
            return Err(TrustLineError::DuplicateKey(public));
        }
        Ok(())
    }
}

/// What a program adds must be readable when it is written to a file.
fn check_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<(), TrustLineError> {
    match words.into_iter().find(|word| !text::is_word(word)) {
        Some(bad) => Err(TrustLineError::Word(bad.to_owned())),
        None => Ok(()),
    }
}

impl Entry {
    fn name(&self) -> &str {
        match self {
            Self::Witness(witness) => &witness.name,
            Self::Group { name, .. } => name,
        }
    }
}

impl Threshold {
    /// How many of so many members.
    fn count(self, members: usize) -> usize {
        match self {
            Self::Any => 1,
            Self::All => members,
            Self::AtLeast(count) => count,
        }
    }
}
