//! Dossiers: what a good one proves, and that no bad one passes.

#![allow(clippy::print_stdout, reason = "trials are counted in the output")]

mod good;
mod made;
mod tamper;
