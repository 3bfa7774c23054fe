//! A view is a fold and nothing else: however it came about it is the same, and what does not belong
//! in it is thrown away.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

mod canary;
mod damage;
mod equality;
mod lively;
mod questions;
#[path = "../../../ledger/tests/world/mod.rs"]
mod world;
