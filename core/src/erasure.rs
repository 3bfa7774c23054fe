//! Erasure plans: what is to go, why, and under which decision; judged by a pure function.
//!
//! A plan is made, approved and carried out by its hash (decision 10). It never stands on the chain:
//! there only the set of record numbers and the plan's salted hash do. The plan itself is kept sealed,
//! for the certificates, and dies with its own key.

mod judge;
mod matters;
mod notice;
mod planning;
mod request;

use serde::{Deserialize, Serialize};

pub use judge::{Matters, PlanRefusal, judge};
pub use matters::ThreadMatters;
pub use notice::{Notice, NoticeMark, Right, Stop, stop_of};
pub use planning::{LeftOut, PlannedCase, WhyLeftOut, last_together, plan_case, stays};
pub use request::{Request, RequestState, answer_by};

use crate::codec::{DecodeError, decode_body, encode_body};
use crate::event::Compartment;
use crate::hash::{Domain, Hash};
use crate::id::{LedgerId, ThreadId};
use crate::time::Day;

/// The longest plan, in bytes.
const PLAN_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What is to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The ledger.
    pub ledger: LedgerId,
    /// Random, so that the hash on the chain can't be tested against guesses.
    pub salt: [u8; 32],
    /// The day it was made for.
    pub as_of: Day,
    /// The record of the disposal decision (*gallringsbeslut*) that it rests on.
    pub disposal: u64,
    /// What goes, in order of thread.
    pub lines: Vec<Line>,
}

/// What a plan says besides its lines. It may be shown with any one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHead {
    /// The ledger.
    pub ledger: LedgerId,
    /// The day the plan was made for.
    pub as_of: Day,
    /// The record of the disposal decision.
    pub disposal: u64,
}

/// One case, position or reader's thread, and which of its compartments go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Stands for the case on the certificate, where its handle may no longer.
    pub pseudonym: [u8; 8],
    /// The thread.
    pub thread: ThreadId,
    /// The numbers in the thread of the steps whose identity parts go.
    pub identities: Vec<u32>,
    /// The records that hold these compartments, ascending.
    pub records: Vec<u64>,
    /// The compartments, each with its ground.
    pub compartments: Vec<Ground>,
}

/// Why a compartment goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The compartment.
    pub compartment: Compartment,
    /// On what ground.
    pub reason: ErasureReason,
    /// The retention class that the disposal decision must cover; none for the spine, which goes with
    /// the last of the others.
    pub class: Option<String>,
    /// The day on which it became due.
    pub due: Day,
}

/// The ground of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErasureReason {
    /// Its retention has run out.
    Retention,
    /// The person asked for it (GDPR art. 17).
    Request,
    /// The candidate withdrew.
    Withdrawal,
}

impl Plan {
    /// The plan's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode_body(self)
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// If the bytes are not the one encoding of a plan.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_body(bytes, "plan", PLAN_BYTES_MAX)
    }

    /// The hash by which a plan is approved and carried out: over its head and the hashes of its lines,
    /// so that a certificate can show one line and prove it to be of the plan without showing others.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.head().hash(&self.line_hashes())
    }

    /// What the plan says besides its lines.
    #[must_use]
    pub fn head(&self) -> PlanHead {
        PlanHead { ledger: self.ledger, as_of: self.as_of, disposal: self.disposal }
    }

    /// The salted hash of each line, in order.
    #[must_use]
    pub fn line_hashes(&self) -> Vec<Hash> {
        (0_u32..).zip(&self.lines).map(|(index, line)| line.hash(&self.line_salt(index))).collect()
    }

    /// The salt of one line. Who knows it can test no other line against a guess.
    #[must_use]
    pub fn line_salt(&self, index: u32) -> Hash {
        Domain::Plan.hash(&[b"salt", &self.salt, &index.to_be_bytes()])
    }

    /// All records that the plan touches, ascending, each once.
    #[must_use]
    pub fn records(&self) -> Vec<u64> {
        let mut records: Vec<u64> = self.lines.iter().flat_map(|line| line.records.iter().copied()).collect();
        records.sort_unstable();
        records.dedup();
        records
    }
}

impl PlanHead {
    /// The plan's hash, from the hashes of its lines: `SHA-256(domain ‖ "plan" ‖ head ‖ count ‖ hashes)`.
    #[must_use]
    pub fn hash(&self, lines: &[Hash]) -> Hash {
        let (head, count) = (encode_body(self), (lines.len() as u64).to_be_bytes());
        let length = (head.len() as u64).to_be_bytes();
        let lines: Vec<u8> = lines.iter().flat_map(|line| line.0).collect();
        Domain::Plan.hash(&[b"plan", &length, &head, &count, &lines])
    }
}

impl Line {
    /// The line's hash: `SHA-256(domain ‖ "line" ‖ salt ‖ line)`.
    #[must_use]
    pub fn hash(&self, salt: &Hash) -> Hash {
        Domain::Plan.hash(&[b"line", &salt.0, &encode_body(self)])
    }

    /// The line's bytes, as its hash covers them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode_body(self)
    }

    /// Reads a line from a certificate.
    ///
    /// # Errors
    /// If the bytes are not the one encoding of a line.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_body(bytes, "plan line", PLAN_BYTES_MAX)
    }

    /// Whether a compartment goes.
    #[must_use]
    pub fn erases(&self, compartment: Compartment) -> bool {
        self.compartments.iter().any(|ground| ground.compartment == compartment)
    }
}

impl ErasureReason {
    /// All grounds.
    pub const ALL: [Self; 3] = [Self::Retention, Self::Request, Self::Withdrawal];

    /// The ground of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The name used in commands and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Request => "request",
            Self::Withdrawal => "withdrawal",
        }
    }
}
