//! Casework at home: from what somebody says to a signed step in a thread.

use vandel_core::admit::Evidence;
use vandel_core::event::{Kind, Step};
use vandel_core::id::ThreadId;
use vandel_core::signature::SigningKey;
use vandel_core::time::Day;
use vandel_ledger::author::sign_step;
use vandel_ledger::sequencer::{Sequencer, ThreadsError};
use vandel_ledger::submission::{Receipt, SubmitError};

pub use vandel_ledger::casework::*;

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The ledger refused.
    #[error("{0}")]
    Submit(#[from] SubmitError),
    /// The threads could not be looked up.
    #[error("{0}")]
    Threads(#[from] ThreadsError),
    /// The operating system.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Who acts.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// The author's key.
    pub author: &'a SigningKey,
    /// The second person's key, for steps that need one.
    pub second: Option<&'a SigningKey>,
}

/// Takes one step in a thread.
///
/// # Errors
/// If it is refused.
pub fn take(
    sequencer: &mut Sequencer,
    hands: Hands<'_>,
    thread: ThreadId,
    kind: Kind,
    day: Day,
    evidence: Option<Evidence>,
    fill: impl FnOnce(&mut Step),
) -> Result<Receipt, TakeError> {
    let mut step = Step::new(sequencer.next_spine(thread, kind, day)?);
    fill(&mut step);
    let second = hands.second.filter(|_| kind.needs_approval());
    let signed = sign_step(&sequencer.standpoint(), hands.author, second, &step, evidence)?;
    Ok(sequencer.commit_one(signed.submission)?)
}
