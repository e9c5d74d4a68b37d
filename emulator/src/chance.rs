//! Seeded randomness that repeats: the same seed gives the same run.

use serde::{Deserialize, Serialize};

/// A stream of random words (SplitMix64).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Chance { state: seed }
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias is below 2^-40 for every use here.
        self.word() % end
    }

    /// A word in which each bit is one with a chance of `numerator` in 256.
    pub fn bits(&mut self, numerator: u8) -> u32 {
        (0..32).fold(0, |word, _| {
            word << 1 | u32::from((self.word() >> 56) < u64::from(numerator))
        })
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.word().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_seeds_differ() {
        let (mut a, mut b, mut c) = (Chance::new(1), Chance::new(1), Chance::new(2));
        assert_eq!(a.word(), b.word());
        assert_ne!(a.word(), c.word());
        assert_eq!(Chance::new(1).bits(0), 0);
        let ones: u32 = (0..100).map(|_| a.bits(128).count_ones()).sum();
        assert!((1300..1900).contains(&ones), "{ones} of 3200");
    }
}
