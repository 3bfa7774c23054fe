//! Stand-ins for signatures and hashes, so that instruction counts show what is our own.
//!
//! Callgrind knows neither the SHA extensions nor AVX-512, so real primitives would drown everything and count as
//! nothing that runs anywhere. The stand-ins are compiled only under `--cfg vandel_stubbed`, which no feature and no
//! manifest can set and under which the command `vandel` refuses to compile; `cargo xtask instructions` sets it for a
//! fixture in a target folder of its own. A ledger made so is worthless and verifies nowhere.

/// Whether this build has stand-ins instead of signatures and hashes.
pub const IS_STUBBED: bool = cfg!(vandel_stubbed);

/// In SHA-256's place: eight bytes at a time, the same for the same bytes however they come.
#[cfg(vandel_stubbed)]
#[derive(Clone, Debug)]
pub(crate) struct Mixer {
    state: u64,
    word: [u8; 8],
    held: usize,
    length: u64,
}

#[cfg(vandel_stubbed)]
impl Default for Mixer {
    fn default() -> Self {
        Self { state: 0x6a09_e667_f3bc_c908, word: [0; 8], held: 0, length: 0 }
    }
}

#[cfg(vandel_stubbed)]
impl Mixer {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn mix(&mut self, word: u64) {
        self.state = (self.state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    pub(crate) fn update(&mut self, bytes: impl AsRef<[u8]>) {
        let mut bytes = bytes.as_ref();
        self.length += bytes.len() as u64;
        if self.held > 0 {
            let taken = bytes.len().min(8 - self.held);
            self.word[self.held..self.held + taken].copy_from_slice(&bytes[..taken]);
            self.held += taken;
            bytes = &bytes[taken..];
            if self.held < 8 {
                return;
            }
            self.mix(u64::from_le_bytes(self.word));
            self.held = 0;
        }
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        self.word[..rest.len()].copy_from_slice(rest);
        self.held = rest.len();
    }

    pub(crate) fn finalize(mut self) -> [u8; 32] {
        self.word[self.held..].fill(0);
        self.mix(u64::from_le_bytes(self.word));
        self.mix(self.length);
        let mut hash = [0; 32];
        for part in hash.as_chunks_mut::<8>().0 {
            self.mix(0x1f83_d9ab_fb41_bd6b);
            *part = self.state.to_le_bytes();
        }
        hash
    }
}
