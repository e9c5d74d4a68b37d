//! From the sums of one window to volts, amperes, watts.

use crate::calibration::Calibration;
use crate::flags::Flags;
use crate::range::Range;

/// Bits after the point of a product with two gains (Q14 each) and a current (Q8).
const POWER_SHIFT: u32 = 14 + 14 + 8;

/// The electrical values of one window (about a second, whole mains cycles).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measurement {
    /// Root mean square of the voltage, microvolts.
    pub volts_uv: u32,
    /// Root mean square of the current, microamperes.
    pub amperes_ua: u32,
    /// Active power, microwatts; positive is import.
    pub active_uw: i64,
    /// Reactive power, microvars; positive when the current lags.
    pub reactive_uvar: i64,
    /// Apparent power, microvolt-amperes.
    pub apparent_uva: u64,
    /// Active over apparent power in millionths, with the sign of the active power.
    pub power_factor_ppm: i32,
    /// Mains frequency, microhertz; 0 when there is none.
    pub frequency_uhz: u32,
    /// Scans in the window.
    pub scans: u32,
    /// Scans of the window's time that are missing.
    pub lost_scans: u32,
    /// Scans that were measured with the high-gain channel.
    pub high_gain_scans: u32,
    /// Below the starting threshold: nothing was added to an active register.
    pub no_load: bool,
    /// What happened in the window.
    pub flags: Flags,
}

/// Sums of the scans of one window that used one current channel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RangeSums {
    /// Scans.
    pub count: u32,
    /// Voltage, steps.
    pub v: i64,
    /// Current, steps Q8.
    pub i: i64,
    /// Voltage squared.
    pub vv: i64,
    /// Current squared, Q16.
    pub ii: i64,
    /// Voltage times current, Q8.
    pub vi: i64,
    /// Of `vi` what periods add up to that exported.
    pub exported: i64,
    /// Reactive product of the fundamental, Q8.
    pub reactive: i64,
}

impl RangeSums {
    /// Adds the sums of samples that follow.
    pub(crate) fn add(&mut self, next: &RangeSums) {
        self.count += next.count;
        self.v += next.v;
        self.i += next.i;
        self.vv += next.vv;
        self.ii += next.ii;
        self.vi += next.vi;
        self.exported += next.exported;
        self.reactive += next.reactive;
    }
}

/// All sums of one window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WindowSums {
    /// By [`Range`].
    pub ranges: [RangeSums; 2],
    /// Microhertz, 0 if none.
    pub frequency_uhz: u32,
    /// Missing scans.
    pub lost_scans: u32,
    /// Status of the blocks.
    pub flags: Flags,
    /// Whether the window began at a crossing or after a whole second.
    pub whole: bool,
}

/// Moments of one range: the mean of the voltage is taken out, that of the current where the
/// code at rest of its channel is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    /// Scans.
    pub count: u32,
    /// Sum of the squared current, Q16.
    pub ii: i64,
    /// Sum of voltage times current, Q8.
    pub vi: i64,
    /// Sum of the reactive product of the fundamental, Q8.
    pub reactive: i64,
}

impl WindowSums {
    /// Scans in the window.
    pub(crate) fn count(&self) -> u32 {
        self.ranges[0].count + self.ranges[1].count
    }

    /// Mean of the voltage, steps Q8.
    pub(crate) fn voltage_mean_q8(&self) -> i32 {
        let sum = self.ranges[0].v + self.ranges[1].v;
        match self.count() {
            0 => 0,
            // The mean of samples within 17 bits.
            count => ((sum << 8) / i64::from(count)) as i32,
        }
    }

    /// Root mean square of the voltage, steps Q16.
    pub(crate) fn voltage_rms_q16(&self) -> u64 {
        let count = i128::from(self.count());
        if count == 0 {
            return 0;
        }
        let sum = i128::from(self.ranges[0].v + self.ranges[1].v);
        let squares = i128::from(self.ranges[0].vv + self.ranges[1].vv);
        // Samples are 17 bits at most, so the result is below 2^33.
        root(((squares << 32) - ((sum * sum) << 32) / count) / count)
    }

    /// The moments of a range about the means of the whole window.
    ///
    /// The mean of the voltage is known over the whole window. That of a current is what the
    /// channel rests at, unless the calibration knows its rest (`rest_known`): then it is a
    /// direct current, which heats as any other. It is only known when the channel was used
    /// throughout; where it was not, the running removal of DC has to do.
    pub(crate) fn moments(&self, range: Range, rest_known: bool) -> Moments {
        let sums = &self.ranges[range as usize];
        let all = i128::from(self.count());
        if sums.count == 0 || all == 0 {
            return Moments::default();
        }
        let v_all = i128::from(self.ranges[0].v + self.ranges[1].v);
        let i = i128::from(sums.i);
        let alone = i128::from(sums.count) == all;
        let product = v_all * i / all;
        let square = if alone && !rest_known { i * i / all } else { 0 };
        // Differences of what fits 62 bits.
        Moments {
            count: sums.count,
            ii: sums.ii.saturating_sub(square as i64),
            vi: sums.vi.saturating_sub(product as i64),
            reactive: sums.reactive,
        }
    }
}

impl Moments {
    /// Mean square of the current less the noise of the channel, steps squared Q32.
    pub(crate) fn current_square_q32(&self, noise: u32) -> i128 {
        if self.count == 0 {
            return 0;
        }
        (i128::from(self.ii) << 16) / i128::from(self.count) - (i128::from(noise) << 16)
    }

    /// Root mean square of the current, steps Q16.
    pub(crate) fn current_rms_q16(&self, noise: u32) -> u64 {
        root(self.current_square_q32(noise))
    }
}

/// What one window adds up to, in units.
pub(crate) struct Results {
    /// For display.
    pub measurement: Measurement,
    /// Active energy, picowatt-scans.
    pub active: i128,
    /// Of it what periods of the mains exported: zero or below.
    pub exported: i128,
    /// Reactive energy, picovar-scans.
    pub reactive: i128,
}

impl Results {
    /// Applies the calibration to the sums of a window.
    pub(crate) fn of(window: &WindowSums, calibration: &Calibration) -> Results {
        let count = window.count();
        let volts_uv = (window.voltage_rms_q16() * u64::from(calibration.voltage_gain)) >> 30;
        let mut active = 0i128;
        let mut exported = 0i128;
        let mut reactive = 0i128;
        // Of the squared current, microamperes Q8, times scans.
        let mut squares = 0u128;
        for range in [Range::Low, Range::High] {
            let channel = calibration.channel(range);
            let moments = window.moments(range, channel.knows_rest());
            let rms = moments.current_rms_q16(channel.noise);
            let gain = channel
                .gain
                .gain_at(u32::try_from(rms >> 8).unwrap_or(u32::MAX));
            let amperes_q8 = (u128::from(rms) * u128::from(gain)) >> 22;
            squares += amperes_q8 * amperes_q8 * u128::from(moments.count);
            let offset = i128::from(channel.power_offset) * i128::from(moments.count);
            let scale = i128::from(calibration.voltage_gain) * i128::from(gain);
            active += ((i128::from(moments.vi) - offset) * scale) >> POWER_SHIFT;
            let outward = i128::from(window.ranges[range as usize].exported);
            exported += (outward * scale) >> POWER_SHIFT;
            reactive += (i128::from(moments.reactive) * scale) >> POWER_SHIFT;
        }
        let scans = i128::from(count.max(1));
        let amperes_ua = (squares / u128::from(count.max(1))).isqrt() >> 8;
        let active_uw = active / scans / 1_000_000;
        // Rounding and the noise that is taken out may not make it less than the active power.
        let apparent_uva =
            (u128::from(volts_uv) * amperes_ua / 1_000_000).max(active_uw.unsigned_abs());
        let power_factor_ppm = match apparent_uva {
            0 => 0,
            // At most one, so 21 bits.
            apparent => (active_uw * 1_000_000 / apparent as i128).clamp(-1_000_000, 1_000_000),
        };
        let mut flags = window.flags;
        // The scans before the first crossing are no period yet.
        if window.frequency_uhz == 0 && window.whole {
            flags |= Flags::NO_FREQUENCY;
        }
        Results {
            measurement: Measurement {
                volts_uv: u32::try_from(volts_uv).unwrap_or(u32::MAX),
                amperes_ua: u32::try_from(amperes_ua).unwrap_or(u32::MAX),
                active_uw: clamp(active_uw),
                reactive_uvar: clamp(reactive / scans / 1_000_000),
                apparent_uva: u64::try_from(apparent_uva).unwrap_or(u64::MAX),
                power_factor_ppm: power_factor_ppm as i32,
                frequency_uhz: window.frequency_uhz,
                scans: count,
                lost_scans: window.lost_scans,
                high_gain_scans: window.ranges[Range::High as usize].count,
                no_load: false,
                flags,
            },
            active,
            // Never more than nothing, whatever rounds.
            exported: exported.min(0),
            reactive,
        }
    }
}

/// Square root of a mean square; what rounding or a noise estimate made negative is 0.
fn root(square: i128) -> u64 {
    let square = u128::try_from(square).unwrap_or(0);
    u64::try_from(square.isqrt()).unwrap_or(u64::MAX)
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
