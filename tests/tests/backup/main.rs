//! Backups: whatever generation is restored, wherever it stopped, nothing that was erased comes back.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod canaries;
mod course;
mod crash;
mod gate;
mod histories;
mod parallel;
mod started;
