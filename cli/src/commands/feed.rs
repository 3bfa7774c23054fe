//! `vandel feed`: what dashboards are told.

mod serve;
mod tail;
mod watch;

use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::place::StreamPlace;
use vandel_projector::feed::outlet::{OutletError, ensure_stream};
use vandel_projector::feed::service::ServiceError;
use vandel_projector::following::FollowError;

pub(crate) use serve::{SHORTEST_PAUSE, open_service, pause_after};

use crate::args::FeedCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Runs a command about the feed.
pub(super) fn run(context: &Context, command: &FeedCommand) -> Result<Exit, CliError> {
    match command {
        FeedCommand::Serve(arguments) => serve::run(context, arguments),
        FeedCommand::Tail(arguments) => match arguments.role {
            Some(role) => watch::run(context, arguments, role),
            None => tail::run(context, arguments),
        },
    }
}

/// How NATS is reached: as the command line says, else as the home says of its log.
fn options(context: &Context, role: Role) -> Result<(BusOptions, Option<StreamPlace>), CliError> {
    let place =
        StreamPlace::of(&*context.disk, &context.home).map_err(vandel_ledger::opening::HomeError::from)?;
    let options = match &place {
        Some(place) => Some(place.options(role)),
        None => context.nats.options(role),
    };
    let options = options.ok_or_else(|| {
        CliError::new(Exit::Usage, "no-nats", "the feed goes over NATS, and no server is named")
            .next("give --nats URL, with --nats-key FILE and --nats-ca FILE where the server asks for them")
    })?;
    Ok((options, place))
}

/// Makes the stream that keeps the feed's last values, since the projector may not. A ledger serves without it.
pub(super) fn make_stream(context: &Context, bus: &Bus, replicas: usize) {
    if let Err(error) = ensure_stream(bus, replicas) {
        context.output.warn(&error.to_string());
    }
}

impl From<OutletError> for CliError {
    fn from(error: OutletError) -> Self {
        match error {
            OutletError::Bus(error) => error.into(),
            OutletError::Stream(_) | OutletError::Absent => {
                Self::new(Exit::Io, "feed-stream", error.to_string())
            }
        }
    }
}

impl From<FollowError> for CliError {
    fn from(error: FollowError) -> Self {
        let record = error.record();
        let message = error.to_string();
        let failure = match error {
            FollowError::Source(error) => error.into(),
            FollowError::Checkpoint(_) => Self::new(Exit::Integrity, "checkpoint-damaged", message),
            FollowError::NotSigned { .. } => Self::new(Exit::Integrity, "checkpoint-not-signed", message)
                .next("run: vandel verify HOME --trust FILE"),
        };
        match record {
            Some(record) => failure.record(record),
            None => failure,
        }
    }
}

impl From<ServiceError> for CliError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Follow(error) => error.into(),
            ServiceError::Project(error) | ServiceError::Unsettled(error) => error.into(),
            ServiceError::Outlet(error) => error.into(),
            ServiceError::Status(error) => Self::new(Exit::Io, "feed-status", error.to_string()),
        }
    }
}
