//! Announcing checkpoints to those who do not see the public folder.

use std::io;

/// A place where signed checkpoints are published, beside the home's public folder.
///
/// # Contract
///
/// *Order.* What was announced last is the newest. An announcement may still be under way when
/// [`Announce::announce`] returns; it is done when the next one, or [`Announce::settle`], returns.
/// So a place is at most one checkpoint behind what was announced, however the writer ends.
///
/// *What it proves.* Nothing by itself: a note there counts only by its signature. It is compared with
/// log and memory at the next start, since all three can't be taken back alike by one mistake.
pub trait Announce: Send {
    /// The place, for messages.
    fn place(&self) -> String;

    /// The newest note there, as it is.
    ///
    /// # Errors
    /// If the place can't be read.
    fn newest(&self) -> io::Result<Option<String>>;

    /// Publishes a signed checkpoint that the memory has taken.
    ///
    /// # Errors
    /// If this one could not be sent, or the one before was not taken.
    fn announce(&mut self, note: &str) -> io::Result<()>;

    /// Returns when all that was announced has been taken.
    ///
    /// # Errors
    /// If it was not.
    fn settle(&mut self) -> io::Result<()>;
}
