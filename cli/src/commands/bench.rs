//! `vandel bench`.

use std::path::Path;

use crate::args::BenchCommand;
use crate::bench::measure::{Comparison, Machine};
use crate::bench::world::World;
use crate::bench::{append, latency, verify};
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Measures, and prints a row for each quantity.
pub(super) fn run(context: &Context, command: BenchCommand) -> Result<Exit, CliError> {
    if cfg!(debug_assertions) {
        context.output.warn("this is a debug build: run with cargo run --release -- bench");
    }
    let machine = Machine::here();
    context.output.line(&machine, || machine.text())?;
    let told = |text: &str| context.output.progress(text);
    let world = |dir: &Path| World::found(dir);
    let rows = match command {
        BenchCommand::Verify(arguments) => {
            let world = world(&arguments.bench.dir)?;
            verify::run(&world, arguments.events, arguments.bench.rounds.into(), &told)?
        }
        BenchCommand::Append(arguments) => {
            let world = world(&arguments.bench.dir)?;
            let clients = arguments.clients as usize;
            append::run(&world, arguments.events, clients, arguments.bench.rounds.into(), &told)?
        }
        BenchCommand::Latency(arguments) => {
            let world = world(&arguments.bench.dir)?;
            latency::run(&world, arguments.events as usize, arguments.bench.rounds.into(), &told)?
        }
    };
    tell(context, &rows)
}

fn tell(context: &Context, rows: &[Comparison]) -> Result<Exit, CliError> {
    for compared in rows {
        let row = compared.row();
        context.output.line(&row, || row.text())?;
    }
    context.output.summary(&serde_json::json!({ "rows": rows.len() }), format!("{} rows", rows.len()))?;
    Ok(Exit::Done)
}
