//! A view is a fold and nothing else: however it came about it is the same, and what does not belong
//! in it is thrown away.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

mod calendar;
mod canary;
mod damage;
mod equality;
mod lively;
mod questions;
#[path = "../../../ledger/tests/world/mod.rs"]
mod world;

use vandel_core::hash::Hash;
use vandel_projector::{Projector, Settings};

/// The digest of a view built from nothing.
fn fresh_digest(lively: &lively::Lively) -> Hash {
    let source = lively.source();
    Projector::in_memory(&source, Settings::default()).unwrap().digest(&source).unwrap()
}
