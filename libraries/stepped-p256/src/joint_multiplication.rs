//! The sum of two points times two public scalars, two bits of each at a time.

use p256::elliptic_curve::Group;
use p256::{ProjectivePoint, Scalar};

use crate::multiplication::TABLE_ENTRIES_PER_STEP;
use crate::Progress;

const WINDOW_BITS: usize = 2;
/// Multiples of one point.
const ROW: usize = 1 << WINDOW_BITS;
const TABLE: usize = ROW * ROW;
const WINDOWS: usize = 256 / WINDOW_BITS;
const WINDOWS_PER_STEP: usize = 2;

/// The state. Its time depends on the scalars (Shamir's trick): not for secrets.
pub struct JointMultiplication {
    /// `i` times the first and `j` times the second point, at `4 * i + j`.
    table: [ProjectivePoint; TABLE],
    entries: usize,
    scalars: [[u8; 32]; 2],
    windows: usize,
    sum: ProjectivePoint,
}

impl JointMultiplication {
    /// The sum of both points times their scalars.
    pub fn new(first: (ProjectivePoint, &Scalar), second: (ProjectivePoint, &Scalar)) -> Self {
        let mut table = [ProjectivePoint::IDENTITY; TABLE];
        table[1] = second.0;
        table[ROW] = first.0;
        Self {
            table,
            entries: 2,
            scalars: [first.1.to_bytes().into(), second.1.to_bytes().into()],
            windows: 0,
            sum: ProjectivePoint::IDENTITY,
        }
    }

    /// Does a few of the windows.
    pub fn step(&mut self) -> Progress<ProjectivePoint> {
        if self.entries < TABLE {
            self.extend_table();
            return Progress::More;
        }
        for _ in 0..WINDOWS_PER_STEP {
            if self.windows < WINDOWS {
                self.add_window();
            }
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
            self.table[index] = if index.is_multiple_of(ROW) {
                self.table[index - ROW] + self.table[ROW]
            } else {
                self.table[index - 1] + self.table[1]
            };
        }
        self.entries = end;
    }

    fn add_window(&mut self) {
        for _ in 0..WINDOW_BITS {
            self.sum = Group::double(&self.sum);
        }
        let [first, second] = self.scalars.map(|scalar| {
            let bit = WINDOW_BITS * self.windows;
            usize::from(scalar[bit / 8] >> (8 - WINDOW_BITS - bit % 8)) % ROW
        });
        let index = ROW * first + second;
        if index != 0 {
            self.sum += self.table[index];
        }
        self.windows += 1;
    }
}
