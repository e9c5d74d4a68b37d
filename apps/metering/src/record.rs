//! The calibration record of the energy store: constants and seal.

use metrology::{Calibration, DecodeError, CALIBRATION_BYTES};

/// Bytes of a record: the calibration, then sealed (0 or 1), then three zeros.
pub const RECORD_BYTES: usize = CALIBRATION_BYTES + 4;

/// Calibration of this meter, and whether it is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalibrationRecord {
    /// The constants.
    pub calibration: Calibration,
    /// No calibration is accepted any more.
    pub sealed: bool,
}

impl CalibrationRecord {
    /// A meter that was never calibrated.
    pub const FRESH: CalibrationRecord = CalibrationRecord {
        calibration: Calibration::NOMINAL,
        sealed: false,
    };

    /// The record for the store.
    pub fn to_bytes(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..CALIBRATION_BYTES].copy_from_slice(&self.calibration.to_bytes());
        bytes[CALIBRATION_BYTES] = self.sealed.into();
        bytes
    }

    /// Reads a record.
    ///
    /// # Errors
    /// Bytes that [`CalibrationRecord::to_bytes`] does not make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (calibration, rest) = bytes
            .split_at_checked(CALIBRATION_BYTES)
            .ok_or(DecodeError::Length)?;
        let sealed = match rest {
            [0, 0, 0, 0] => false,
            [1, 0, 0, 0] => true,
            [_, _, _, _] => return Err(DecodeError::Value),
            _ => return Err(DecodeError::Length),
        };
        Ok(CalibrationRecord {
            calibration: Calibration::from_bytes(calibration)?,
            sealed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_round_trip() {
        for sealed in [false, true] {
            let record = CalibrationRecord {
                sealed,
                ..CalibrationRecord::FRESH
            };
            assert_eq!(
                CalibrationRecord::from_bytes(&record.to_bytes()),
                Ok(record)
            );
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let good = CalibrationRecord::FRESH.to_bytes();
        for (bytes, error) in [
            (&good[..103], DecodeError::Length),
            (&good[..10], DecodeError::Length),
            (&[&good[..], &[0]].concat()[..], DecodeError::Length),
            (
                &[&good[..100], &[2, 0, 0, 0]].concat()[..],
                DecodeError::Value,
            ),
            (
                &[&good[..100], &[1, 0, 0, 9]].concat()[..],
                DecodeError::Value,
            ),
        ] {
            assert_eq!(CalibrationRecord::from_bytes(bytes), Err(error));
        }
    }
}
