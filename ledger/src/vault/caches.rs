//! The bounded cache of pages that have been opened.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::index::Index;
use super::open_shard::OpenShard;
use super::pieces::Directory;
use crate::name_hash::NameMap;

/// One page in memory.
struct HeldPage<T> {
    generation: u64,
    page: Arc<T>,
    weight: usize,
    since: Instant,
}

/// Pages in memory, forgotten oldest first, and after their lifetime. What leaves it is cleared.
pub(super) struct Cache<T> {
    pages: NameMap<u32, HeldPage<T>>,
    order: VecDeque<u32>,
    weight: usize,
    weight_max: usize,
    lifetime: Duration,
}

impl<T> Cache<T> {
    pub(super) fn new(weight_max: usize, lifetime: Duration) -> Self {
        Self { pages: NameMap::default(), order: VecDeque::new(), weight: 0, weight_max, lifetime }
    }

    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn set_lifetime(&mut self, lifetime: Duration) {
        self.lifetime = lifetime;
    }

    pub(super) fn get(&self, number: u32, generation: u64) -> Option<Arc<T>> {
        self.get_at(number, generation, Instant::now()).cloned()
    }

    /// As [`Cache::get`], for who knows what time it is and gives the page back.
    pub(super) fn get_at(&self, number: u32, generation: u64, now: Instant) -> Option<&Arc<T>> {
        let held = self.pages.get(&number)?;
        let fits = held.generation == generation && now.duration_since(held.since) < self.lifetime;
        fits.then_some(&held.page)
    }

    pub(super) fn put(&mut self, number: u32, generation: u64, page: &Arc<T>, weight: usize) {
        self.forget_old();
        while self.weight + weight > self.weight_max {
            let Some(oldest) = self.order.pop_front() else { break };
            self.forget(oldest);
        }
        self.forget(number);
        self.order.retain(|held| *held != number);
        let held = HeldPage { generation, page: Arc::clone(page), weight, since: Instant::now() };
        self.pages.insert(number, held);
        self.order.push_back(number);
        self.weight += weight;
    }

    /// Drops a page.
    pub(super) fn forget(&mut self, number: u32) {
        if let Some(held) = self.pages.remove(&number) {
            self.weight -= held.weight;
        }
    }

    /// Drops what has lived its time; the oldest stand first.
    pub(super) fn forget_old(&mut self) {
        while let Some(oldest) = self.order.front().copied() {
            let old = |held: &HeldPage<T>| held.since.elapsed() >= self.lifetime;
            if !self.pages.get(&oldest).is_none_or(old) {
                break;
            }
            self.order.pop_front();
            self.forget(oldest);
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.pages.clear();
        self.order.clear();
        self.weight = 0;
    }
}

/// The pages that reads keep at hand.
pub(super) struct Caches {
    pub(super) shards: Cache<OpenShard>,
    pub(super) indexes: Cache<Index>,
    pub(super) directories: Cache<Directory>,
}

/// The most pieces of which it is kept in memory where they lie and what they hold: 96 bytes each, so about 50 MiB for some
/// tens of millions of keys.
const PIECES_KNOWN: usize = 1 << 19;

impl Caches {
    pub(super) fn new(keys: usize, entries: usize, lifetime: Duration) -> Self {
        Self {
            shards: Cache::new(keys, lifetime),
            indexes: Cache::new(entries, lifetime),
            directories: Cache::new(PIECES_KNOWN, lifetime),
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.shards.clear();
        self.indexes.clear();
        self.directories.clear();
    }

    /// Drops what has lived its time.
    pub(super) fn forget_old(&mut self) {
        self.shards.forget_old();
        self.indexes.forget_old();
        self.directories.forget_old();
    }

    pub(super) fn set_lifetime(&mut self, lifetime: Duration) {
        self.shards.set_lifetime(lifetime);
        self.indexes.set_lifetime(lifetime);
        self.directories.set_lifetime(lifetime);
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_page_leaves_the_cache_when_it_is_old_and_when_there_is_no_room() {
        let page = Arc::new(Zeroizing::new(vec![1_u8]));
        let mut young = Cache::new(2, Duration::from_secs(3_600));
        (0..3).for_each(|number| young.put(number, 1, &page, 1));
        assert!(young.get(0, 1).is_none() && young.get(1, 1).is_some() && young.get(2, 1).is_some());
        assert!(young.get(2, 2).is_none(), "another generation");
        let mut old = Cache::new(8, Duration::ZERO);
        (0..3).for_each(|number| old.put(number, 1, &page, 1));
        assert!((0..3).all(|number| old.get(number, 1).is_none()));
        old.forget_old();
        assert!(old.pages.is_empty() && old.weight == 0);
    }
}
