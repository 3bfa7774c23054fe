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
/// *One writer.* What is announced goes forward only. An instance that was thought dead, paused between its memory
/// and this place, and that wakes up after another has announced more, is refused here.
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
    /// If this one could not be sent, or the one before was not taken; among them that the place holds more already.
    fn announce(&mut self, note: &str, size_of: SizeOf<'_>) -> io::Result<()>;

    /// Returns when all that was announced has been taken.
    ///
    /// # Errors
    /// If it was not.
    fn settle(&mut self, size_of: SizeOf<'_>) -> io::Result<()>;
}

/// The size of the tree that a note is signed over by one of the ledger's own checkpoint keys; none for any other note.
pub type SizeOf<'a> = &'a dyn Fn(&str) -> Option<u64>;
