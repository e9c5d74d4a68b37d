//! The part that touches every sample: range choice, alignment, sums.
//!
//! Everything here is an i16 times a Q14 tap in i32, or a product of i32 added
//! to an i64; nothing divides. With 17-bit samples (an i16 less any rest) and at
//! most 6,800 scans a window, no sum can overflow, whatever the samples are.

use drivers::meter_adc::SETTLING_SCANS;

use crate::block::{Block, SCANS_PER_BLOCK, SCAN_BYTES};
use crate::calibration::{Calibration, DELAY_LIMITS_NS};
use crate::flags::Flags;
use crate::fundamental::{CycleSums, Oscillator};
use crate::measurement::WindowSums;
use crate::range::Range;
use crate::supervision::{Supervision, VoltageEvent, EVENTS_PER_BLOCK};
use crate::zero_cross::{frequency_uhz, Found, Periods, ZeroCross, PERIOD_LIMITS};
use crate::{SCANS_PER_SECOND, SCAN_PERIOD_US};

/// Samples kept of the past: those that the interpolation reaches back to.
const HISTORY: usize = 4;
const LENGTH: usize = HISTORY + SCANS_PER_BLOCK;
/// Samples by which the voltage is delayed: the middle of the interpolation.
const MIDDLE: usize = 2;
/// Scans after a gap until samples line up again: what the driver's filter and the
/// interpolation still hold of what was before.
const WARMING: usize = SETTLING_SCANS + HISTORY;

/// A window closes at the first crossing after a whole second, or this many
/// scans later if there is none (30 ms).
const CROSSING_TIMEOUT: u64 = 30_000 / SCAN_PERIOD_US as u64;

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

/// How many times more steps the high-gain channel has for a current.
const HIGH_GAIN: i64 = 16;

/// Channels of a scan.
const VOLTAGE: usize = 0;

/// Coefficients of the fractional delay, Q14, newest sample first.
#[derive(Clone, Copy, Debug)]
struct Taps([i32; 5]);

impl Taps {
    /// Delays by two samples and `delay_ns`: the signal less its first derivative times the
    /// delay and half of its second derivative times the delay squared. The derivatives are
    /// exact at rest, and fitted up to the 40th harmonic: 3/4 and -1/8 for the first, 3/2 and
    /// -1/8 for the second.
    fn new(delay_ns: i32) -> Taps {
        let delay_ns = delay_ns.clamp(DELAY_LIMITS_NS.0, DELAY_LIMITS_NS.1);
        const ONE: i64 = 1 << 20;
        let delay = i64::from(delay_ns) * ONE / (i64::from(SCAN_PERIOD_US) * 1_000);
        let square = (delay * delay) >> 20;
        // Q20 with a divisor to Q14, rounded.
        let q14 = |sixteenths: i64| ((sixteenths + (1 << 9)) >> 10) as i32;
        let first = q14(2 * delay - square);
        let second = q14(12 * (square - delay));
        let fourth = q14(12 * (square + delay));
        let fifth = q14(-2 * delay - square);
        // The sum is exactly one, so that DC passes unchanged.
        let third = (1 << 14) - first - second - fourth - fifth;
        Taps([first, second, third, fourth, fifth])
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
    const EMPTY: Extent = Extent {
        least: i16::MAX,
        most: i16::MIN,
        sum: 0,
    };

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
    /// The calibration found it: what departs from it is a current.
    known: bool,
    settled: bool,
    sum: i64,
    count: u32,
}

impl Rest {
    const fn starting_at(code: i16, known: bool) -> Rest {
        Rest {
            code_q8: (code as i32) << 8,
            known,
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
    ///
    /// - `whole_q8`: the mean over the whole periods of the window, if the channel was used
    ///   throughout; else that of the blocks has to do, which are no whole periods
    fn window(&mut self, whole_q8: Option<i32>) {
        // Fewer than half a second of sound blocks say little.
        let of_blocks = (self.count >= SCANS_PER_SECOND / 2)
            .then(|| ((self.sum << 8) / i64::from(self.count.max(1))) as i32);
        if let Some(mean) = whole_q8.or(of_blocks).filter(|_| !self.known) {
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
    /// From the last crossing on.
    cycle: CycleSums,
    /// Where the present cycle began, if it began at a crossing and nothing is missing since.
    cycle_began: Option<u64>,
    /// Of the mains, as it was measured last; stands still while that is not known.
    oscillator: Oscillator,
    /// What the oscillator is to be from the next cycle on.
    measured: Option<Oscillator>,
    /// Of the last window, 0 if it had none.
    frequency_uhz: u32,
    crossings: ZeroCross,
    /// The last crossing, scans in Q16, until it is known whether it is a sine's.
    crossing: u64,
    periods: Periods,
    supervision: Supervision,
    /// What the voltage did in the last block.
    events: [Option<VoltageEvent>; EVENTS_PER_BLOCK],
    voltage_gain: u32,
    /// Scans since start, missing ones included.
    position: u64,
    /// When to close the window.
    close_at: u64,
}

impl Sampler {
    /// Starts with the offsets and delays of a calibration. With a `forced`
    /// range no other is used.
    pub(crate) fn new(calibration: &Calibration, forced: Option<Range>) -> Sampler {
        // A calibration measures the offsets itself.
        let known = |range| forced.is_none() && calibration.channel(range).knows_rest();
        let mut sampler = Sampler {
            samples: [[0; LENGTH]; 3],
            valid: 0,
            taps: [Taps([0; 5]); 2],
            voltage_rest_q8: i32::from(calibration.offsets[0]) << 8,
            current_rest: [
                Rest::starting_at(calibration.offsets[1], known(Range::Low)),
                Rest::starting_at(calibration.offsets[2], known(Range::High)),
            ],
            range: forced.unwrap_or(Range::High),
            forced: forced.is_some(),
            calm: 0,
            window: WindowSums::default(),
            cycle: CycleSums::default(),
            cycle_began: None,
            oscillator: Oscillator::UNKNOWN,
            measured: None,
            frequency_uhz: 0,
            crossings: ZeroCross::new(),
            crossing: 0,
            periods: Periods::new(),
            supervision: Supervision::new(),
            events: [None; EVENTS_PER_BLOCK],
            voltage_gain: calibration.voltage_gain,
            position: 0,
            // The scans before the first crossing are a window of their own.
            close_at: 0,
        };
        sampler.set_delays(calibration);
        sampler
    }

    /// Takes over the delays of a calibration.
    fn set_delays(&mut self, calibration: &Calibration) {
        self.taps =
            [&calibration.low, &calibration.high].map(|channel| Taps::new(channel.delay_ns));
    }

    /// Takes over delays and offsets of a new calibration.
    pub(crate) fn recalibrate(&mut self, calibration: &Calibration) {
        self.set_delays(calibration);
        self.voltage_gain = calibration.voltage_gain;
        for (range, rest) in [Range::Low, Range::High]
            .into_iter()
            .zip(&mut self.current_rest)
        {
            if calibration.channel(range).knows_rest() {
                *rest = Rest::starting_at(calibration.offsets[1 + range as usize], true);
            }
        }
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

    /// Returns what the voltage did in the last block.
    pub(crate) fn events(&self) -> &[Option<VoltageEvent>; EVENTS_PER_BLOCK] {
        &self.events
    }

    /// Adds a block; at most one window ends in it.
    pub(crate) fn push(&mut self, block: &Block<'_>) -> Option<WindowSums> {
        self.events = [None; EVENTS_PER_BLOCK];
        if block.follows_a_gap() {
            self.gap(block.lost_scans);
        }
        self.window.flags |= block.status();
        if block.is_disordered() {
            // Nobody knows which channel is which: such scans are as good as lost.
            self.gap(block.len() as u32);
            return self.close_overdue();
        }
        let count = block.len();
        let (low_sum, high) = self.take_in(block);
        self.choose_range(block, low_sum, &high);

        let end = HISTORY + count;
        let begin = (HISTORY + WARMING.saturating_sub(self.valid)).min(end);
        let warming = (begin - HISTORY) as u32;
        self.position += u64::from(warming);
        if self.position > WARMING as u64 {
            self.window.lost_scans = self.window.lost_scans.saturating_add(warming);
        }
        let rest = self.voltage_code();
        self.supervision.push(
            &self.samples[VOLTAGE][begin - MIDDLE..end - MIDDLE],
            rest,
            self.voltage_gain,
            &mut self.events,
        );
        let closed = self.sum_up(begin, end);

        for channel in &mut self.samples {
            channel.copy_within(count..count + HISTORY, 0);
        }
        self.valid = (self.valid + count).min(WARMING);
        closed
    }

    /// Scans are missing: nothing of the past lines up with what follows.
    fn gap(&mut self, lost_scans: u32) {
        self.valid = 0;
        self.position = self.position.saturating_add(u64::from(lost_scans));
        self.window.lost_scans = self.window.lost_scans.saturating_add(lost_scans);
        self.crossings.reset();
        self.periods.interrupted();
        self.supervision.gap();
        self.cycle_began = None;
    }

    /// Takes the block apart into channels, and looks at the currents: the sum of the low-gain
    /// one, the extent of the high-gain one. Whether a channel touched an end of its range the
    /// driver tells, which saw every conversion.
    fn take_in(&mut self, block: &Block<'_>) -> (i32, Extent) {
        let (mut low_sum, mut high) = (0, Extent::EMPTY);
        let [voltage, low, current] = &mut self.samples;
        let places = voltage[HISTORY..]
            .iter_mut()
            .zip(&mut low[HISTORY..])
            .zip(&mut current[HISTORY..]);
        for (((voltage, low), current), scan) in
            places.zip(block.scan_bytes().chunks_exact(SCAN_BYTES))
        {
            let code = |at: usize| i16::from_le_bytes([scan[at], scan[at + 1]]);
            *voltage = code(0);
            *low = code(2);
            low_sum += i32::from(*low);
            *current = code(4);
            high.sum += i32::from(*current);
            high.least = high.least.min(*current);
            high.most = high.most.max(*current);
        }
        (low_sum, high)
    }

    /// Decides which current channel serves this block and notes clipping.
    fn choose_range(&mut self, block: &Block<'_>, low_sum: i32, high: &Extent) {
        let count = block.len();
        if count == 0 {
            return;
        }
        let peak = high.peak(self.current_rest[Range::High as usize].code());
        let high_clipped = block.high_gain_saturated() || high.clipped();
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
        if self.range == Range::High && high_clipped {
            self.window.flags |= Flags::CURRENT_SATURATED;
        }
        if !block.status().contains(Flags::CURRENT_SATURATED) {
            self.current_rest[Range::Low as usize].add(low_sum, count);
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
            let found = self.crossings.find(
                &self.samples[VOLTAGE][searched - MIDDLE..end - MIDDLE],
                rest,
            );
            let Some(found) = found else { break };
            match found {
                Found::Risen(index) => {
                    searched += index + 1;
                    self.risen();
                }
                Found::Stopped(index) => {
                    searched += index + 1;
                    self.periods.interrupted();
                }
                Found::Crossing(crossing) => {
                    let at = searched + crossing.index;
                    searched = at + 1;
                    let position = self.position + (at - from) as u64;
                    // The first scan after a gap has no scan before it to be between.
                    self.crossing =
                        (position << 16).saturating_sub(1 << 16) + u64::from(crossing.fraction);
                    self.add(from, at);
                    from = at;
                    self.end_cycle(true);
                    if closed.is_none() && position >= self.close_at {
                        closed = self.close();
                    }
                }
            }
        }
        self.add(from, end);
        closed.or_else(|| self.close_overdue())
    }

    /// Closes the window at this moment if its crossing does not come.
    fn close_overdue(&mut self) -> Option<WindowSums> {
        if self.position < self.close_at.saturating_add(CROSSING_TIMEOUT) {
            return None;
        }
        self.end_cycle(false);
        self.close()
    }

    /// The last crossing was one of a sine.
    fn risen(&mut self) {
        let Some(period) = self.periods.crossing(self.crossing) else {
            return;
        };
        self.supervision.set_period(period);
        if self.frequency_uhz == 0 {
            // As long as no window has a frequency, that of a period has to do.
            let hertz = frequency_uhz(1, period.into());
            self.measured = Some(Oscillator::new(u32::try_from(hertz).unwrap_or(0)));
        }
    }

    /// The inner loops, over samples `from..to`.
    fn add(&mut self, from: usize, to: usize) {
        let range = self.range as usize;
        let rest = self.voltage_code();
        let voltage = &self.samples[VOLTAGE][from - MIDDLE..to - MIDDLE];
        let current = &self.samples[1 + range][from - HISTORY..to];
        let mut aligned = [0i32; SCANS_PER_BLOCK];
        let aligned = &mut aligned[..to - from];

        let Taps([first, second, third, fourth, fifth]) = self.taps[range];
        // Minus the rest in Q14, plus a half for rounding to Q8.
        let start = 32 - (self.current_rest[range].code() << 14);
        let (mut i, mut ii) = (0i64, 0i64);
        for (place, five) in aligned.iter_mut().zip(current.windows(5)) {
            let value = (start
                + first * i32::from(five[4])
                + second * i32::from(five[3])
                + third * i32::from(five[2])
                + fourth * i32::from(five[1])
                + fifth * i32::from(five[0]))
                >> 6;
            *place = value;
            i += i64::from(value);
            ii += i64::from(value) * i64::from(value);
        }

        let (mut v, mut vv, mut vi) = (0i32, 0i64, 0i64);
        for (&now, &current) in voltage.iter().zip(aligned.iter()) {
            let now = i32::from(now) - rest;
            v += now;
            vv += i64::from(now) * i64::from(now);
            vi += i64::from(now) * i64::from(current);
        }
        self.cycle
            .correlate(&self.oscillator, range, rest, voltage, aligned);

        let sums = &mut self.cycle.ranges[range];
        sums.count += (to - from) as u32;
        sums.v += i64::from(v);
        sums.i += i;
        sums.vv += vv;
        sums.ii += ii;
        sums.vi += vi;
        self.position += (to - from) as u64;
    }

    /// The window takes in what was summed up since the last crossing. Its reactive power
    /// counts only if that was a whole period of the mains, from crossing to crossing.
    fn end_cycle(&mut self, at_crossing: bool) {
        let began = self.cycle_began.take();
        let length = began.map_or(0, |began| self.position.saturating_sub(began));
        let limits = u64::from(PERIOD_LIMITS.0)..u64::from(PERIOD_LIMITS.1);
        if at_crossing && limits.contains(&length) {
            self.cycle.find_reactive(&self.oscillator);
        }
        if at_crossing {
            self.cycle_began = Some(self.position);
        }
        let mut cycle = core::mem::take(&mut self.cycle);
        let [low, high] = &mut cycle.ranges;
        if low.vi.saturating_mul(HIGH_GAIN).saturating_add(high.vi) < 0 {
            (low.exported, high.exported) = (low.vi, high.vi);
        }
        for (sums, cycle) in self.window.ranges.iter_mut().zip(&cycle.ranges) {
            sums.add(cycle);
        }
        if let Some(measured) = self.measured.take() {
            self.oscillator = measured;
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
        Some(window)
    }

    /// Ends the window; `None` if no sample fell into it.
    fn close(&mut self) -> Option<WindowSums> {
        let first = self.close_at == 0;
        let seconds = self.position * u64::from(SCAN_PERIOD_US) / 1_000_000 + 1;
        self.close_at = (seconds * 1_000_000).div_ceil(u64::from(SCAN_PERIOD_US));
        let mut window = core::mem::take(&mut self.window);
        window.frequency_uhz = self.periods.close();
        window.whole = !first;
        if window.count() == 0 {
            // Keep what is to be reported for the next one.
            self.window.flags = window.flags;
            self.window.lost_scans = window.lost_scans;
            return None;
        }
        if window.whole && window.lost_scans == 0 {
            self.voltage_rest_q8 = (self.voltage_code() << 8) + window.voltage_mean_q8();
            for (rest, sums) in self.current_rest.iter_mut().zip(&window.ranges) {
                let alone = sums.count == window.count();
                let mean = sums.i.checked_div(i64::from(sums.count)).unwrap_or(0) as i32;
                rest.window(alone.then(|| (rest.code() << 8).saturating_add(mean)));
            }
            // Below 2^17.
            self.crossings
                .set_level((window.voltage_rms_q16() >> 16) as u32);
        }
        self.frequency_uhz = window.frequency_uhz;
        self.oscillator = Oscillator::new(window.frequency_uhz);
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
        // Over the delays that parts within their tolerances have, and beyond.
        for (delay_ns, harmonic, error) in [
            (0, 40, 1e-9),
            (-30_000, 1, 2e-4),
            (30_000, 1, 2e-4),
            (90_000, 1, 2e-4),
            (-90_000, 1, 2e-4),
            (12_000, 13, 4e-3),
            (12_000, 40, 3e-2),
        ] {
            let Taps(taps) = Taps::new(delay_ns);
            assert_eq!(taps.iter().sum::<i32>(), 1 << 14);
            let period = f64::from(SCAN_PERIOD_US) * 1e-6;
            let angle = core::f64::consts::TAU * 50.0 * f64::from(harmonic) * period;
            let wanted = -angle * f64::from(delay_ns) * 1e-9 / period;
            let (mut real, mut imaginary) = (-wanted.cos(), -wanted.sin());
            for (n, tap) in taps.iter().enumerate() {
                let tap = f64::from(*tap) / f64::from(1 << 14);
                real += tap * (angle * (2.0 - n as f64)).cos();
                imaginary += tap * (angle * (2.0 - n as f64)).sin();
            }
            let off = real.hypot(imaginary);
            assert!(off < error, "{delay_ns} ns, harmonic {harmonic}: {off}");
        }
    }
}
