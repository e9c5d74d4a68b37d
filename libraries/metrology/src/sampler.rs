//! The part that touches every sample: range choice, alignment, sums.
//!
//! Everything here is an i16 times a Q14 tap in i32, or a product of i32 added
//! to an i64; nothing divides. With 17-bit samples (an i16 less any rest) and at
//! most 4,200 scans a window, no sum can overflow, whatever the samples are.

use crate::block::{Block, SCANS_PER_BLOCK, SCAN_BYTES};
use crate::calibration::{Calibration, DELAY_LIMITS_NS};
use crate::flags::Flags;
use crate::measurement::{RangeSums, WindowSums};
use crate::range::Range;
use crate::zero_cross::{CycleCounter, ZeroCross};
use crate::SCAN_RATE;

/// Samples kept of the past: a quarter period at 40 Hz and the filter.
const HISTORY: usize = 28;
const LENGTH: usize = HISTORY + SCANS_PER_BLOCK;

/// A window closes at the first crossing after a whole second, or this many
/// scans later if there is none (a period at 40 Hz is 100).
const CROSSING_TIMEOUT: u64 = 120;

/// Codes at which a channel counts as clipped by the converter or its amplifier.
const LOWEST_CODE: i16 = 160;
const HIGHEST_CODE: i16 = 16_375;

/// Peaks of the high-gain channel (steps from rest) above which the low-gain
/// one is used, and below which the high-gain one may be used again. With a
/// gain error of 5 % the amplifier clips at 7,780.
const LEAVE_HIGH: i32 = 7_300;
const RETURN_HIGH: i32 = 6_000;
/// Blocks that must stay below before the high-gain channel is used again.
const CALM_BLOCKS: u8 = 10;

/// Channels of a scan.
const VOLTAGE: usize = 0;

/// Coefficients of the fractional delay, Q14, newest sample first.
#[derive(Clone, Copy, Debug)]
struct Taps([i32; 4]);

impl Taps {
    /// Delays by one sample and `delay_ns`: third-order Lagrange interpolation.
    fn new(delay_ns: i32) -> Taps {
        let delay_ns = delay_ns.clamp(DELAY_LIMITS_NS.0, DELAY_LIMITS_NS.1);
        const ONE: i64 = 1 << 20;
        let ns_per_scan = i64::from(1_000_000_000 / SCAN_RATE);
        let delay = ONE + i64::from(delay_ns) * ONE / ns_per_scan;
        let from = |node: i64| delay - node * ONE;
        let product = |a: i64, b: i64, c: i64| (((a * b) >> 20) * c) >> 20;
        // Q20 to Q14, and the denominators of the Lagrange basis.
        let q14 = |value: i64, denominator: i64| (value / denominator) as i32 >> 6;
        let first = q14(product(from(1), from(2), from(3)), -6);
        let third = q14(product(from(0), from(1), from(3)), -2);
        let fourth = q14(product(from(0), from(1), from(2)), 6);
        // The sum is exactly one, so that DC passes unchanged.
        Taps([first, (1 << 14) - first - third - fourth, third, fourth])
    }
}

/// Smallest, largest and sum of one channel in a block.
#[derive(Clone, Copy)]
struct Extent {
    least: i16,
    most: i16,
    sum: i32,
}

impl Extent {
    fn clipped(&self) -> bool {
        self.least <= LOWEST_CODE || self.most >= HIGHEST_CODE
    }

    fn peak(&self, rest: i32) -> i32 {
        (i32::from(self.most) - rest).max(rest - i32::from(self.least))
    }
}

/// Tracks the code at rest of a current channel from whole windows of blocks.
#[derive(Clone, Copy, Debug)]
struct Rest {
    code_q8: i32,
    settled: bool,
    sum: i64,
    count: u32,
}

impl Rest {
    const fn starting_at(code: i16) -> Rest {
        Rest {
            code_q8: (code as i32) << 8,
            settled: false,
            sum: 0,
            count: 0,
        }
    }

    /// The nearest whole code.
    fn code(&self) -> i32 {
        (self.code_q8 + 128) >> 8
    }

    fn add(&mut self, sum: i32, count: usize) {
        self.sum += i64::from(sum);
        self.count += count as u32;
    }

    /// A window ended: takes its mean, halfway once it has settled.
    fn window(&mut self) {
        // Fewer than half a second of sound blocks say little.
        if self.count >= SCAN_RATE / 2 {
            let mean = ((self.sum << 8) / i64::from(self.count)) as i32;
            self.code_q8 = if self.settled {
                (self.code_q8 + mean) / 2
            } else {
                mean
            };
            self.settled = true;
        }
        self.sum = 0;
        self.count = 0;
    }
}

/// Turns blocks into the sums of windows.
#[derive(Clone, Debug)]
pub(crate) struct Sampler {
    /// Channels of the past and of the present block.
    samples: [[i16; LENGTH]; 3],
    /// How many samples of the past are good.
    valid: usize,
    taps: [Taps; 2],
    voltage_rest_q8: i32,
    current_rest: [Rest; 2],
    range: Range,
    forced: bool,
    calm: u8,
    /// Up to the last crossing.
    window: WindowSums,
    /// From the last crossing on, by [`Range`].
    cycle: [RangeSums; 2],
    /// Of the last window that had one.
    frequency_uhz: u32,
    crossings: ZeroCross,
    cycles: CycleCounter,
    /// Scans a quarter period is, nearest.
    quarter: usize,
    /// Scans since start, missing ones included.
    position: u64,
    /// When to close the window.
    close_at: u64,
}

impl Sampler {
    /// Starts with the offsets and delays of a calibration. With a `forced`
    /// range no other is used.
    pub(crate) fn new(calibration: &Calibration, forced: Option<Range>) -> Sampler {
        let mut sampler = Sampler {
            samples: [[0; LENGTH]; 3],
            valid: 0,
            taps: [Taps([0; 4]); 2],
            voltage_rest_q8: i32::from(calibration.offsets[0]) << 8,
            current_rest: [
                Rest::starting_at(calibration.offsets[1]),
                Rest::starting_at(calibration.offsets[2]),
            ],
            range: forced.unwrap_or(Range::High),
            forced: forced.is_some(),
            calm: 0,
            window: WindowSums::default(),
            cycle: Default::default(),
            frequency_uhz: 0,
            crossings: ZeroCross::new(),
            cycles: CycleCounter::default(),
            quarter: 20,
            position: 0,
            // The scans before the first crossing are a window of their own.
            close_at: 0,
        };
        sampler.set_delays(calibration);
        sampler
    }

    /// Takes over the delays of a calibration.
    pub(crate) fn set_delays(&mut self, calibration: &Calibration) {
        self.taps =
            [&calibration.low, &calibration.high].map(|channel| Taps::new(channel.delay_ns));
    }

    /// Marks the present window.
    pub(crate) fn mark(&mut self, flags: Flags) {
        self.window.flags |= flags;
    }

    /// Codes at rest of voltage, low and high, as measured so far.
    pub(crate) fn rests(&self) -> [i16; 3] {
        [
            (self.voltage_rest_q8 + 128) >> 8,
            self.current_rest[0].code(),
            self.current_rest[1].code(),
        ]
        .map(|code| code.clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }

    /// Adds a block; at most one window ends in it.
    pub(crate) fn push(&mut self, block: &Block<'_>) -> Option<WindowSums> {
        if block.follows_a_gap() {
            self.gap(block.lost_scans);
        }
        self.window.flags |= block.status();
        let count = block.len();
        let extents = self.take_in(block);
        self.choose_range(&extents, block.high_gain_saturated(), count);

        let end = HISTORY + count;
        let begin = (HISTORY + (self.quarter + 2).saturating_sub(self.valid)).min(end);
        let warming = (begin - HISTORY) as u32;
        self.position += u64::from(warming);
        if self.position > HISTORY as u64 {
            self.window.lost_scans = self.window.lost_scans.saturating_add(warming);
        }
        let closed = self.sum_up(begin, end);

        for channel in &mut self.samples {
            channel.copy_within(count..count + HISTORY, 0);
        }
        self.valid = (self.valid + count).min(HISTORY);
        closed
    }

    /// Scans are missing: nothing of the past lines up with what follows.
    fn gap(&mut self, lost_scans: u32) {
        self.valid = 0;
        self.position = self.position.saturating_add(u64::from(lost_scans));
        self.window.lost_scans = self.window.lost_scans.saturating_add(lost_scans);
        self.crossings.reset();
        self.cycles.gap();
    }

    /// Takes the block apart into channels.
    fn take_in(&mut self, block: &Block<'_>) -> [Extent; 3] {
        let mut extents = [Extent {
            least: i16::MAX,
            most: i16::MIN,
            sum: 0,
        }; 3];
        for (channel, extent) in extents.iter_mut().enumerate() {
            let mut found = *extent;
            let scans = block.scan_bytes().chunks_exact(SCAN_BYTES);
            for (place, scan) in self.samples[channel][HISTORY..].iter_mut().zip(scans) {
                let sample = i16::from_le_bytes([scan[2 * channel], scan[2 * channel + 1]]);
                *place = sample;
                found.sum += i32::from(sample);
                found.least = found.least.min(sample);
                found.most = found.most.max(sample);
            }
            *extent = found;
        }
        extents
    }

    /// Decides which current channel serves this block and notes clipping.
    fn choose_range(&mut self, extents: &[Extent; 3], high_touched_end: bool, count: usize) {
        if count == 0 {
            return;
        }
        let [voltage, low, high] = extents;
        let peak = high.peak(self.current_rest[Range::High as usize].code());
        let high_clipped = high_touched_end || high.clipped();
        if high_clipped || peak > LEAVE_HIGH {
            self.calm = 0;
        } else if peak < RETURN_HIGH {
            self.calm = self.calm.saturating_add(1).min(CALM_BLOCKS);
        }
        if !self.forced {
            self.range = match self.range {
                Range::High if high_clipped || peak > LEAVE_HIGH => Range::Low,
                Range::Low if self.calm >= CALM_BLOCKS => Range::High,
                stay => stay,
            };
        }
        if voltage.clipped() {
            self.window.flags |= Flags::VOLTAGE_SATURATED;
        }
        if low.clipped() || (self.range == Range::High && high_clipped) {
            self.window.flags |= Flags::CURRENT_SATURATED;
        }
        if !low.clipped() {
            self.current_rest[Range::Low as usize].add(low.sum, count);
        }
        if !high_clipped {
            self.current_rest[Range::High as usize].add(high.sum, count);
        }
    }

    /// Adds samples `begin..end`, closing the window where it is due.
    fn sum_up(&mut self, begin: usize, end: usize) -> Option<WindowSums> {
        let mut closed = None;
        let mut from = begin;
        let mut searched = begin;
        while searched < end {
            let rest = self.voltage_code();
            let found = self
                .crossings
                .find(&self.samples[VOLTAGE][searched - 1..end - 1], rest);
            let Some(crossing) = found else { break };
            let at = searched + crossing.index;
            searched = at + 1;
            let position = self.position + (at - from) as u64;
            // The first scan after a gap has no scan before it to be between.
            let time = (position << 16).saturating_sub(1 << 16) + u64::from(crossing.fraction);
            self.cycles.crossing(time);
            self.add(from, at);
            from = at;
            self.end_cycle();
            if closed.is_none() && position >= self.close_at {
                closed = self.close();
            }
        }
        self.add(from, end);
        if closed.is_none() && self.position >= self.close_at.saturating_add(CROSSING_TIMEOUT) {
            self.end_cycle();
            closed = self.close();
        }
        closed
    }

    /// The inner loops, over samples `from..to`.
    fn add(&mut self, from: usize, to: usize) {
        let range = self.range as usize;
        let rest = self.voltage_code();
        let voltage = &self.samples[VOLTAGE];
        let now = &voltage[from - 1..to - 1];
        let quarter_ago = &voltage[from - 1 - self.quarter..to - 1 - self.quarter];
        let current = &self.samples[1 + range][from - 3..to];
        let mut aligned = [0i32; SCANS_PER_BLOCK];
        let aligned = &mut aligned[..to - from];

        let Taps([first, second, third, fourth]) = self.taps[range];
        // Minus the rest in Q14, plus a half for rounding to Q8.
        let start = 32 - (self.current_rest[range].code() << 14);
        let (mut i, mut ii) = (0i64, 0i64);
        for (place, four) in aligned.iter_mut().zip(current.windows(4)) {
            let value = (start
                + first * i32::from(four[3])
                + second * i32::from(four[2])
                + third * i32::from(four[1])
                + fourth * i32::from(four[0]))
                >> 6;
            *place = value;
            i += i64::from(value);
            ii += i64::from(value) * i64::from(value);
        }

        let (mut v, mut vv, mut vi, mut qi) = (0i32, 0i64, 0i64, 0i64);
        for ((&now, &ago), &current) in now.iter().zip(quarter_ago).zip(aligned.iter()) {
            let now = i32::from(now) - rest;
            let ago = i32::from(ago) - rest;
            v += now;
            vv += i64::from(now) * i64::from(now);
            vi += i64::from(now) * i64::from(current);
            qi += i64::from(ago) * i64::from(current);
        }

        let sums = &mut self.cycle[range];
        sums.count += (to - from) as u32;
        sums.v += i64::from(v);
        sums.i += i;
        sums.vv += vv;
        sums.ii += ii;
        sums.vi += vi;
        sums.qi += qi;
        self.position += (to - from) as u64;
    }

    /// The window takes in what was summed up since the last crossing.
    fn end_cycle(&mut self) {
        for (sums, cycle) in self.window.ranges.iter_mut().zip(&mut self.cycle) {
            sums.add(&core::mem::take(cycle));
        }
    }

    /// Ends the window before its time, at the last crossing: both parts of it
    /// hold whole cycles. `None` if there is none yet.
    pub(crate) fn flush(&mut self) -> Option<WindowSums> {
        if self.close_at == 0 || self.window.count() == 0 {
            return None;
        }
        let mut window = core::mem::take(&mut self.window);
        window.frequency_uhz = self.frequency_uhz;
        window.quarter = self.quarter as u32;
        Some(window)
    }

    /// Ends the window; `None` if no sample fell into it.
    fn close(&mut self) -> Option<WindowSums> {
        let second = u64::from(SCAN_RATE);
        let first = self.close_at == 0;
        self.close_at = (self.position / second + 1) * second;
        let mut window = core::mem::take(&mut self.window);
        window.frequency_uhz = self.cycles.close();
        window.quarter = self.quarter as u32;
        window.whole = !first;
        if window.count() == 0 {
            // Keep what is to be reported for the next one.
            self.window.flags = window.flags;
            self.window.lost_scans = window.lost_scans;
            return None;
        }
        if window.whole && window.lost_scans == 0 {
            self.voltage_rest_q8 = (self.voltage_code() << 8) + window.voltage_mean_q8();
            for rest in &mut self.current_rest {
                rest.window();
            }
            // Below 2^17.
            self.crossings
                .set_level((window.voltage_rms_q16() >> 16) as u32);
        }
        if window.frequency_uhz != 0 {
            self.frequency_uhz = window.frequency_uhz;
            let period = (u64::from(SCAN_RATE) * 1_000_000 + u64::from(window.frequency_uhz) * 2)
                / (u64::from(window.frequency_uhz) * 4);
            self.quarter = (period as usize).clamp(14, HISTORY - 3);
        }
        Some(window)
    }

    fn voltage_code(&self) -> i32 {
        (self.voltage_rest_q8 + 128) >> 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_delay_by_the_asked_fraction() {
        for delay_ns in [-50_000, 0, 12_000, 24_000, 100_000, 180_000] {
            let Taps(taps) = Taps::new(delay_ns);
            assert_eq!(taps.iter().sum::<i32>(), 1 << 14);
            let angle = core::f64::consts::TAU * 50.0 / f64::from(SCAN_RATE);
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (n, tap) in taps.iter().enumerate() {
                let tap = f64::from(*tap) / f64::from(1 << 14);
                real += tap * (angle * n as f64).cos();
                imaginary += tap * (angle * n as f64).sin();
            }
            let delay = imaginary.atan2(real) / angle - 1.0;
            let wanted = f64::from(delay_ns) / 250_000.0;
            assert!((delay - wanted).abs() < 3e-4, "{delay} {wanted}");
            assert!((real.hypot(imaginary) - 1.0).abs() < 1e-4);
        }
    }
}
