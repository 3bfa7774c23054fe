//! Witnesses over the network: ours against foreign clients, our memory against foreign witnesses.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod command;
mod heads;
mod kill;
mod memory;
mod protocol;
mod sequencer;
