//! What is true about a Vandel ledger: its bytes, its rules and its proofs.
//!
//! This crate is pure. It has no files, no network, no clock and no randomness: time, bytes and
//! random values are parameters. That makes the verifier something a person can read in an
//! afternoon, and lets the command line, the sequencer and every audit apply the same rules.
//!
//! | modules | hold |
//! |---|---|
//! | [`id`], [`time`], [`limits`] | names, days and seconds, upper bounds |
//! | [`codec`], [`hash`] | strict bytes, domain-separated hashes |
//! | [`signature`], [`merkle`], [`note`], [`checkpoint`], [`trust`] | strict Ed25519, RFC 6962 trees, C2SP notes and trust files |
//! | [`event`], [`payload`], [`person`] | what happened, cut into salted parts |
//! | [`statement`], [`record`], [`block`] | what is signed, its place, what becomes durable together |
//! | [`chain`], [`keyring`], [`thread`] | the ledger as a fold: from the chain alone, and from openings |
//! | [`policy`], [`retention`], [`admit`] | the law as data, the due days that follow from it, and the one function that applies it |
//! | [`erasure`] | what is to go, and whether it may |
//! | [`tiles`] | the tree and the records as files (C2SP tlog-tiles) |
//! | [`view`], [`dossier`] | views whose digest is published, and one case's evidence in one file |
//! | [`witness`] | what a witness is asked and how it judges |
//! | [`conduct`] | what auditors ask about the employer's conduct |
//! | [`statistics`] | tables for the council in which no small cell shows, or follows from what does |
//! | [`verify`] | the audit: all of the above over a whole log, and what the verdict rests on |

pub mod admit;
pub mod block;
pub mod chain;
pub mod checkpoint;
pub mod codec;
pub mod conduct;
pub mod dossier;
pub mod erasure;
pub mod event;
pub mod hash;
pub mod id;
pub mod keyring;
pub mod limits;
pub mod merkle;
pub mod note;
pub mod payload;
pub mod person;
pub mod policy;
pub mod record;
pub mod retention;
pub mod signature;
pub mod statement;
pub mod statistics;
pub mod stretches;
pub mod stubbed;
pub mod thread;
pub mod tiles;
pub mod time;
pub mod trust;
pub mod verify;
pub mod view;
pub mod witness;
