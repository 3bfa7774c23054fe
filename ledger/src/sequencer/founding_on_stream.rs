//! Founding a ledger whose log lies on JetStream.

use std::sync::Arc;

use vandel_core::id::LedgerId;

use super::founding::{Draft, begin_in_an_empty_folder, publish_first};
use super::{Founding, FoundingError};
use crate::announce::Announce;
use crate::bus::{Bus, BusOptions, Role};
use crate::disk::Disk;
use crate::home::Home;
use crate::log::Log;
use crate::log::jetstream::{
    CheckpointStream, Demands, JetStreamLog, StreamError, create_streams, remove_empty_streams,
};
use crate::place::StreamPlace;

/// The log of a ledger that is to be founded on JetStream.
pub struct NewStream {
    /// How many servers must hold each block.
    pub replicas: usize,
    /// Append even if nobody can show that a server syncs before it acknowledges.
    pub accept_unproven_sync: bool,
    /// The connection that makes the streams, where the sequencer itself may not.
    pub operator: Option<BusOptions>,
}

/// Founds a ledger in an empty folder, with its log on the servers that [`Home::nats`] names.
///
/// The streams are made and looked at before anything is written into the home; if they can't hold a
/// log, they are removed again.
///
/// # Errors
/// [`FoundingError`]; an interrupted founding is never completed, as in files.
pub fn found_on_stream(
    disk: &Arc<dyn Disk>,
    home: &Home,
    founding: Founding<'_>,
    stream: &NewStream,
) -> Result<LedgerId, FoundingError> {
    begin_in_an_empty_folder(&**disk, home)?;
    let draft = Draft::new(&founding)?;
    let ledger = draft.chain.ledger;
    let place = StreamPlace::new(&ledger, home.nats(), stream.replicas, stream.accept_unproven_sync);
    let demands = place.demands();
    let bus = Bus::connect(&place.options(Role::Sequencer))?;
    let operator = match &stream.operator {
        Some(options) => Bus::connect(options)?,
        None => bus.clone(),
    };
    let mut log = make_streams(&bus, &operator, ledger, &demands)?;
    // From here on a crash leaves streams that no home names: they hold at most a first block that
    // nobody has been told of.
    draft.lay_out(disk, home, founding.cell)?;
    place.write(&**disk, home)?;
    log.append(0, &draft.block)?;
    let note = publish_first(disk, home, &draft.chain, &draft.checkpoint_key)?;
    let mut announce = CheckpointStream::new(bus, &ledger, demands.waits);
    // Nobody else knows this ledger yet.
    announce.announce(&note, &|_| None)?;
    announce.settle(&|_| None)?;
    Ok(ledger)
}

fn make_streams(
    bus: &Bus,
    operator: &Bus,
    ledger: LedgerId,
    demands: &Demands,
) -> Result<JetStreamLog, StreamError> {
    create_streams(operator, &ledger, demands)?;
    JetStreamLog::open(bus.clone(), ledger, demands.clone()).inspect_err(|_| {
        // The error is what matters; empty streams that stay behind harm nobody.
        let _ = remove_empty_streams(operator, &ledger, demands);
    })
}
