//! A Bloom filter over keys: says of most keys that are not there that they are not.
//!
//! What is added are *groups*, at least 16 bytes long: a byte that names a table, and at the end 16 bytes of a hash or
//! of a random id. A key belongs to the group that it begins with, so that the filter answers for all of a group.

/// Bits for each group.
const BITS_EACH: usize = 10;
/// How many bits stand for a group.
const PROBES: u32 = 6;

/// The filter.
#[derive(Clone, Debug)]
pub struct Filter {
    words: Vec<u64>,
}

/// Which bits stand for a group, of so many. Its last 16 bytes are random already.
fn bits(group: &[u8], count: u64) -> impl Iterator<Item = u64> {
    let half = |at: usize| {
        let start = group.len().checked_sub(at);
        let bytes = start.and_then(|start| group.get(start..)?.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let table = u64::from(group.first().copied().unwrap_or(0)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (start, step) = (half(16) ^ table, half(8) | 1);
    (0..u64::from(PROBES)).map(move |probe| start.wrapping_add(step.wrapping_mul(probe)) % count)
}

impl Filter {
    /// Room for so many groups.
    #[must_use]
    pub fn with_room(groups: usize) -> Self {
        Self { words: vec![0; (groups * BITS_EACH).div_ceil(64).max(1)] }
    }

    /// The filter with these words; none if there is not one.
    #[must_use]
    pub fn from_words(words: Vec<u64>) -> Option<Self> {
        (!words.is_empty()).then_some(Self { words })
    }

    /// Its words, to be kept.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    fn count(&self) -> u64 {
        self.words.len() as u64 * 64
    }

    /// Adds a group.
    pub fn add(&mut self, group: &[u8]) {
        for bit in bits(group, self.count()) {
            self.words[usize::try_from(bit / 64).unwrap_or(0)] |= 1 << (bit % 64);
        }
    }

    /// False if nothing of the group was added.
    #[must_use]
    pub fn may_hold(&self, group: &[u8]) -> bool {
        let holds = |bit: u64| self.words[usize::try_from(bit / 64).unwrap_or(0)] >> (bit % 64) & 1 == 1;
        bits(group, self.count()).all(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_never_denied_and_most_of_the_rest_is() {
        let group = |number: u32| {
            let hash = vandel_core::hash::sha256(&[&number.to_be_bytes()]);
            [&[1][..], &hash.0[..16]].concat()
        };
        let mut filter = Filter::with_room(10_000);
        (0..10_000).for_each(|number| filter.add(&group(number)));
        let filter = Filter::from_words(filter.words().to_vec()).expect("it has words");
        assert!((0..10_000).all(|number| filter.may_hold(&group(number))));
        let wrong = (10_000..110_000).filter(|number| filter.may_hold(&group(*number))).count();
        assert!(wrong < 3_000, "{wrong} of 100,000 keys that are not there seem to be");
        assert!(Filter::from_words(Vec::new()).is_none());
    }
}
