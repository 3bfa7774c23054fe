//! Appends to a real home until it is killed: the victim of the kill test.
//!
//! `appender HOME` founds the ledger if there is none (on NATS if `VANDEL_NATS` names servers), and prints one line for each receipt *after*
//! it was given: record number, record hash. Nothing is printed ahead of its acknowledgement, so every
//! whole line on the other end of the pipe is a promise.

#![allow(clippy::print_stdout)]

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::opening::{self, OpenLedger};
use vandel_ledger::place::NatsAccess;
use vandel_ledger::sequencer::{Group, NewStream};
use vandel_tests::small_ledger::{SmallLedger, adopt_policy, assess, enrol};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: appender HOME")?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let nats = NatsAccess {
        servers: std::env::var("VANDEL_NATS").ok(),
        monitoring: std::env::var("VANDEL_NATS_MONITOR").ok(),
        ..NatsAccess::default()
    };
    let on_stream = nats.servers.is_some();
    let ledger = SmallLedger::at(disk, Home::new(PathBuf::from(folder)).with_nats(nats));
    if !ledger.home.root().exists() {
        if on_stream {
            let stream = NewStream { replicas: 1, accept_unproven_sync: false, operator: None };
            ledger.found_on_stream(&stream)?;
        } else {
            ledger.found()?;
        }
        println!("founded");
    }
    let mut open = opening::open(&ledger.home, ledger.opening())?;
    let policies = &open.sequencer.chain().policies;
    if policies.is_empty() {
        let group = vec![adopt_policy(&open.sequencer)];
        append(&mut open, vec![group])?;
    }
    let decider = vandel_core::signature::public_key(&vandel_tests::small_ledger::decider());
    if open.sequencer.chain().keyring.get(&decider).is_none() {
        let group = vec![enrol(&open.sequencer, 3)];
        append(&mut open, vec![group])?;
    }
    for round in 0_usize.. {
        let groups = (0..1 + round % 3).map(|thread| {
            let thread = 100 + u8::try_from(thread).unwrap_or(0);
            assess(&open.sequencer, thread, 1 + round % 2)
        });
        let groups = groups.collect();
        append(&mut open, groups)?;
        if round % 40 == 39 {
            // An end in order, with its snapshot, must be as safe to kill as all else.
            open.close()?;
            open = opening::open(&ledger.home, ledger.opening())?;
        }
    }
    Ok(())
}

fn append(open: &mut OpenLedger, groups: Vec<Group>) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for answer in open.sequencer.commit(groups) {
        for receipt in answer? {
            writeln!(out, "{} {}", receipt.record, receipt.hash)?;
        }
    }
    Ok(out.flush()?)
}
