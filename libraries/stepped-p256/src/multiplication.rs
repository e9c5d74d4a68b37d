//! A point times a secret scalar, one window of four bits per step.

use p256::elliptic_curve::Group;
use p256::{ProjectivePoint, Scalar};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

use crate::Progress;

const WINDOW_BITS: usize = 4;
const TABLE: usize = 1 << WINDOW_BITS;
const WINDOWS: usize = 256 / WINDOW_BITS;
/// Additions in a step of the table, as many operations as a window has.
pub const TABLE_ENTRIES_PER_STEP: usize = 5;

/// The state: multiples 0 to 15 of the point, and the sum so far.
pub struct Multiplication {
    table: [ProjectivePoint; TABLE],
    entries: usize,
    scalar: [u8; 32],
    windows: usize,
    sum: ProjectivePoint,
}

impl Multiplication {
    /// Prepares the multiplication of `point` by `scalar`, which [`step`](Self::step) does.
    pub fn new(point: ProjectivePoint, scalar: &Scalar) -> Self {
        let mut table = [ProjectivePoint::IDENTITY; TABLE];
        table[1] = point;
        Self {
            table,
            entries: 2,
            scalar: scalar.to_bytes().into(),
            windows: 0,
            sum: ProjectivePoint::IDENTITY,
        }
    }

    /// The same number of steps, each with the same work, for every scalar.
    pub fn step(&mut self) -> Progress<ProjectivePoint> {
        if self.entries < TABLE {
            self.extend_table();
            return Progress::More;
        }
        if self.windows < WINDOWS {
            self.add_window();
        }
        if self.windows < WINDOWS {
            Progress::More
        } else {
            Progress::Done(self.sum)
        }
    }

    fn extend_table(&mut self) {
        let end = (self.entries + TABLE_ENTRIES_PER_STEP).min(TABLE);
        for index in self.entries..end {
            self.table[index] = self.table[index - 1] + self.table[1];
        }
        self.entries = end;
    }

    fn add_window(&mut self) {
        for _ in 0..WINDOW_BITS {
            self.sum = Group::double(&self.sum);
        }
        // The scalar is big endian: the upper half of a byte comes first.
        let byte = self.scalar[self.windows / 2];
        let digit = (byte >> (WINDOW_BITS * (1 - self.windows % 2))) & 0xF;
        let mut multiple = ProjectivePoint::IDENTITY;
        for (index, entry) in (0u8..).zip(&self.table) {
            multiple.conditional_assign(entry, index.ct_eq(&digit));
        }
        self.sum += multiple;
        multiple.zeroize();
        self.windows += 1;
    }
}

impl Drop for Multiplication {
    fn drop(&mut self) {
        self.table.zeroize();
        self.scalar.zeroize();
        self.sum.zeroize();
    }
}
