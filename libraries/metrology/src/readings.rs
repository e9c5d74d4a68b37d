//! The readings of a second as the metering app publishes them: one message of a fixed layout.
//!
//! docs/readings.md is the reference for readers in other languages.

use crate::calibration::DecodeError;
use crate::flags::Flags;
use crate::measurement::Measurement;
use crate::registers::EnergyTotals;

/// Bytes of a message.
pub const READINGS_BYTES: usize = 100;

/// Version of the layout.
const VERSION: u8 = 1;

/// All values of a meter line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// Time since the meter started, microseconds.
    pub time_us: u64,
    /// Root mean square of the voltage, microvolts.
    pub volts_uv: u32,
    /// Root mean square of the current, microamperes.
    pub amperes_ua: u32,
    /// Active over apparent power in millionths, with the sign of the active power.
    pub power_factor_ppm: i32,
    /// Mains frequency, microhertz; 0 when there is none.
    pub frequency_uhz: u32,
    /// Active power, microwatts; positive is import.
    pub active_uw: i64,
    /// Reactive power, microvars; positive when the current lags.
    pub reactive_uvar: i64,
    /// Apparent power, microvolt-amperes.
    pub apparent_uva: u64,
    /// The energy registers.
    pub totals: EnergyTotals,
    /// Scans taken since the meter started.
    pub scans: u64,
    /// Scans lost since the meter started.
    pub lost_scans: u64,
    /// What happened in the second.
    pub flags: Flags,
}

impl Readings {
    /// The readings of a measurement, `time_us` after the start, with `scans`
    /// taken and `lost_scans` since then.
    pub fn new(
        measurement: &Measurement,
        totals: &EnergyTotals,
        time_us: u64,
        scans: u64,
        lost_scans: u64,
    ) -> Self {
        Readings {
            time_us,
            volts_uv: measurement.volts_uv,
            amperes_ua: measurement.amperes_ua,
            power_factor_ppm: measurement.power_factor_ppm,
            frequency_uhz: measurement.frequency_uhz,
            active_uw: measurement.active_uw,
            reactive_uvar: measurement.reactive_uvar,
            apparent_uva: measurement.apparent_uva,
            totals: *totals,
            scans,
            lost_scans,
            flags: measurement.flags,
        }
    }

    /// Encodes the readings as the message that is sent.
    pub fn to_bytes(&self) -> [u8; READINGS_BYTES] {
        let mut bytes = [0; READINGS_BYTES];
        bytes[0] = VERSION;
        bytes[2..4].copy_from_slice(&self.flags.0.to_le_bytes());
        let halves = [
            self.volts_uv,
            self.amperes_ua,
            self.power_factor_ppm as u32,
            self.frequency_uhz,
        ];
        for (place, half) in bytes[4..20].chunks_exact_mut(4).zip(halves) {
            place.copy_from_slice(&half.to_le_bytes());
        }
        let words = [
            self.time_us,
            self.active_uw as u64,
            self.reactive_uvar as u64,
            self.apparent_uva,
            self.totals.import_nwh,
            self.totals.export_nwh,
            self.totals.import_nvarh,
            self.totals.export_nvarh,
            self.scans,
            self.lost_scans,
        ];
        for (place, word) in bytes[20..].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads a message; the length must be exact.
    ///
    /// # Errors
    /// Bytes that [`Readings::to_bytes`] does not make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes: &[u8; READINGS_BYTES] = bytes.try_into().map_err(|_| DecodeError::Length)?;
        if bytes[0] != VERSION {
            return Err(DecodeError::Version);
        }
        if bytes[1] != 0 {
            return Err(DecodeError::Value);
        }
        let half = |at: usize| {
            let mut value = [0; 4];
            value.copy_from_slice(&bytes[at..at + 4]);
            u32::from_le_bytes(value)
        };
        let word = |at: usize| u64::from(half(at)) | u64::from(half(at + 4)) << 32;
        Ok(Readings {
            time_us: word(20),
            volts_uv: half(4),
            amperes_ua: half(8),
            power_factor_ppm: half(12) as i32,
            frequency_uhz: half(16),
            active_uw: word(28) as i64,
            reactive_uvar: word(36) as i64,
            apparent_uva: word(44),
            totals: EnergyTotals {
                import_nwh: word(52),
                export_nwh: word(60),
                import_nvarh: word(68),
                export_nvarh: word(76),
            },
            scans: word(84),
            lost_scans: word(92),
            flags: Flags(u16::from_le_bytes([bytes[2], bytes[3]])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_value_its_own() -> Readings {
        Readings {
            time_us: 0x0102_0304_0506_0708,
            volts_uv: 230_000_000,
            amperes_ua: 5_000_000,
            power_factor_ppm: -800_000,
            frequency_uhz: 50_000_000,
            active_uw: -1_150_000_000,
            reactive_uvar: i64::MIN,
            apparent_uva: u64::MAX,
            totals: EnergyTotals {
                import_nwh: 1,
                export_nwh: 2,
                import_nvarh: 3,
                export_nvarh: u64::MAX,
            },
            scans: 48_000,
            lost_scans: 7,
            flags: Flags(0x8001),
        }
    }

    #[test]
    fn messages_round_trip() {
        for readings in [Readings::default(), every_value_its_own()] {
            assert_eq!(Readings::from_bytes(&readings.to_bytes()), Ok(readings));
        }
    }

    #[test]
    fn places_are_as_documented() {
        let bytes = every_value_its_own().to_bytes();
        assert_eq!(bytes[..4], [1, 0, 0x01, 0x80]);
        assert_eq!(bytes[4..8], 230_000_000u32.to_le_bytes());
        assert_eq!(bytes[20..28], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(bytes[52..60], 1u64.to_le_bytes());
        assert_eq!(bytes[92..], 7u64.to_le_bytes());
    }

    #[test]
    fn other_bytes_are_refused() {
        let good = every_value_its_own().to_bytes();
        for length in 0..READINGS_BYTES {
            assert_eq!(
                Readings::from_bytes(&good[..length]),
                Err(DecodeError::Length)
            );
        }
        let mut longer = std::vec::Vec::from(good);
        longer.push(0);
        assert_eq!(Readings::from_bytes(&longer), Err(DecodeError::Length));
        let mut other = good;
        other[0] = 2;
        assert_eq!(Readings::from_bytes(&other), Err(DecodeError::Version));
        other = good;
        other[1] = 1;
        assert_eq!(Readings::from_bytes(&other), Err(DecodeError::Value));
    }
}
