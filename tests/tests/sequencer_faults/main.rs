//! The commit order and its recovery under crashes, failing disks, and logs and memories taken back.
//!
//! A run is a list of operations from a seed; the disk records what is done to it, and the machine is
//! stopped after each step, or a step fails. Then a fresh process opens what is left and one checker
//! ([`check::check`]) says whether every promise was kept. Each test prints how many trials it made;
//! `VANDEL_DEEP=1` makes more of them.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, unreachable_pub)]

mod beside;
mod check;
mod cost;
mod crash;
mod damage;
mod desk;
mod disagree;
mod replaced;
mod script;
mod trouble;

/// `shallow` on every change, `far` at night.
fn deep(shallow: usize, far: usize) -> usize {
    if std::env::var_os("VANDEL_DEEP").is_some() { far } else { shallow }
}

/// How many records the one large block of a run has: with a snapshot after it in every second run.
fn large(seed: u64) -> usize {
    if seed.is_multiple_of(2) { 0 } else { 72 }
}
