//! What checks a ledger and its evidence without a network: the library behind `vandel-verify`, the auditor's
//! own small binary, and behind `vandel verify`, `vandel proof check` and `vandel erasure verify`.
//!
//! It decides nothing: [`vandel_core`] does. It reads files, and says what was found ([`report`]) or why nothing
//! can be said ([`Refusal`]).

pub mod compare;
pub mod dossier;
pub mod evidence;
pub mod proof;
pub mod refusal;
pub mod report;

pub use refusal::Refusal;
