//! The command `vandel`: it parses, calls and prints. What is true is decided in `vandel-core`.

pub mod demo;
pub mod import;
pub mod names;
