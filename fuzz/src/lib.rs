//! What is fuzzed: every parser of bytes that come from outside, and what must hold of each.
//!
//! No input may make one panic, overflow, or ask for memory out of proportion. What a parser of a canonical
//! form accepts is written again byte for byte: else two files could say one thing, and a hash of one would
//! say nothing of the other.

mod evidence;
mod format;
mod wire;

/// A parser under test.
pub struct Target {
    /// Its name: `VANDEL_FUZZ`, the folder of its corpus.
    pub name: &'static str,
    /// The structures of `schemas/vectors` that are its first inputs, besides the files of `fuzz/seeds/NAME` and
    /// `schemas/NAME`.
    pub seeds: &'static [&'static str],
    /// Reads the bytes; panics on whatever must not be.
    pub run: fn(&[u8]),
}

/// All targets. To add one, add a row.
pub const TARGETS: &[Target] = &[
    Target { name: "statement", seeds: &["statement"], run: format::statement },
    Target { name: "record", seeds: &["record"], run: format::record },
    Target { name: "block", seeds: &["block", "chain"], run: format::block },
    Target { name: "chain", seeds: &["chain"], run: format::chain },
    Target { name: "event", seeds: &["event"], run: format::event },
    Target { name: "part", seeds: &["part"], run: format::part },
    Target { name: "payload", seeds: &["header", "payload"], run: format::payload },
    Target { name: "entries", seeds: &["record"], run: format::entries },
    Target { name: "checkpoint", seeds: &["checkpoint"], run: evidence::checkpoint },
    Target { name: "trust", seeds: &["trust"], run: evidence::trust },
    Target { name: "receipt", seeds: &[], run: evidence::receipt },
    Target { name: "consistency", seeds: &[], run: evidence::consistency },
    Target { name: "dossier", seeds: &["dossier"], run: evidence::dossier },
    Target { name: "certificate", seeds: &["certificate"], run: evidence::certificate },
    Target { name: "plan", seeds: &[], run: evidence::plan },
    Target { name: "policy", seeds: &[], run: evidence::policy },
    Target { name: "personal-number", seeds: &[], run: evidence::personal_number },
    Target { name: "witness-request", seeds: &[], run: wire::witness_request },
    Target { name: "submission", seeds: &[], run: wire::submission },
    Target { name: "answers", seeds: &[], run: wire::answers },
    Target { name: "inquiry", seeds: &[], run: wire::inquiry },
    Target { name: "intake", seeds: &[], run: wire::intake },
];
