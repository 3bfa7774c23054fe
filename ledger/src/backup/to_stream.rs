//! Putting a restored log onto JetStream: onto new streams, or onto those that outlived the home.

use std::sync::Arc;

use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::id::LedgerId;
use vandel_core::note::Note;

use super::{BackupError, at};
use crate::announce::Announce as _;
use crate::bus::{Bus, Role};
use crate::disk::{Disk, read_all};
use crate::home::Home;
use crate::log::Log as _;
use crate::log::file::FileLog;
use crate::log::jetstream::{CheckpointStream, JetStreamLog, JetStreamReader, StreamError, ensure_streams};
use crate::place::StreamPlace;
use crate::sequencer::NewStream;

fn place_of(home: &Home, ledger: &LedgerId, stream: &NewStream) -> StreamPlace {
    StreamPlace::new(ledger, home.nats(), stream.replicas, stream.accept_unproven_sync)
}

/// The ledger's stream, if it outlived the home.
pub(super) fn reader(
    home: &Home,
    ledger: &LedgerId,
    stream: &NewStream,
) -> Result<Option<JetStreamReader>, BackupError> {
    let place = place_of(home, ledger, stream);
    let bus = Bus::connect(&place.options(Role::Sequencer))?;
    match JetStreamReader::open(bus, *ledger, place.demands().waits) {
        Err(StreamError::NoStream { .. }) => Ok(None),
        other => Ok(Some(other?)),
    }
}

/// Puts the log that lies in the home's files onto the stream, and says in the home that it lies there. What the stream
/// holds already must be the same blocks, and every block is fenced by its position: nothing is overwritten.
pub(super) fn place(
    disk: &Arc<dyn Disk>,
    home: &Home,
    stream: &NewStream,
    chain: &Chain,
    remembered: Option<&str>,
) -> Result<(), BackupError> {
    let place = place_of(home, &chain.ledger, stream);
    let demands = place.demands();
    let bus = Bus::connect(&place.options(Role::Sequencer))?;
    let operator = match &stream.operator {
        Some(options) => Bus::connect(options)?,
        None => bus.clone(),
    };
    ensure_streams(&operator, &chain.ledger, &demands)?;
    let mut log = JetStreamLog::open(bus.clone(), chain.ledger, demands.clone())?;
    let from = log.next_position();
    for placed in FileLog::open_read_only(disk.clone(), &home.log(), Some(chain.ledger))? {
        let placed = placed?;
        // Those before were compared when the stream was read as a newer log.
        if placed.position >= from {
            log.append(placed.position, &placed.bytes)?;
        }
    }
    announce(disk, home, CheckpointStream::new(bus, &chain.ledger, demands.waits), chain, remembered)?;
    // The place, and only then the files go: a crash between leaves both, and the mark that refuses them.
    place.write(&**disk, home).map_err(at(home.root()))?;
    for name in disk.list(&home.log()).map_err(at(home.log()))? {
        let path = home.log().join(name);
        disk.remove(&path).map_err(at(&path))?;
    }
    disk.sync_directory(&home.log()).map_err(at(home.log()))
}

/// Publishes the newest checkpoint that is known, unless the stream has one that is as new: a start compares.
fn announce(
    disk: &Arc<dyn Disk>,
    home: &Home,
    mut stream: CheckpointStream,
    chain: &Chain,
    remembered: Option<&str>,
) -> Result<(), BackupError> {
    let published = read_all(&**disk, &home.checkpoint()).ok();
    let published = published.and_then(|bytes| String::from_utf8(bytes).ok());
    let size = |note: &str| {
        let checkpoint: Option<Checkpoint> = Note::parse(note.as_bytes()).ok()?.text().parse().ok();
        checkpoint.map(|checkpoint| checkpoint.size())
    };
    let borne_out = |note: &&str| size(note).is_some_and(|size| size <= chain.size());
    let notes = [remembered, published.as_deref()].into_iter().flatten().filter(borne_out);
    let Some(newest) = notes.max_by_key(|note| size(note)) else { return Ok(()) };
    let failed = at(stream.place());
    let mut say = || {
        let there = stream.newest()?;
        if there.as_deref().and_then(size) < size(newest) {
            stream.announce(newest, &|_| None)?;
            stream.settle(&|_| None)?;
        }
        Ok(())
    };
    say().map_err(failed)
}
