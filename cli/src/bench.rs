//! `vandel bench`: ours and the bare limit in the same run.
//!
//! Nothing measured here skips a check, a sync or a start: the work is that of [`vandel_ledger`] and
//! [`vandel_core`] as every other command uses them.

pub mod append;
pub mod bare;
pub mod erase;
pub mod feed;
mod folder;
pub mod growth;
pub mod latency;
pub mod measure;
pub mod national;
pub mod plot;
pub mod publish;
pub mod query;
pub mod rebuild;
pub mod replay;
pub mod server;
pub mod stage;
pub mod through;
pub mod verify;
pub mod world;
