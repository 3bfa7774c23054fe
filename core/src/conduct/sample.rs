//! Drawing a sample that nobody can steer and everybody can draw again.
//!
//! The cases are put in the order of `SHA-256(domain ‖ root ‖ size ‖ length of seed ‖ seed ‖ thread id)`
//! and the first ones are taken. The root is that of a checkpoint which was signed before the seed was
//! told, so the operator could not choose thread ids to suit; the auditor tells the seed, and could not
//! choose it to suit either, having seen no thread id.

use crate::hash::{Domain, Hash};
use crate::id::ThreadId;
use crate::statement::Seen;

/// The threads that are drawn, in the order of the draw.
#[must_use]
pub fn draw(
    checkpoint: Seen,
    seed: &str,
    threads: impl IntoIterator<Item = ThreadId>,
    count: usize,
) -> Vec<(Hash, ThreadId)> {
    let mut ranked: Vec<(Hash, ThreadId)> =
        threads.into_iter().map(|thread| (rank(checkpoint, seed, &thread), thread)).collect();
    ranked.sort_unstable();
    ranked.truncate(count);
    ranked
}

/// A thread's place in the order.
#[must_use]
pub fn rank(checkpoint: Seen, seed: &str, thread: &ThreadId) -> Hash {
    let length = (seed.len() as u64).to_be_bytes();
    Domain::Sample.hash(&[
        &checkpoint.root.0,
        &checkpoint.size.to_be_bytes(),
        &length,
        seed.as_bytes(),
        &thread.0,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draw_depends_on_seed_and_checkpoint_and_on_no_order() {
        let seen = |size| Seen { size, root: Hash([3; 32]) };
        let threads: Vec<ThreadId> = (0..200_u8).map(|number| ThreadId([number; 16])).collect();
        let drawn = |size, seed: &str| {
            draw(seen(size), seed, threads.iter().copied(), 10)
                .into_iter()
                .map(|(_, one)| one)
                .collect::<Vec<_>>()
        };
        let first = drawn(9, "lotto 2026-11-25: 7 14 21");
        assert_eq!(first.len(), 10);
        let backwards = draw(seen(9), "lotto 2026-11-25: 7 14 21", threads.iter().rev().copied(), 10);
        assert_eq!(first, backwards.into_iter().map(|(_, one)| one).collect::<Vec<_>>());
        assert_ne!(first, drawn(10, "lotto 2026-11-25: 7 14 21"));
        assert_ne!(first, drawn(9, "lotto 2026-11-25: 7 14 22"));
        // A larger sample begins with the smaller one, so that it can be widened.
        let wider = draw(seen(9), "s", threads.iter().copied(), 20);
        assert_eq!(draw(seen(9), "s", threads.iter().copied(), 10), wider[..10]);
        assert_eq!(draw(seen(9), "s", threads.iter().copied(), 500).len(), 200);
    }
}
