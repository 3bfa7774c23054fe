//! Receipts as evidence: an author's proof that a statement stands in the ledger for good.
//!
//! A receipt is a record's place and hash, an RFC 6962 audit path and the signed checkpoint that the
//! path leads to. It counts only if the log's key signed that checkpoint and the path is right: then
//! a log without that record is not the one that was promised.
//!
//! As a file: C2SP `tlog-proof`, with the record's hash in the `extra` line.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra 5f…=        the record's hash, base64
//! index 4711
//! CsUYapGGPo4…=     the audit path, one hash to a line
//!
//! vandel/…          the signed checkpoint
//! ```

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::checkpoint::{decode_hash, parse_decimal};
use crate::hash::Hash;

const HEAD: &str = "c2sp.org/tlog-proof@v1";
/// The longest audit path of a tree with fewer than 2^64 leaves.
const PATH_MAX: usize = 64;

/// A receipt, read and not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptEvidence {
    /// Where it came from, for the report.
    pub source: String,
    /// The record's number.
    pub record: u64,
    /// The record's hash.
    pub hash: Hash,
    /// The audit path.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// Text that is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the receipt should hold {form}")]
pub struct ReceiptError {
    /// The line, from 1.
    pub line: usize,
    /// What it should hold.
    pub form: &'static str,
}

impl ReceiptEvidence {
    /// Reads a receipt.
    ///
    /// # Errors
    /// If a line is not what the form above says.
    pub fn parse(source: &str, text: &str) -> Result<Self, ReceiptError> {
        let error = |line, form| ReceiptError { line, form };
        let (head, checkpoint) = text.split_once("\n\n").ok_or(error(1, "a proof, an empty line, a note"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEAD) {
            return Err(error(1, HEAD));
        }
        let hash = lines.next().and_then(|line| line.strip_prefix("extra ")).and_then(decode_hash);
        let record = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(parse_decimal);
        let hash = hash.ok_or(error(2, "extra, and the record's hash in base64"))?;
        let record = record.ok_or(error(3, "index, and the record's number"))?;
        let mut proof = Vec::new();
        for (index, line) in lines.enumerate() {
            let node = decode_hash(line).filter(|_| index < PATH_MAX);
            proof.push(node.ok_or(error(4 + index, "a hash of the audit path in base64"))?);
        }
        Ok(Self { source: source.to_owned(), record, hash, proof, checkpoint: checkpoint.to_owned() })
    }
}

impl fmt::Display for ReceiptEvidence {
    /// The file's text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\nextra {}\nindex {}", BASE64_STANDARD.encode(self.hash.0), self.record)?;
        self.proof.iter().try_for_each(|node| writeln!(f, "{}", BASE64_STANDARD.encode(node.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
