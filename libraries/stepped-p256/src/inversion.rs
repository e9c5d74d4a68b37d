//! The inverse of a scalar modulo the group's order n, by Fermat: the power n - 2.

use p256::Scalar;
use zeroize::Zeroize;

use crate::Progress;

/// n - 2, big endian. It is public, so what a step does may depend on it.
const EXPONENT: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x4F,
];
/// At most 32 multiplications a step.
const BYTES_PER_STEP: usize = 2;

/// The state: the power of the bytes of the exponent that are done.
pub struct Inversion {
    base: Scalar,
    power: Scalar,
    bytes: usize,
}

impl Inversion {
    /// The inverse of `base`, which is not zero.
    pub fn new(base: Scalar) -> Self {
        Self {
            base,
            power: Scalar::ONE,
            bytes: 0,
        }
    }

    /// Does two bytes of the exponent.
    pub fn step(&mut self) -> Progress<Scalar> {
        for byte in EXPONENT.iter().skip(self.bytes).take(BYTES_PER_STEP) {
            for bit in (0..8).rev() {
                self.power = self.power.square();
                if byte >> bit & 1 == 1 {
                    self.power *= &self.base;
                }
            }
        }
        self.bytes += BYTES_PER_STEP;
        if self.bytes < EXPONENT.len() {
            Progress::More
        } else {
            self.bytes = EXPONENT.len();
            Progress::Done(self.power)
        }
    }
}

impl Drop for Inversion {
    fn drop(&mut self) {
        self.base.zeroize();
        self.power.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_times_its_inverse_is_one() {
        for base in [
            Scalar::ONE,
            -Scalar::ONE,
            Scalar::from(2u64),
            -Scalar::from(2u64),
            Scalar::from(0x1234_5678_9ABC_DEF1u64).square(),
        ] {
            let mut inversion = Inversion::new(base);
            let mut steps = 1;
            let inverse = loop {
                match inversion.step() {
                    Progress::More => steps += 1,
                    Progress::Done(inverse) => break inverse,
                }
            };
            assert_eq!(steps, 16);
            assert_eq!(inverse * base, Scalar::ONE);
            assert_eq!(inversion.step(), Progress::Done(inverse));
        }
    }
}
