//! From the converter's scans to the band of the mains: the low-pass between them.
//!
//! The converter scans three times as often as the meter reckons. In front of it stand three
//! RC poles for each channel (docs/front-end.md), behind it this filter, which
//!
//! - takes out what would fold into the band when two scans of three are dropped,
//! - gives back what the poles take of the harmonics up to the 40th,
//! - lines the channels up: they are converted one after the other, and each is delayed by the
//!   fraction of a scan that brings it to the moment of the low-gain current.
//!
//! [`TAPS`] is what [`design`] gives (a test compares them): 22 coefficients for each channel,
//! Q14, whose sum is exactly one. An output costs 66 multiplications of 16 bits.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "design"))]
extern crate std;

mod coefficients;
#[cfg(any(test, feature = "design"))]
pub mod design;
#[cfg(test)]
mod tests;

pub use coefficients::TAPS;

use drivers::meter_adc::{CHANNELS, SCAN_BYTES, SCAN_PERIOD_US, SETTLING_SCANS};

/// Scans of the converter that give one of the meter's.
pub const RATIO: usize = 3;
/// Microseconds from one scan of the converter to the next.
pub const CONVERTED_PERIOD_US: u32 = SCAN_PERIOD_US / RATIO as u32;
/// Conversions of a scan: the meter's channels, and the reference.
pub const CONVERSIONS: usize = CHANNELS + 1;
/// Bytes of a scan of the converter.
pub const CONVERTED_BYTES: usize = 2 * CONVERSIONS;
/// Coefficients for each channel.
pub const LENGTH: usize = 22;

const _: () = assert!(LENGTH.div_ceil(RATIO) == SETTLING_SCANS);
const _: () = assert!(CONVERTED_PERIOD_US as usize * RATIO == SCAN_PERIOD_US as usize);

/// Scans that are filtered at a time.
const CHUNK: usize = 32 * RATIO;
/// Scans of the past that the filter looks at.
const HISTORY: usize = LENGTH - RATIO;

/// A scan of the converter: two codes in a word, the first in the lower half. The processor then
/// loads two at a time, and multiplies either half of a word in one instruction.
type Converted = [u32; CONVERSIONS / 2];

/// The coefficients in the same order.
const PAIRS: [Converted; LENGTH] = {
    let mut pairs = [[0; CONVERSIONS / 2]; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        let [voltage, low, high] = TAPS[at];
        pairs[at] = [
            voltage as u16 as u32 | (low as u32) << 16,
            high as u16 as u32,
        ];
        at += 1;
    }
    pairs
};

/// The code in the lower half of a word.
const fn lower(word: u32) -> i32 {
    word as i16 as i32
}

/// The code in the upper half of a word.
const fn upper(word: u32) -> i32 {
    word as i32 >> 16
}

/// What the reference's conversions of a block were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The smallest code.
    pub least: i16,
    /// The largest code.
    pub most: i16,
    /// The mean code, rounded towards zero; 0 without a scan.
    pub mean: i16,
}

/// The filter with what it remembers.
#[derive(Clone, Debug)]
pub struct Decimator {
    scans: [Converted; HISTORY + CHUNK],
}

impl Decimator {
    /// A filter whose past is zeros.
    #[must_use]
    pub const fn new() -> Self {
        Decimator {
            scans: [[0; CONVERSIONS / 2]; HISTORY + CHUNK],
        }
    }

    /// Filters scans of the converter, and writes one scan of the meter for three of them.
    ///
    /// - `converted`: [`CONVERTED_BYTES`] for each scan, `i16`, little endian; what is no whole
    ///   group of three scans at the end is dropped
    /// - `scans`: gets [`SCAN_BYTES`] for each group; what has no place there is dropped
    ///
    /// Returns what the reference read.
    #[inline(never)] // As fast as this crate is compiled, whatever its caller is compiled for.
    pub fn process(&mut self, converted: &[u8], scans: &mut [u8]) -> Reference {
        let mut reference = Tally::new();
        let chunks = converted.chunks(CHUNK * CONVERTED_BYTES);
        for (from, to) in chunks.zip(scans.chunks_mut(CHUNK / RATIO * SCAN_BYTES)) {
            let count = from.len() / CONVERTED_BYTES;
            let places = self.scans[HISTORY..].iter_mut();
            for (place, bytes) in places.zip(from.chunks_exact(CONVERTED_BYTES)) {
                let word = |at: usize| {
                    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
                };
                *place = [word(0), word(4)];
            }
            let groups = (0..count / RATIO).zip(to.chunks_exact_mut(SCAN_BYTES));
            for (group, place) in groups {
                let Some(window) = self.scans[group * RATIO..].first_chunk() else {
                    break;
                };
                for (bytes, code) in place.chunks_exact_mut(2).zip(filter(window)) {
                    bytes.copy_from_slice(&code.to_le_bytes());
                }
                reference.add(upper(window[LENGTH - 1][1]) as i16);
            }
            let used = count / RATIO * RATIO;
            self.scans.copy_within(used..used + HISTORY, 0);
        }
        reference.end()
    }
}

impl Default for Decimator {
    fn default() -> Self {
        Self::new()
    }
}

/// One output of each channel.
#[inline(always)]
fn filter(window: &[Converted; LENGTH]) -> [i16; CHANNELS] {
    // A half, so that the shift rounds.
    let [mut voltage, mut low, mut high] = [1i32 << 13; CHANNELS];
    // As a table that the compiler does not know: spelled out as constants it is slower. Two at a
    // time: with more there are not enough registers.
    let pairs = core::hint::black_box(&PAIRS);
    for (scans, taps) in window.chunks_exact(2).zip(pairs.chunks_exact(2)) {
        for (scan, taps) in scans.iter().zip(taps) {
            // The taps of a channel add up to less than three in magnitude: no sum leaves an i32.
            voltage += lower(scan[0]) * lower(taps[0]);
            low += upper(scan[0]) * upper(taps[0]);
            high += lower(scan[1]) * lower(taps[1]);
        }
    }
    [voltage, low, high].map(|sum| (sum >> 14).clamp(i16::MIN.into(), i16::MAX.into()) as i16)
}

/// Codes of the reference.
struct Tally {
    least: i16,
    most: i16,
    sum: i32,
    count: i32,
}

impl Tally {
    const fn new() -> Self {
        Tally {
            least: i16::MAX,
            most: i16::MIN,
            sum: 0,
            count: 0,
        }
    }

    fn add(&mut self, code: i16) {
        self.least = self.least.min(code);
        self.most = self.most.max(code);
        self.sum = self.sum.saturating_add(i32::from(code));
        self.count += 1;
    }

    fn end(&self) -> Reference {
        Reference {
            least: self.least,
            most: self.most,
            mean: self.sum.checked_div(self.count).unwrap_or(0) as i16,
        }
    }
}
