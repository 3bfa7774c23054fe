//! What the streams of a ledger are called.

use vandel_core::id::LedgerId;

/// How many hexadecimal digits of the ledger's id stand in names: enough for a person to tell ledgers
/// apart; the whole id stands in the stream's metadata and in every block.
const DIGITS: usize = 16;

/// The metadata key under which a stream names its ledger in full.
pub(super) const LEDGER_KEY: &str = "vandel-ledger";

/// The short form of a ledger's id that stands in its subjects and streams.
#[must_use]
pub fn short(ledger: &LedgerId) -> String {
    let mut text = ledger.to_string();
    text.truncate(DIGITS);
    text
}

/// The subject of the log: one message, one block.
#[must_use]
pub fn log_subject(ledger: &LedgerId) -> String {
    format!("vandel.{}.log", short(ledger))
}

/// The stream of the log.
#[must_use]
pub fn log_stream(ledger: &LedgerId) -> String {
    format!("vandel_{}_log", short(ledger))
}

/// The subject of the published checkpoints.
#[must_use]
pub fn checkpoint_subject(ledger: &LedgerId) -> String {
    format!("vandel.{}.checkpoint", short(ledger))
}

/// The stream of the published checkpoints.
#[must_use]
pub fn checkpoint_stream(ledger: &LedgerId) -> String {
    format!("vandel_{}_checkpoint", short(ledger))
}

/// The place of a block in the stream: sequences count from 1, positions from 0.
pub(super) const fn sequence_of(position: u64) -> u64 {
    position.saturating_add(1)
}

/// The position of a message.
pub(super) const fn position_of(sequence: u64) -> u64 {
    sequence.saturating_sub(1)
}
