//! The register of sinks: every place outside the live ledger that got a payload or a key.
//!
//! The kinds are a closed list ([`SinkKind`]). A sink is entered when it is made, by whoever makes it (a backup, an
//! export, a copy of a root cell), and its end is entered by whoever has seen to it: destroyed, or not
//! reachable any more. Every entry is signed by an enrolled key and names the hash of the one before, so none can be
//! changed or taken out of the middle. The register names no case: an export lists the vault's names of the
//! cases' keys, which mean nothing once those keys are gone.
//!
//! ```text
//! sinks/register    lines of hexadecimal digits: entry (postcard) ‖ key, 32 bytes ‖ signature, 64 bytes
//! ```

mod register;

use std::fmt;

use serde::{Deserialize, Serialize};
use vandel_core::codec::{decode_body, encode_body};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::signature::verify_strict;
use vandel_core::time::{Day, Second};

pub use register::{Register, RegisterError};

/// The longest entry, in bytes.
const ENTRY_BYTES_MAX: usize = 1 << 20;
const SIGNED_BYTES: usize = 32 + 64;

/// A sink's id: random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SinkId(pub [u8; 16]);

/// What a sink is: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SinkKind {
    /// A backup of ciphertexts: log, bundles, pages, plans.
    BackupData,
    /// A backup of keys: a root cell's content, whatever protects it.
    BackupKeys,
    /// Another copy of a root cell, such as a second cell or a paper under seal.
    RootCellCopy,
    /// An export with openings, encrypted to its recipient.
    Export,
    /// A report that shows content, such as one under GDPR art. 15.
    Report,
    /// A file in a personnel or recruitment system.
    HrFile,
    /// Paper.
    Paper,
}

impl SinkKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::BackupData,
        Self::BackupKeys,
        Self::RootCellCopy,
        Self::Export,
        Self::Report,
        Self::HrFile,
        Self::Paper,
    ];

    /// The name in commands, reports and certificates.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BackupData => "backup-data",
            Self::BackupKeys => "backup-keys",
            Self::RootCellCopy => "root-cell-copy",
            Self::Export => "export",
            Self::Report => "report",
            Self::HrFile => "hr-file",
            Self::Paper => "paper",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it holds the vault's blobs or keys, and so counts by epoch for every case; else it counts by
    /// the cases that are in it. Only the destruction of such a copy completes an erasure.
    #[must_use]
    pub const fn holds_keys_or_blobs(self) -> bool {
        matches!(self, Self::BackupData | Self::BackupKeys | Self::RootCellCopy)
    }
}

/// A sink as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its id.
    pub sink: SinkId,
    /// What it is.
    pub kind: SinkKind,
    /// The oldest root epoch that opens what is in it, or whose key is in it.
    pub epoch: u64,
    /// The day on which it is to be gone.
    pub expires: Option<Day>,
    /// The vault's names of the spine keys of the cases in it; empty for backups, which hold all.
    pub cases: Vec<[u8; 16]>,
    /// Where it is or who has it: a shelf, an office. Never a person's name.
    pub place: String,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A sink came to be.
    Made(Made),
    /// It was destroyed; how.
    Destroyed {
        /// Which.
        sink: SinkId,
        /// How, in words.
        how: String,
    },
    /// It can't be reached; why.
    NotReachable {
        /// Which.
        sink: SinkId,
        /// Why, in words.
        why: String,
    },
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its number in the register, from 0.
    pub number: u64,
    /// The hash of the entry before; zero for the first.
    pub previous: Hash,
    /// When it was entered.
    pub at: Second,
    /// What it says.
    pub what: What,
}

/// An entry with who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The entry.
    pub entry: Entry,
    /// Who signed.
    pub key: PublicKey,
    /// Over `D(sink) ‖ entry`.
    pub signature: [u8; 64],
}

/// What became of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing is known: it exists.
    Exists,
    /// Destroyed, as this entry says.
    Destroyed(Box<Signed>),
    /// Not reachable, as this entry says.
    NotReachable(Box<Signed>),
}

impl Fate {
    /// The name in reports and certificates.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Exists => "outstanding",
            Self::Destroyed(_) => "attested",
            Self::NotReachable(_) => "not-reachable",
        }
    }
}

/// A sink and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkState {
    /// As it was made.
    pub made: Made,
    /// When.
    pub at: Second,
    /// What became of it.
    pub fate: Fate,
}

impl fmt::Display for SinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for SinkId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = unhex(text.as_bytes()).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| "expected 32 lower-case hexadecimal digits".to_owned())
    }
}

impl fmt::Display for SinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.made.kind.name(), self.made.sink)
    }
}

impl Signed {
    /// The bytes: entry, key, signature.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&encode_body(&self.entry)[..], &self.key.0, &self.signature].concat()
    }

    /// Reads an entry and checks its signature.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let (body, signed) =
            bytes.split_at_checked(bytes.len().wrapping_sub(SIGNED_BYTES)).ok_or("too short")?;
        let (key, signature) = signed.split_first_chunk::<32>().ok_or("too short")?;
        let key = PublicKey(*key);
        let signature: [u8; 64] = signature.try_into().map_err(|_| "too short")?;
        verify_strict(&key, Domain::Sink, &[body], &signature).map_err(|_| "its signature is wrong")?;
        let entry = decode_body(body, "sink", ENTRY_BYTES_MAX).map_err(|_| "it is no entry")?;
        Ok(Self { entry, key, signature })
    }

    fn hash(&self) -> Hash {
        Domain::Sink.hash(&[&self.encode()])
    }
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.chunks(2);
    pairs
        .map(|pair| if let [high, low] = pair { Some(digit(*high)? << 4 | digit(*low)?) } else { None })
        .collect()
}
