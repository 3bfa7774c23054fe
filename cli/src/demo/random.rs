//! Repeatable pseudo-random choices. Never for keys, salts or ids: those come from the operating
//! system.

/// SplitMix64 (Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, 2014). Ten
/// lines that never change, where a library's generator may with its next version.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A sequence of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to but not including `end`; 0 if `end` is 0. The high half of the product
    /// is uneven by at most `end` in 2⁶⁴, which no demonstration can see.
    pub fn below(&mut self, end: u32) -> u32 {
        let product = u128::from(self.next_u64()) * u128::from(end);
        u32::try_from(product >> 64).unwrap_or(0) // always fits: the product is below 2⁹⁶
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, per_thousand: u32) -> bool {
        self.below(1_000) < per_thousand
    }

    /// One of the items.
    ///
    /// # Panics
    /// If there are none.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items[self.below(count) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// The published outputs for this seed (Rosetta Code, "Pseudo-random numbers/Splitmix64").
    #[test]
    fn it_is_the_published_generator() {
        let mut random = Random::new(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(expected.map(|_| random.next_u64()), expected);
    }

    #[test]
    fn a_choice_stays_below_its_end_and_reaches_all_of_it() {
        let mut random = Random::new(7);
        let mut met = [false; 5];
        for _ in 0..1_000 {
            met[random.below(5) as usize] = true;
        }
        assert_eq!(met, [true; 5]);
        assert_eq!((random.below(1), random.below(0)), (0, 0));
    }
}
