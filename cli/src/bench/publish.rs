//! The limits on NATS: publishing bare messages to a stream that syncs each, fenced as the log is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use vandel_ledger::bus::{Bus, BusOptions, Role};

use super::world::internal;
use crate::error::CliError;

/// Publishes messages of these lengths to a new stream, each with the expected last sequence, so many of
/// them under way at once; all are acknowledged when this returns.
///
/// # Errors
/// If the server refuses.
pub fn fenced(address: &str, name: &str, lengths: &[usize], under_way: usize) -> Result<Duration, CliError> {
    let bus = Bus::connect(&BusOptions::new(address, Role::Operator)).map_err(|error| internal(&error))?;
    bus.block_on(publish(bus.client(), name, lengths, under_way)).map_err(|error| internal(&error))
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn publish(
    client: &async_nats::Client,
    name: &str,
    lengths: &[usize],
    under_way: usize,
) -> Result<Duration, Failure> {
    // Made here, since it starts a task of the runtime.
    let context = jetstream::new(client.clone());
    let config = stream::Config {
        name: name.to_owned(),
        subjects: vec![name.to_owned()],
        storage: stream::StorageType::File,
        ..stream::Config::default()
    };
    context.create_stream(config).await?;
    let bytes = vec![0x5a; lengths.iter().copied().max().unwrap_or(0)];
    let mut waiting: VecDeque<PublishAckFuture> = VecDeque::new();
    let start = Instant::now();
    for (sequence, length) in (0..).zip(lengths) {
        if waiting.len() >= under_way
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.await?;
        }
        let message = PublishMessage::build().payload(bytes[..*length].to_vec().into());
        let message = message.expected_last_sequence(sequence);
        waiting.push_back(context.send_publish(name.to_owned(), message).await?);
    }
    for acknowledged in waiting {
        acknowledged.await?;
    }
    let took = start.elapsed();
    context.delete_stream(name).await?;
    Ok(took)
}
