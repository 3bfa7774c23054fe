//! Labels: what a generation is, signed by the ledger's service.
//!
//! A label is a C2SP signed note of a few lines, so that a person reads it as it is.

use std::fmt;
use std::path::Path;

use vandel_core::checkpoint::parse_decimal;
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, LedgerId, PublicKey};
use vandel_core::note::{KeyKind, Note, NoteSignature, VerifierKey};
use vandel_core::signature::SigningKey;
use vandel_core::time::{Day, Second};

use super::BackupError;
use crate::sinks::{SinkId, SinkKind};

const HEAD: &str = "vandel backup v1";
const NAME: &str = "vandel-backup";

/// One of the two halves of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// The log and the sealed payloads.
    Data,
    /// What opens them.
    Keys,
}

/// What a generation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its number, from 1; both halves have the same.
    pub generation: u32,
    /// Which half.
    pub half: Half,
    /// When it was made.
    pub created: Second,
    /// The last day it may be kept.
    pub expires: Day,
    /// The size of the checkpoint that was published when it was begun: its log reaches at least so far.
    pub records: u64,
    /// That checkpoint's root.
    pub root: Hash,
    /// The vault's epoch.
    pub epoch: u64,
    /// The hash of the vault's manifest.
    pub manifest: Hash,
    /// Whether the root cell is in it.
    pub root_cell: bool,
    /// The folder it was written to.
    pub place: String,
    /// The service key that signs.
    pub service: PublicKey,
    /// Its entry in the register of sinks.
    pub sink: SinkId,
    /// What is in it.
    pub files: Files,
}

/// What is in a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// How many files.
    pub count: u64,
    /// Their length together.
    pub bytes: u64,
    /// The SHA-256 of their list, which is an object too.
    pub list: Hash,
}

impl Half {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Data, Self::Keys];

    /// The name in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Keys => "keys",
        }
    }

    /// Its kind in the register of sinks.
    #[must_use]
    pub const fn kind(self) -> SinkKind {
        match self {
            Self::Data => SinkKind::BackupData,
            Self::Keys => SinkKind::BackupKeys,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|half| half.name() == name)
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Label {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Files { count, bytes, list } = self.files;
        format!(
            "{HEAD}\nledger {}\ngeneration {}\nhalf {}\ncreated {}\nexpires {}\nrecords {}\nroot {}\nepoch {}\n\
             manifest {}\nroot-cell {}\nservice {}\nsink {}\nfiles {count} {bytes} {list}\nplace {}\n",
            self.ledger,
            self.generation,
            self.half,
            self.created.0,
            self.expires,
            self.records,
            self.root,
            self.epoch,
            self.manifest,
            if self.root_cell { "yes" } else { "no" },
            self.service,
            self.sink,
            self.place,
        )
    }

    pub(super) fn sign(&self, service: &SigningKey, path: &Path) -> Result<String, BackupError> {
        let wrong = |error: &dyn fmt::Display| label_error(path, error);
        let signature = NoteSignature::sign(NAME, service, &self.text()).map_err(|error| wrong(&error))?;
        let mut note = Note::new(self.text()).map_err(|error| wrong(&error))?;
        note.attach(signature).map_err(|error| wrong(&error))?;
        Ok(note.to_string())
    }

    /// Reads a label that is signed by the service key that it names. Whether that key is the ledger's
    /// own is for whoever has the chain to tell.
    pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Self, BackupError> {
        let wrong = |error: &dyn fmt::Display| label_error(path, error);
        let note = Note::parse(bytes).map_err(|error| wrong(&error))?;
        let label = Lines::of(note.text()).and_then(Lines::label);
        let label = label.ok_or_else(|| wrong(&"its lines are not those of a label"))?;
        let key = VerifierKey::new(NAME, KeyKind::Ed25519, &label.service).map_err(|error| wrong(&error))?;
        note.open(&[key]).map_err(|error| wrong(&error))?;
        Ok(label)
    }
}

fn label_error(path: &Path, why: impl fmt::Display) -> BackupError {
    BackupError::Label { path: path.to_owned(), why: why.to_string() }
}

/// The lines of a text, in their order.
struct Lines<'t>(std::str::Split<'t, char>);

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        (lines.next()? == HEAD).then_some(Self(lines))
    }

    fn next(&mut self, name: &str) -> Option<&'t str> {
        self.0.next()?.strip_prefix(name)?.strip_prefix(' ')
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        parse_decimal(self.next(name)?)
    }

    fn hash(&mut self, name: &str) -> Option<Hash> {
        Hash::from_hex(self.next(name)?)
    }

    fn label(mut self) -> Option<Label> {
        let label = Label {
            ledger: self.next("ledger")?.parse().ok()?,
            generation: u32::try_from(self.number("generation")?).ok()?,
            half: Half::from_name(self.next("half")?)?,
            created: Second(self.number("created")?),
            expires: self.next("expires")?.parse().ok()?,
            records: self.number("records")?,
            root: self.hash("root")?,
            epoch: self.number("epoch")?,
            manifest: self.hash("manifest")?,
            root_cell: match self.next("root-cell")? {
                "yes" => true,
                "no" => false,
                _ => return None,
            },
            service: self.next("service")?.parse().ok()?,
            sink: sink(self.next("sink")?)?,
            files: files(self.next("files")?)?,
            place: self.next("place")?.to_owned(),
        };
        self.0.next().is_none().then_some(label)
    }
}

/// A sink's id from 32 hexadecimal digits.
fn sink(text: &str) -> Option<SinkId> {
    text.parse::<ActorId>().ok().map(|id| SinkId(id.0))
}

fn files(text: &str) -> Option<Files> {
    let mut words = text.split(' ');
    let count = parse_decimal(words.next()?)?;
    let bytes = parse_decimal(words.next()?)?;
    let list = Hash::from_hex(words.next()?)?;
    words.next().is_none().then_some(Files { count, bytes, list })
}

#[cfg(test)]
mod tests {
    use vandel_core::signature::public_key;

    use super::*;

    fn label() -> Label {
        Label {
            ledger: LedgerId([1; 32]),
            generation: 3,
            half: Half::Keys,
            created: Second(1_774_000_000),
            expires: "2026-03-27".parse().expect("a day"),
            records: 12,
            root: Hash([2; 32]),
            epoch: 5,
            manifest: Hash([3; 32]),
            root_cell: true,
            place: "/backup with space".to_owned(),
            service: public_key(&SigningKey::from_bytes(&[7; 32])),
            sink: SinkId([6; 16]),
            files: Files { count: 4, bytes: 99, list: Hash([4; 32]) },
        }
    }

    #[test]
    fn a_label_reads_back_and_every_changed_byte_is_refused() {
        let path = Path::new("label");
        for label in [label(), Label { root_cell: false, half: Half::Data, ..label() }] {
            let note = label.sign(&SigningKey::from_bytes(&[7; 32]), path).expect("signed");
            assert_eq!(Label::read(note.as_bytes(), path).expect("reads"), label);
            for at in 0..note.len() {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= 1;
                assert!(Label::read(&bytes, path).is_err(), "byte {at} changed and nobody noticed");
            }
        }
        let stranger = label().sign(&SigningKey::from_bytes(&[8; 32]), path).expect("signed");
        assert!(Label::read(stranger.as_bytes(), path).is_err(), "another key than the one named");
    }
}
