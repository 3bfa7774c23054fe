//! The write side: the log, the vault, the memory and the sequencer. The only code that appends.

pub mod disk;
pub mod lock;
pub mod log;
pub mod vault;
