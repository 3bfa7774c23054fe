//! The register itself: read whole, added to at the end, never changed.

use std::collections::BTreeMap;
use std::io;

use vandel_core::codec::encode_body;
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::LedgerId;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::Second;

use super::{Entry, Fate, Signed, SinkId, SinkKind, SinkState, What, unhex};
use crate::disk::{Disk, read_all, replace_atomically};
use crate::home::Home;

/// Why the register refuses. Nothing has been written then.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The disk.
    #[error("the register of sinks: {0}")]
    Io(#[from] io::Error),
    /// Its bytes are not what was written.
    #[error("the register of sinks is damaged at entry {number}: {what}; restore it from a backup")]
    Damaged {
        /// The entry.
        number: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// There is no such sink.
    #[error("there is no sink {0} in the register")]
    Unknown(SinkId),
    /// Its end has been entered before.
    #[error("the end of sink {0} was entered before")]
    Ended(SinkId),
    /// A sink of this id is there.
    #[error("sink {0} is in the register already")]
    Twice(SinkId),
}

/// The register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    ledger: Option<LedgerId>,
    entries: Vec<Signed>,
}

impl Register {
    /// Reads the register of a home; empty if there is none yet.
    ///
    /// # Errors
    /// If it can't be read, or an entry is not what was written.
    pub fn read(disk: &dyn Disk, home: &Home, ledger: LedgerId) -> Result<Self, RegisterError> {
        let mut register = Self { ledger: Some(ledger), entries: Vec::new() };
        let bytes = match read_all(disk, &home.sinks().join("register")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(register),
            other => other?,
        };
        for (number, line) in
            (0_u64..).zip(bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()))
        {
            let damaged = |what| RegisterError::Damaged { number, what };
            let bytes = unhex(line).ok_or_else(|| damaged("not in hexadecimal digits"))?;
            let signed = Signed::decode(&bytes).map_err(damaged)?;
            if signed.entry.ledger != ledger || signed.entry.number != number {
                return Err(damaged("it belongs elsewhere"));
            }
            if signed.entry.previous != register.head() {
                return Err(damaged("the entry before is another"));
            }
            register
                .check(&signed.entry.what)
                .map_err(|_| damaged("it does not follow from those before"))?;
            register.entries.push(signed);
        }
        Ok(register)
    }

    /// Enters something, signed, durably.
    ///
    /// # Errors
    /// If it is not in order, or the disk refuses.
    pub fn enter(
        &mut self,
        disk: &dyn Disk,
        home: &Home,
        what: What,
        at: Second,
        signer: &SigningKey,
    ) -> Result<&Signed, RegisterError> {
        let ledger = self.ledger.unwrap_or(LedgerId([0; 32]));
        disk.create_directory(&home.sinks())?;
        disk.sync_directory(home.root())?;
        // A backup is made beside the ledger's writer: one enters at a time, and what somebody else has entered
        // meanwhile stays.
        let _held = disk.hold(&home.sinks().join("entering"))?;
        *self = Self::read(disk, home, ledger)?;
        self.check(&what)?;
        let number = self.entries.len() as u64;
        let entry = Entry { ledger, number, previous: self.head(), at, what };
        let body = encode_body(&entry);
        let signature = sign(signer, Domain::Sink, &[&body]);
        let signed = Signed { entry, key: public_key(signer), signature };
        let mut text = String::new();
        for one in self.entries.iter().chain([&signed]) {
            one.encode().iter().for_each(|byte| text += &format!("{byte:02x}"));
            text.push('\n');
        }
        replace_atomically(disk, &home.sinks().join("register"), text.as_bytes())?;
        self.entries.push(signed);
        Ok(&self.entries[self.entries.len() - 1])
    }

    /// All entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Signed] {
        &self.entries
    }

    /// The register's head: the hash of its last entry.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.entries.last().map_or(Hash::ZERO, Signed::hash)
    }

    /// Every sink and what became of it, in the order in which they were made.
    #[must_use]
    pub fn states(&self) -> Vec<SinkState> {
        let mut fates: BTreeMap<SinkId, Fate> = BTreeMap::new();
        for signed in &self.entries {
            match signed.entry.what {
                What::Made(_) => {}
                What::Destroyed { sink, .. } => {
                    fates.insert(sink, Fate::Destroyed(Box::new(signed.clone())));
                }
                What::NotReachable { sink, .. } => {
                    fates.insert(sink, Fate::NotReachable(Box::new(signed.clone())));
                }
            }
        }
        let made = self.entries.iter().filter_map(|signed| match &signed.entry.what {
            What::Made(made) => Some((made.clone(), signed.entry.at)),
            _ => None,
        });
        made.map(|(made, at)| {
            let fate = fates.remove(&made.sink).unwrap_or(Fate::Exists);
            SinkState { made, at, fate }
        })
        .collect()
    }

    /// The oldest root epoch of which a copy of the key is left; `present` if there is none.
    #[must_use]
    pub fn oldest_epoch(&self, present: u64) -> u64 {
        let keys = |sink: &SinkState| matches!(sink.made.kind, SinkKind::BackupKeys | SinkKind::RootCellCopy);
        let left =
            self.states().into_iter().filter(|sink| keys(sink) && !matches!(sink.fate, Fate::Destroyed(_)));
        left.map(|sink| sink.made.epoch).fold(present, u64::min)
    }

    /// Whether something follows from what is there. What was called unreachable may still be destroyed.
    fn check(&self, what: &What) -> Result<(), RegisterError> {
        let state = |id: SinkId| self.states().into_iter().find(|sink| sink.made.sink == id);
        match what {
            What::Made(made) => match state(made.sink) {
                Some(_) => Err(RegisterError::Twice(made.sink)),
                None => Ok(()),
            },
            What::Destroyed { sink, .. } => match state(*sink).ok_or(RegisterError::Unknown(*sink))?.fate {
                Fate::Destroyed(_) => Err(RegisterError::Ended(*sink)),
                _ => Ok(()),
            },
            What::NotReachable { sink, .. } => {
                match state(*sink).ok_or(RegisterError::Unknown(*sink))?.fate {
                    Fate::Exists => Ok(()),
                    _ => Err(RegisterError::Ended(*sink)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Made;
    use super::*;
    use crate::disk::RealDisk;

    fn made(id: u8, kind: SinkKind, epoch: u64) -> What {
        let (expires, cases, place) = (None, Vec::new(), "skåp 1".to_owned());
        What::Made(Made { sink: SinkId([id; 16]), kind, epoch, expires, cases, place })
    }

    #[test]
    fn whoever_enters_at_once_enters_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, ledger) = (Home::new(folder.path()), LedgerId([1; 32]));
        std::thread::scope(|scope| {
            for writer in 0..4_u8 {
                let home = &home;
                scope.spawn(move || {
                    let key = SigningKey::from_bytes(&[3; 32]);
                    let mut register = Register::read(&RealDisk, home, ledger).expect("reads");
                    for number in 0..10 {
                        let what = made(writer * 10 + number, SinkKind::Export, 1);
                        register.enter(&RealDisk, home, what, Second(7), &key).expect("entered");
                    }
                });
            }
        });
        let register = Register::read(&RealDisk, &home, ledger).expect("one chain of entries");
        assert_eq!(register.entries().len(), 40, "no entry is lost");
    }

    #[test]
    fn every_sink_keeps_its_end_and_nothing_can_be_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, ledger) = (Home::new(folder.path()), LedgerId([1; 32]));
        let key = SigningKey::from_bytes(&[3; 32]);
        let mut register = Register::read(&RealDisk, &home, ledger).expect("none yet");
        let mut enter = |what| register.enter(&RealDisk, &home, what, Second(7), &key).map(|_| ());
        enter(made(1, SinkKind::BackupKeys, 4)).expect("made");
        enter(made(2, SinkKind::BackupKeys, 2)).expect("made");
        enter(made(3, SinkKind::Paper, 1)).expect("made");
        let destroyed = |id| What::Destroyed { sink: SinkId([id; 16]), how: "strimlad".to_owned() };
        let lost = |id| What::NotReachable { sink: SinkId([id; 16]), why: "hos mottagaren".to_owned() };
        assert!(matches!(enter(destroyed(9)), Err(RegisterError::Unknown(_))));
        assert!(matches!(enter(made(1, SinkKind::Export, 1)), Err(RegisterError::Twice(_))));
        enter(lost(3)).expect("lost");
        assert!(matches!(enter(lost(3)), Err(RegisterError::Ended(_))));
        enter(destroyed(3)).expect("found again");
        assert!(matches!(enter(destroyed(3)), Err(RegisterError::Ended(_))));
        assert_eq!(register.oldest_epoch(9), 2);
        register.enter(&RealDisk, &home, destroyed(2), Second(8), &key).expect("destroyed");
        assert_eq!(register.oldest_epoch(9), 4);

        let again = Register::read(&RealDisk, &home, ledger).expect("reads");
        assert_eq!(again, register);
        assert!(Register::read(&RealDisk, &home, LedgerId([2; 32])).is_err(), "of another ledger");
        let path = home.sinks().join("register");
        let whole = std::fs::read(&path).expect("there");
        for place in (0..whole.len()).step_by(7).filter(|place| whole[*place] != b'\n') {
            let mut changed = whole.clone();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            std::fs::write(&path, &changed).expect("writes");
            assert!(Register::read(&RealDisk, &home, ledger).is_err(), "byte {place}");
        }
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        std::fs::write(&path, [lines[0], &lines[2..].concat()].concat()).expect("writes");
        assert!(Register::read(&RealDisk, &home, ledger).is_err(), "an entry is missing");
    }
}
