//! The write side: the log, the vault, the memory and the sequencer. The only code that appends.

pub mod audit;
pub mod author;
#[cfg(feature = "network")]
pub mod bus;
pub mod clock;
pub mod desk;
pub mod disk;
pub mod dossier;
pub mod erasure;
pub mod handle;
pub mod home;
pub mod lock;
pub mod log;
pub mod memory;
pub mod opening;
pub mod outgoing;
pub mod publish;
pub mod sealing;
pub mod sequencer;
pub mod signer;
pub mod sinks;
pub mod submission;
pub mod tree;
pub mod vault;
pub mod witness;
