//! The command `vandel`.
fn main() {}
