//! `vandel bench`.

use std::path::Path;

use crate::args::{BenchCommand, BenchFeedArgs};
use crate::bench::measure::{Comparison, Machine, Row};
use crate::bench::national::National;
use crate::bench::world::{LogPlace, World, internal};
use crate::bench::{append, erase, feed, latency, national, query, rebuild, stage, verify};
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Measures, and prints a row for each quantity.
pub(super) fn run(context: &Context, command: BenchCommand) -> Result<Exit, CliError> {
    if let BenchCommand::Stage(arguments) = &command {
        let took = stage::take(arguments, &|text| context.output.progress(text))?;
        return tell_stage(&took);
    }
    if cfg!(debug_assertions) {
        context.output.warn("this is a debug build: run with cargo run --release -- bench");
    }
    let machine = Machine::here();
    context.output.line(&machine, || machine.text())?;
    let told = |text: &str| context.output.progress(text);
    let world = |dir: &Path| World::found(dir, LogPlace::File);
    let rows = match command {
        BenchCommand::Rebuild(arguments) => {
            let world = world(&arguments.bench.dir)?;
            return tell(
                context,
                &rebuild::run(&world, arguments.events, arguments.bench.rounds.into(), &told)?,
            );
        }
        BenchCommand::Query(arguments) => {
            let world = world(&arguments.bench.dir)?;
            let rounds = arguments.bench.rounds.into();
            return tell(context, &query::run(&world, arguments.events, arguments.queries, rounds, &told)?);
        }
        BenchCommand::Feed(arguments) => {
            log_place(context)?;
            let world = World::found(&arguments.bench.dir, LogPlace::SecuredServer)?;
            let BenchFeedArgs { events, subscribers, rate, seconds, bench } = arguments;
            let settings = feed::Settings { events, subscribers: subscribers.into(), rate, seconds };
            return tell(context, &feed::run(&world, settings, bench.rounds.into(), &told)?);
        }
        BenchCommand::National(arguments) => {
            let world = world(&arguments.dir)?;
            let found = national::run(&world, arguments.events, arguments.queries, &told)?;
            return tell_national(context, &found, arguments.plot.as_deref());
        }
        // Answered above.
        BenchCommand::Stage(_) => return Ok(Exit::Done),
        BenchCommand::Verify(arguments) => {
            let world = world(&arguments.bench.dir)?;
            verify::run(&world, arguments.events, arguments.bench.rounds.into(), &told)?
        }
        BenchCommand::Append(arguments) => {
            let log = log_place(context)?;
            let world = World::found(&arguments.bench.dir, log)?;
            let clients = arguments.clients as usize;
            append::run(&world, arguments.events, clients, arguments.bench.rounds.into(), &told)?
        }
        BenchCommand::Erase(arguments) => {
            erase::run(&arguments.bench.dir, arguments.subjects, arguments.bench.rounds.into(), &told)?
        }
        BenchCommand::Latency(arguments) => {
            let world = world(&arguments.bench.dir)?;
            latency::run(&world, arguments.events as usize, arguments.bench.rounds.into(), &told)?
        }
    };
    tell(context, &rows.iter().map(Comparison::row).collect::<Vec<_>>())
}

/// A bench measures a server that nobody else uses.
fn log_place(context: &Context) -> Result<LogPlace, CliError> {
    match context.nats.servers.as_deref() {
        None => Ok(LogPlace::File),
        Some("own") => Ok(LogPlace::OwnServer),
        Some(_) => {
            let message = "a bench starts a server of its own, so that nobody's ledger is measured or filled";
            Err(CliError::new(Exit::Usage, "bench-server", message).next("say --nats own"))
        }
    }
}

/// For the process that has begun this one, and reads it.
fn tell_stage(took: &stage::Took) -> Result<Exit, CliError> {
    let told = serde_json::to_string(took).map_err(|error| internal(&error))?;
    std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes())?;
    Ok(Exit::Done)
}

fn tell_national(context: &Context, found: &National, plot: Option<&Path>) -> Result<Exit, CliError> {
    for size in &found.sizes {
        context.output.line(size, || size.text())?;
    }
    if let Some(path) = plot {
        std::fs::write(path, found.plot()?).map_err(|error| CliError::file(path, &error))?;
    }
    tell(context, &found.queries)
}

fn tell(context: &Context, rows: &[Row]) -> Result<Exit, CliError> {
    for row in rows {
        context.output.line(row, || row.text())?;
    }
    if context.output.is_json() {
        context.output.summary(&rows.first().map(Row::figures), "")?;
    }
    Ok(Exit::Done)
}
