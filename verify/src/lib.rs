//! What checks a ledger and its evidence without a network: the library behind `vandel-verify`, the auditor's
//! own small binary, and behind `vandel verify`, `vandel proof check` and `vandel erasure verify`.
//!
//! It decides nothing: [`vandel_core`] does. It reads files, and says what was found ([`report`]) or why nothing
//! can be said ([`Refusal`]).

pub mod certificate;
pub mod checkpoint;
pub mod compare;
pub mod dossier;
pub mod evidence;
pub mod file;
pub mod proof;
pub mod receipts;
pub mod refusal;
pub mod report;
pub mod sealed;

pub use refusal::Refusal;
