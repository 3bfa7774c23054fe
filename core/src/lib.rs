//! What is true about a Vandel ledger: its bytes, its rules and its proofs.
//!
//! This crate is pure. It has no files, no network, no clock and no randomness: time, bytes and
//! random values are parameters. That makes the verifier something a person can read in an
//! afternoon, and lets the command line, the sequencer and every audit apply the same rules.
//!
//! | module | holds |
//! |---|---|
//! | [`id`], [`time`], [`limits`] | names, days and seconds, upper bounds |
//! | [`person`] | identity numbers, which belong in the vault |
//! | [`policy`], [`retention`] | the law as data, and the due days that follow from it |
//! | [`codec`], [`hash`], [`merkle`] | strict bytes, domain-separated hashes, RFC 6962 trees |
//! | [`signature`], [`note`], [`checkpoint`], [`trust`] | strict Ed25519, C2SP signed notes, tree heads and trust files |

pub mod checkpoint;
pub mod codec;
pub mod event;
pub mod hash;
pub mod id;
pub mod limits;
pub mod merkle;
pub mod note;
pub mod person;
pub mod policy;
pub mod retention;
pub mod signature;
pub mod time;
pub mod trust;
