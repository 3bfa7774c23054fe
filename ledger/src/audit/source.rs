//! Where the blocks that are audited come from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::block::Block;
use vandel_core::id::LedgerId;
use vandel_core::verify::SignedCheckpoint;

use super::{AuditError, AuditOptions};
use crate::disk::Disk;
use crate::home::Home;
use crate::home_log::BlockReader;
use crate::log::ReadError;
use crate::log::file::FileLog;
use crate::place::StreamPlace;

/// Where things lie.
pub(super) struct Source {
    /// The audited folder; none if there is none, because all of it comes over NATS.
    pub(super) root: Option<PathBuf>,
    log: Blocks,
}

enum Blocks {
    Folder(PathBuf),
    #[cfg(feature = "network")]
    Stream(crate::log::jetstream::JetStreamReader),
}

impl Source {
    /// A home with its log in a folder or on JetStream, a log's folder itself, or NATS alone.
    pub(super) fn of(disk: &Arc<dyn Disk>, options: &AuditOptions) -> Result<Self, AuditError> {
        if options.over_nats {
            return over_nats(options);
        }
        let home = Home::new(&options.place).with_nats(options.nats.clone());
        match StreamPlace::of(&**disk, &home)? {
            Some(place) => of_stream(&options.place, &place),
            None => Ok(Self::of_folder(&**disk, &options.place)),
        }
    }

    /// A folder with a `log` in it, or the log itself.
    fn of_folder(disk: &dyn Disk, place: &Path) -> Self {
        let is_segments = |folder: &Path| {
            let names = disk.list(folder).unwrap_or_default();
            names.iter().any(|name| name.starts_with("segment-"))
        };
        let log = place.join("log");
        let parent = place.parent().map(Path::to_owned);
        match parent.filter(|_| disk.list(&log).is_err() && is_segments(place)) {
            Some(parent) => Self { root: Some(parent), log: Blocks::Folder(place.to_owned()) },
            None => Self { root: Some(place.to_owned()), log: Blocks::Folder(log) },
        }
    }

    /// Whether there is a log at all.
    pub(super) fn has_log(&self, disk: &dyn Disk) -> bool {
        match &self.log {
            Blocks::Folder(folder) => disk.list(folder).is_ok(),
            #[cfg(feature = "network")]
            Blocks::Stream(_) => true,
        }
    }

    /// All blocks.
    pub(super) fn blocks(&self, disk: &Arc<dyn Disk>) -> Result<BlockReader<'_>, ReadError> {
        match &self.log {
            Blocks::Folder(folder) => Ok(Box::new(FileLog::open_read_only(disk.clone(), folder, None)?)),
            #[cfg(feature = "network")]
            Blocks::Stream(reader) => Ok(Box::new(reader.blocks_from(0)?)),
        }
    }

    /// The ledger that the first block names, to open the vault with; the audit will judge it.
    pub(super) fn first_ledger(&self, disk: &Arc<dyn Disk>) -> Option<LedgerId> {
        let first = self.blocks(disk).ok()?.next()?.ok()?;
        Block::decode(&first.bytes).ok().map(|block| block.head.ledger)
    }

    /// The newest checkpoint in the checkpoint stream, if the log lies on one.
    #[cfg(feature = "network")]
    pub(super) fn announced(&self) -> Result<Option<SignedCheckpoint>, AuditError> {
        use crate::log::jetstream::{CheckpointStream, StreamError, Waits};
        use vandel_core::verify::CheckpointSource;
        let Blocks::Stream(reader) = &self.log else { return Ok(None) };
        let stream = CheckpointStream::new(reader.bus().clone(), &reader.ledger(), Waits::default());
        let note = stream.newest_note().map_err(StreamError::Api)?;
        Ok(note.map(|note| SignedCheckpoint { source: CheckpointSource::Published, note: note.into_bytes() }))
    }

    /// Without the network there is no checkpoint stream.
    #[cfg(not(feature = "network"))]
    pub(super) fn announced(&self) -> Result<Option<SignedCheckpoint>, AuditError> {
        Ok(None)
    }
}

#[cfg(feature = "network")]
fn of_stream(root: &Path, place: &StreamPlace) -> Result<Source, AuditError> {
    use crate::bus::{Bus, Role};
    use crate::log::jetstream::JetStreamReader;
    let bus = Bus::connect(&place.options(Role::Sequencer))?;
    let reader = JetStreamReader::for_audit(bus, place.ledger(), place.demands().waits)?;
    Ok(Source { root: Some(root.to_owned()), log: Blocks::Stream(reader) })
}

#[cfg(feature = "network")]
fn over_nats(options: &AuditOptions) -> Result<Source, AuditError> {
    use crate::bus::{Bus, BusError, Role};
    use crate::log::jetstream::{JetStreamReader, StreamError, Waits, ledgers};
    let connect = options.nats.options(Role::Auditor);
    let connect =
        connect.ok_or_else(|| BusError::Options("no NATS server is named: give --nats URL".to_owned()))?;
    let bus = Bus::connect(&connect)?;
    let ledger = match options.ledger {
        Some(ledger) => ledger,
        None => match ledgers(&bus, Waits::default()).map_err(StreamError::Api)?.as_slice() {
            [] => return Err(AuditError::NoLedger(connect.servers.join(", ").into())),
            [one] => *one,
            many => return Err(AuditError::WhichLedger(many.to_vec())),
        },
    };
    let reader = JetStreamReader::for_audit(bus, ledger, Waits::default())?;
    Ok(Source { root: None, log: Blocks::Stream(reader) })
}

#[cfg(not(feature = "network"))]
fn of_stream(root: &Path, _: &StreamPlace) -> Result<Source, AuditError> {
    Err(crate::place::PlaceError::NoNetwork(root.to_owned()).into())
}

#[cfg(not(feature = "network"))]
fn over_nats(options: &AuditOptions) -> Result<Source, AuditError> {
    Err(crate::place::PlaceError::NoNetwork(options.place.clone()).into())
}
