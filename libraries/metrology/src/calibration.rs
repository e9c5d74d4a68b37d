//! Calibration constants and their encoding.

use drivers::meter_adc::Header;

use crate::fixed::log2_q16;
use crate::range::Range;

/// Bytes of an encoded [`Calibration`].
pub const CALIBRATION_BYTES: usize = 100;

/// Version of the encoding.
const VERSION: u8 = flash_formats::CALIBRATION.version;

/// Points of a [`GainTable`].
pub(crate) const GAIN_POINTS: usize = 3;

/// Nominal microvolts per step, Q14: 3 V / 16384 at the pin, 3.5 mV per V.
const NOMINAL_VOLTAGE: u32 = 857_142_857;
/// Nominal microamperes per step of the low-gain channel, Q14: 14 mV per A.
const NOMINAL_LOW: u32 = 214_285_714;
/// Nominal microamperes per step of the high-gain channel, Q14: 224 mV per A.
const NOMINAL_HIGH: u32 = 13_392_857;
/// The bias, half of full scale.
const NOMINAL_OFFSET: i16 = 8_192;

/// Shortest and longest delay that the interpolation filter serves well, in ns: 1.8 degrees.
pub(crate) const DELAY_LIMITS_NS: (i32, i32) = (-100_000, 100_000);
/// A temperature that is not known.
const NO_TEMPERATURE: i16 = Header::NO_TEMPERATURE;

/// Why bytes are no record of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The length is not the encoding's.
    Length,
    /// A version that this crate does not know.
    Version,
    /// A value outside its range.
    Value,
}

/// The gain found at one current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GainPoint {
    /// Root mean square of the samples at this point, steps, Q8.
    pub level: u32,
    /// Microamperes per step, Q14.
    pub gain: u32,
}

/// Gain of a current channel over its level.
///
/// The converter's integral non-linearity makes the gain depend on the level
/// by some tenths of a percent. One point corrects the gain, up to three follow
/// the curve: linear in the logarithm of the level between points, constant
/// outside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GainTable {
    nominal: u32,
    count: u8,
    points: [GainPoint; GAIN_POINTS],
}

impl GainTable {
    const fn nominal(gain: u32) -> GainTable {
        GainTable {
            nominal: gain,
            count: 0,
            points: [GainPoint { level: 0, gain: 0 }; GAIN_POINTS],
        }
    }

    /// The calibrated points, by rising level; empty before a calibration.
    pub fn points(&self) -> &[GainPoint] {
        &self.points[..usize::from(self.count)]
    }

    /// Microamperes per step, Q14, for samples of `level` (rms steps, Q8).
    pub fn gain_at(&self, level: u32) -> u32 {
        let points = self.points();
        let Some(above) = points.iter().position(|point| level < point.level) else {
            return points.last().map_or(self.nominal, |point| point.gain);
        };
        if above == 0 {
            return points[0].gain;
        }
        let (from, to) = (points[above - 1], points[above]);
        let span = log2_q16(to.level) - log2_q16(from.level);
        let along = log2_q16(level) - log2_q16(from.level);
        if span <= 0 {
            return from.gain;
        }
        let rise = i64::from(to.gain) - i64::from(from.gain);
        // Between two u32, so within u32.
        (i64::from(from.gain) + rise * i64::from(along) / i64::from(span)) as u32
    }

    /// Adds a point. One within a factor of 1.5 of a point replaces it; with
    /// the table full, the nearest is replaced.
    pub(crate) fn insert(&mut self, point: GainPoint) {
        let distance = |other: &GainPoint| (log2_q16(other.level) - log2_q16(point.level)).abs();
        // log2(1.5) in Q16.
        const SAME: i32 = 38_336;
        let nearest = (0..usize::from(self.count)).min_by_key(|&at| distance(&self.points[at]));
        match nearest {
            Some(at)
                if distance(&self.points[at]) < SAME || usize::from(self.count) == GAIN_POINTS =>
            {
                self.points[at] = point;
            }
            _ => {
                self.points[usize::from(self.count)] = point;
                self.count += 1;
            }
        }
        self.points[..usize::from(self.count)].sort_unstable_by_key(|point| point.level);
    }

    /// Returns whether a gain is near enough to the nominal one to be a sound meter's.
    pub(crate) fn accepts(&self, gain: u32) -> bool {
        plausible(gain, self.nominal)
    }

    fn write(&self, bytes: &mut [u8]) {
        for (place, point) in bytes.chunks_exact_mut(8).zip(&self.points) {
            place[..4].copy_from_slice(&point.level.to_le_bytes());
            place[4..].copy_from_slice(&point.gain.to_le_bytes());
        }
    }

    fn read(nominal: u32, count: u8, bytes: &[u8]) -> Result<GainTable, DecodeError> {
        let mut table = GainTable::nominal(nominal);
        if usize::from(count) > GAIN_POINTS {
            return Err(DecodeError::Value);
        }
        table.count = count;
        for (at, (point, place)) in table
            .points
            .iter_mut()
            .zip(bytes.chunks_exact(8))
            .enumerate()
        {
            point.level = word(place, 0);
            point.gain = word(place, 4);
            let sound = if at < usize::from(count) {
                point.level > 0 && plausible(point.gain, nominal)
            } else {
                *point == GainPoint::default()
            };
            if !sound {
                return Err(DecodeError::Value);
            }
        }
        if table
            .points()
            .windows(2)
            .any(|two| two[0].level >= two[1].level)
        {
            return Err(DecodeError::Value);
        }
        Ok(table)
    }
}

/// The constants of one meter.
///
/// Encoded (little endian): version u8 = 2, points in the low and in the high
/// table u8 each, whether the voltage is calibrated u8, revision u16, offsets
/// of voltage, low and high i16, voltage gain u32, then for low and high: delay
/// i32, noise u32, power offset i32; temperature i16, reference i16; then three
/// (level u32, gain u32) of the low and of the high table, unused ones zero;
/// drift of voltage, low and high i16; two bytes zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// Counts the calibrations of this meter.
    pub revision: u16,
    /// Whether the voltage gain was calibrated.
    pub voltage_calibrated: bool,
    /// Microvolts per step, Q14.
    pub voltage_gain: u32,
    /// Code at rest of voltage, low-gain and high-gain current; where the
    /// running DC removal starts from.
    pub offsets: [i16; 3],
    /// Low-gain channel.
    pub low: CurrentChannel,
    /// High-gain channel.
    pub high: CurrentChannel,
    /// Of the part when it was calibrated last, hundredths of a degree Celsius; `i16::MIN` if
    /// nobody measured it.
    pub temperature: i16,
    /// Code of the reference then; 0 if nobody looked.
    pub reference: i16,
    /// Change of the gains of voltage, low and high, millionths a kelvin.
    pub drifts: [i16; 3],
}

/// The constants of one current channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentChannel {
    /// Gain over level.
    pub gain: GainTable,
    /// By how much the samples of the current are delayed to line up with those
    /// of the voltage, in ns: minus what the analogue path of the current lags
    /// more than that of the voltage.
    pub delay_ns: i32,
    /// Mean square of the samples without a current, steps squared, Q16.
    pub noise: u32,
    /// Product of voltage and current samples without a current (crosstalk),
    /// steps squared, Q8.
    pub power_offset: i32,
}

impl CurrentChannel {
    const fn nominal(gain: u32) -> CurrentChannel {
        CurrentChannel {
            gain: GainTable::nominal(gain),
            delay_ns: 0,
            noise: 0,
            power_offset: 0,
        }
    }

    /// Returns whether the calibration has found the code that the channel rests at.
    pub(crate) fn knows_rest(&self) -> bool {
        !self.gain.points().is_empty()
    }
}

impl Calibration {
    /// The constants of the drawing, before any calibration.
    pub const NOMINAL: Calibration = Calibration {
        revision: 0,
        voltage_calibrated: false,
        voltage_gain: NOMINAL_VOLTAGE,
        offsets: [NOMINAL_OFFSET; 3],
        low: CurrentChannel::nominal(NOMINAL_LOW),
        high: CurrentChannel::nominal(NOMINAL_HIGH),
        temperature: NO_TEMPERATURE,
        reference: 0,
        drifts: [0; 3],
    };

    /// Returns whether voltage and both current ranges were calibrated.
    pub fn is_complete(&self) -> bool {
        self.voltage_calibrated
            && !self.low.gain.points().is_empty()
            && !self.high.gain.points().is_empty()
    }

    /// Returns the constants of the current channel of a range.
    pub fn channel(&self, range: Range) -> &CurrentChannel {
        match range {
            Range::Low => &self.low,
            Range::High => &self.high,
        }
    }

    pub(crate) fn channel_mut(&mut self, range: Range) -> &mut CurrentChannel {
        match range {
            Range::Low => &mut self.low,
            Range::High => &mut self.high,
        }
    }

    /// Returns whether a voltage gain is near enough to the nominal one.
    pub(crate) fn accepts_voltage_gain(gain: u32) -> bool {
        plausible(gain, NOMINAL_VOLTAGE)
    }

    /// The encoding for the energy store.
    pub fn to_bytes(&self) -> [u8; CALIBRATION_BYTES] {
        let mut bytes = [0; CALIBRATION_BYTES];
        bytes[0] = VERSION;
        bytes[1] = self.low.gain.count;
        bytes[2] = self.high.gain.count;
        bytes[3] = u8::from(self.voltage_calibrated);
        bytes[4..6].copy_from_slice(&self.revision.to_le_bytes());
        for (place, offset) in bytes[6..12].chunks_exact_mut(2).zip(self.offsets) {
            place.copy_from_slice(&offset.to_le_bytes());
        }
        bytes[12..16].copy_from_slice(&self.voltage_gain.to_le_bytes());
        for (place, channel) in bytes[16..40]
            .chunks_exact_mut(12)
            .zip([&self.low, &self.high])
        {
            place[..4].copy_from_slice(&channel.delay_ns.to_le_bytes());
            place[4..8].copy_from_slice(&channel.noise.to_le_bytes());
            place[8..].copy_from_slice(&channel.power_offset.to_le_bytes());
        }
        bytes[40..42].copy_from_slice(&self.temperature.to_le_bytes());
        bytes[42..44].copy_from_slice(&self.reference.to_le_bytes());
        self.low.gain.write(&mut bytes[44..68]);
        self.high.gain.write(&mut bytes[68..92]);
        for (place, drift) in bytes[92..98].chunks_exact_mut(2).zip(self.drifts) {
            place.copy_from_slice(&drift.to_le_bytes());
        }
        bytes
    }

    /// Reads an encoding; every value must be one that a calibration can give.
    pub fn from_bytes(bytes: &[u8]) -> Result<Calibration, DecodeError> {
        let bytes: &[u8; CALIBRATION_BYTES] = bytes.try_into().map_err(|_| DecodeError::Length)?;
        if bytes[0] != VERSION {
            return Err(DecodeError::Version);
        }
        let offset = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let channel = |at: usize, nominal: u32, count: u8, table: &[u8]| {
            let delay_ns = word(bytes, at) as i32;
            if delay_ns < DELAY_LIMITS_NS.0 || delay_ns > DELAY_LIMITS_NS.1 {
                return Err(DecodeError::Value);
            }
            Ok(CurrentChannel {
                gain: GainTable::read(nominal, count, table)?,
                delay_ns,
                noise: word(bytes, at + 4),
                power_offset: word(bytes, at + 8) as i32,
            })
        };
        let calibration = Calibration {
            revision: u16::from_le_bytes([bytes[4], bytes[5]]),
            voltage_calibrated: bytes[3] == 1,
            voltage_gain: word(bytes, 12),
            offsets: [offset(6), offset(8), offset(10)],
            low: channel(16, NOMINAL_LOW, bytes[1], &bytes[44..68])?,
            high: channel(28, NOMINAL_HIGH, bytes[2], &bytes[68..92])?,
            temperature: offset(40),
            reference: offset(42),
            drifts: [offset(92), offset(94), offset(96)],
        };
        let sound = bytes[3] <= 1
            && bytes[98..] == [0; 2]
            && Self::accepts_voltage_gain(calibration.voltage_gain);
        if sound {
            Ok(calibration)
        } else {
            Err(DecodeError::Value)
        }
    }
}

impl Default for Calibration {
    fn default() -> Self {
        Self::NOMINAL
    }
}

/// Within a fifth of the nominal gain: the tolerances of the drawing add up to
/// 5 %, the rest is margin for other parts lists.
fn plausible(gain: u32, nominal: u32) -> bool {
    gain.abs_diff(nominal) <= nominal / 5
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Calibration {
        let mut calibration = Calibration::NOMINAL;
        calibration.revision = 3;
        calibration.voltage_calibrated = true;
        calibration.offsets = [8_100, 8_200, -7];
        calibration.high.delay_ns = -5_000;
        calibration.high.power_offset = -77;
        calibration.low.noise = 0xFFFF_FFFF;
        calibration.temperature = 2_350;
        calibration.reference = 13_653;
        calibration.drifts = [25, -30, i16::MIN];
        for (level, gain) in [(40_000, NOMINAL_HIGH + 9), (10_000, NOMINAL_HIGH - 9)] {
            calibration.high.gain.insert(GainPoint { level, gain });
        }
        calibration
    }

    #[test]
    fn calibrations_round_trip() {
        for calibration in [Calibration::NOMINAL, sample()] {
            let bytes = calibration.to_bytes();
            assert_eq!(Calibration::from_bytes(&bytes), Ok(calibration));
        }
    }

    #[test]
    fn one_changed_byte_gives_an_error_or_another_calibration() {
        let good = sample().to_bytes();
        for at in 0..good.len() {
            let mut bytes = good;
            bytes[at] ^= 0x80;
            assert_ne!(Calibration::from_bytes(&bytes), Ok(sample()), "byte {at}");
        }
        assert_eq!(
            Calibration::from_bytes(&good[1..]),
            Err(DecodeError::Length)
        );
    }

    #[test]
    fn gain_follows_the_points() {
        let table = sample().high.gain;
        assert_eq!(table.gain_at(0), NOMINAL_HIGH - 9);
        assert_eq!(table.gain_at(u32::MAX), NOMINAL_HIGH + 9);
        let middle = table.gain_at(20_000);
        assert!(
            (i64::from(middle) - i64::from(NOMINAL_HIGH)).abs() <= 1,
            "{middle}"
        );
        assert_eq!(Calibration::NOMINAL.low.gain.gain_at(5), NOMINAL_LOW);
    }

    #[test]
    fn near_points_replace_each_other() {
        let mut table = GainTable::nominal(100);
        for level in [1_000, 10_000, 100_000, 1_100, 90_000, 3_000] {
            table.insert(GainPoint { level, gain: level });
        }
        let levels: std::vec::Vec<u32> = table.points().iter().map(|p| p.level).collect();
        assert_eq!(levels, [3_000, 10_000, 90_000]);
    }
}
