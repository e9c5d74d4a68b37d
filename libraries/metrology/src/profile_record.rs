//! A load-profile interval as it is stored: 64 bytes.
//!
//! | offset | bytes | little endian |
//! |---|---|---|
//! | 0 | 1 | version, 1 |
//! | 1 | 1 | flags: the low byte, which has all flags that there are |
//! | 2 | 3 | end of the interval, in intervals of 900 s |
//! | 5 | 3 | scans measured; the highest number stands for all above |
//! | 8 | 4 times 6 | energy of the interval: import nWh, export nWh, import nvarh, export nvarh; likewise |
//! | 32 | 4 times 8 | the registers at its end, in the same order |

use crate::calibration::DecodeError;
use crate::flags::Flags;
use crate::profile::{ProfileEntry, INTERVAL_SECONDS};
use crate::registers::EnergyTotals;

/// Bytes of a stored interval.
pub const PROFILE_BYTES: usize = 64;

/// Version of the layout.
const VERSION: u8 = flash_formats::LOAD_PROFILE.version;

impl ProfileEntry {
    /// Encodes the record as it is stored.
    pub fn to_bytes(&self) -> [u8; PROFILE_BYTES] {
        let mut bytes = [0; PROFILE_BYTES];
        bytes[0] = VERSION;
        bytes[1] = self.flags.0 as u8;
        put(&mut bytes[2..5], self.end / INTERVAL_SECONDS);
        put(&mut bytes[5..8], self.scans.into());
        for (place, energy) in bytes[8..32].chunks_exact_mut(6).zip(in_order(&self.energy)) {
            put(place, energy);
        }
        for (place, register) in bytes[32..]
            .chunks_exact_mut(8)
            .zip(in_order(&self.registers))
        {
            put(place, register);
        }
        bytes
    }

    /// Reads a record; the length must be exact.
    ///
    /// # Errors
    /// Bytes that [`ProfileEntry::to_bytes`] does not make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes: &[u8; PROFILE_BYTES] = bytes.try_into().map_err(|_| DecodeError::Length)?;
        if bytes[0] != VERSION {
            return Err(DecodeError::Version);
        }
        Ok(ProfileEntry {
            end: get(&bytes[2..5]) * INTERVAL_SECONDS,
            energy: totals(&bytes[8..32], 6),
            registers: totals(&bytes[32..], 8),
            // Three bytes.
            scans: get(&bytes[5..8]) as u32,
            flags: Flags(bytes[1].into()),
        })
    }
}

fn in_order(totals: &EnergyTotals) -> [u64; 4] {
    [
        totals.import_nwh,
        totals.export_nwh,
        totals.import_nvarh,
        totals.export_nvarh,
    ]
}

fn totals(bytes: &[u8], width: usize) -> EnergyTotals {
    let at = |index: usize| get(&bytes[index * width..][..width]);
    EnergyTotals {
        import_nwh: at(0),
        export_nwh: at(1),
        import_nvarh: at(2),
        export_nvarh: at(3),
    }
}

/// Writes as many low bytes of `value` as there is place for, at most eight; a
/// value that does not fit becomes the largest that does.
fn put(place: &mut [u8], value: u64) {
    let width = place.len().min(8);
    let largest = u64::MAX >> (64 - 8 * width);
    place.copy_from_slice(&value.min(largest).to_le_bytes()[..width]);
}

fn get(place: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..place.len()].copy_from_slice(place);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> ProfileEntry {
        ProfileEntry {
            end: 1_700_000_100,
            energy: EnergyTotals {
                import_nwh: 230_000_000_000,
                export_nwh: 1,
                import_nvarh: (1 << 48) - 1,
                export_nvarh: 0x0102_0304_0506,
            },
            registers: EnergyTotals {
                import_nwh: u64::MAX,
                export_nwh: 5,
                import_nvarh: 6,
                export_nvarh: 7,
            },
            scans: 3_600_000,
            flags: Flags::POWER_FAIL | Flags::CLOCK_ADJUSTED,
        }
    }

    #[test]
    fn intervals_round_trip() {
        for entry in [ProfileEntry::default(), entry()] {
            assert_eq!(ProfileEntry::from_bytes(&entry.to_bytes()), Ok(entry));
        }
    }

    #[test]
    fn what_does_not_fit_is_the_largest_that_does() {
        let mut large = entry();
        large.scans = u32::MAX;
        large.energy.import_nwh = u64::MAX;
        large.end = u64::MAX;
        let stored = ProfileEntry::from_bytes(&large.to_bytes()).unwrap();
        assert_eq!(stored.scans, 0xFF_FFFF);
        assert_eq!(stored.energy.import_nwh, (1 << 48) - 1);
        assert_eq!(stored.end, 0xFF_FFFF * 900);
    }

    #[test]
    fn places_are_as_documented() {
        let bytes = entry().to_bytes();
        assert_eq!(bytes[..2], [1, 0xA0]);
        assert_eq!(bytes[5..8], 3_600_000u32.to_le_bytes()[..3]);
        assert_eq!(bytes[26..32], [6, 5, 4, 3, 2, 1]);
        assert_eq!(bytes[40..48], 5u64.to_le_bytes());
    }

    #[test]
    fn other_bytes_are_refused() {
        let good = entry().to_bytes();
        for length in 0..PROFILE_BYTES {
            assert_eq!(
                ProfileEntry::from_bytes(&good[..length]),
                Err(DecodeError::Length)
            );
        }
        let mut other = good;
        other[0] = 0;
        assert_eq!(ProfileEntry::from_bytes(&other), Err(DecodeError::Version));
    }
}
