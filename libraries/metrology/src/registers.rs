//! Cumulative energy registers, which only ever grow.

use crate::calibration::DecodeError;
use crate::SCAN_PERIOD_US;

/// Bytes of encoded [`EnergyRegisters`].
pub const REGISTERS_BYTES: usize = 48;

/// Version of the encoding.
const VERSION: u8 = flash_formats::REGISTERS.version;

/// Picowatt-microseconds in a nanowatt-hour.
const PICOWATT_MICROSECONDS_PER_NWH: u128 = 1_000 * 3_600 * 1_000_000;

/// Four energies; the unit of all is nano (nWh, nvarh).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnergyTotals {
    /// Active energy taken from the grid, nWh.
    pub import_nwh: u64,
    /// Active energy given to the grid, nWh.
    pub export_nwh: u64,
    /// Reactive energy while the reactive power is positive (inductive import), nvarh.
    pub import_nvarh: u64,
    /// Reactive energy while the reactive power is negative, nvarh.
    pub export_nvarh: u64,
}

impl EnergyTotals {
    /// The energies since `earlier`; a register that was ahead there gives 0.
    pub fn since(&self, earlier: &EnergyTotals) -> EnergyTotals {
        self.combine(earlier, u64::saturating_sub)
    }

    /// For each register the larger of the two.
    pub fn max(&self, other: &EnergyTotals) -> EnergyTotals {
        self.combine(other, u64::max)
    }

    /// The sum of each; a full register stays full.
    pub(crate) fn plus(&self, more: &EnergyTotals) -> EnergyTotals {
        self.combine(more, u64::saturating_add)
    }

    fn combine(&self, other: &EnergyTotals, with: fn(u64, u64) -> u64) -> EnergyTotals {
        EnergyTotals {
            import_nwh: with(self.import_nwh, other.import_nwh),
            export_nwh: with(self.export_nwh, other.export_nwh),
            import_nvarh: with(self.import_nvarh, other.import_nvarh),
            export_nvarh: with(self.export_nvarh, other.export_nvarh),
        }
    }

    /// Import and export together, which is what the pulse output counts, nWh.
    pub fn active_nwh(&self) -> u64 {
        self.import_nwh.saturating_add(self.export_nwh)
    }
}

/// What survives a power failure.
///
/// Encoded (little endian): version u8 = 2, three zero bytes, power failures
/// u32, then u64 each: import nWh, export nWh, import nvarh, export nvarh,
/// microseconds measured. A nanowatt-hour register holds 18 GWh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnergyRegisters {
    /// The energies.
    pub totals: EnergyTotals,
    /// Times that the meter started with these registers after a power failure.
    pub power_failures: u32,
    /// Time that was measured, microseconds.
    pub measured_us: u64,
}

impl EnergyRegisters {
    /// A meter that has measured nothing.
    pub const ZERO: EnergyRegisters = EnergyRegisters {
        totals: EnergyTotals {
            import_nwh: 0,
            export_nwh: 0,
            import_nvarh: 0,
            export_nvarh: 0,
        },
        power_failures: 0,
        measured_us: 0,
    };

    /// The encoding for the energy store.
    pub fn to_bytes(&self) -> [u8; REGISTERS_BYTES] {
        let mut bytes = [0; REGISTERS_BYTES];
        bytes[0] = VERSION;
        bytes[4..8].copy_from_slice(&self.power_failures.to_le_bytes());
        let words = [
            self.totals.import_nwh,
            self.totals.export_nwh,
            self.totals.import_nvarh,
            self.totals.export_nvarh,
            self.measured_us,
        ];
        for (place, word) in bytes[8..].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads an encoding; the length must be exact.
    pub fn from_bytes(bytes: &[u8]) -> Result<EnergyRegisters, DecodeError> {
        let bytes: &[u8; REGISTERS_BYTES] = bytes.try_into().map_err(|_| DecodeError::Length)?;
        if bytes[0] != VERSION {
            return Err(DecodeError::Version);
        }
        if bytes[1..4] != [0; 3] {
            return Err(DecodeError::Value);
        }
        let mut words = [0; 5];
        for (word, place) in words.iter_mut().zip(bytes[8..].chunks_exact(8)) {
            let mut value = [0; 8];
            value.copy_from_slice(place);
            *word = u64::from_le_bytes(value);
        }
        Ok(EnergyRegisters {
            totals: EnergyTotals {
                import_nwh: words[0],
                export_nwh: words[1],
                import_nvarh: words[2],
                export_nvarh: words[3],
            },
            power_failures: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            measured_us: words[4],
        })
    }
}

/// Adds powers to one register and keeps what is below a nanowatt-hour.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Remainder(u64);

impl Remainder {
    /// Adds `energy` picowatt-scans to `register` (nWh). A full register stays full.
    pub(crate) fn add(&mut self, register: &mut u64, energy: u128) {
        let total = energy
            .saturating_mul(u128::from(SCAN_PERIOD_US))
            .saturating_add(u128::from(self.0));
        let whole = total / PICOWATT_MICROSECONDS_PER_NWH;
        // Below PICOWATT_MICROSECONDS_PER_NWH, which is 42 bits.
        self.0 = (total % PICOWATT_MICROSECONDS_PER_NWH) as u64;
        *register = register.saturating_add(u64::try_from(whole).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_round_trip() {
        let registers = EnergyRegisters {
            totals: EnergyTotals {
                import_nwh: u64::MAX,
                export_nwh: 2,
                import_nvarh: 3,
                export_nvarh: 4,
            },
            power_failures: 5,
            measured_us: 6,
        };
        let bytes = registers.to_bytes();
        assert_eq!(EnergyRegisters::from_bytes(&bytes), Ok(registers));
    }

    #[test]
    fn foreign_bytes_are_refused() {
        let good = EnergyRegisters::ZERO.to_bytes();
        assert_eq!(
            EnergyRegisters::from_bytes(&good[..47]),
            Err(DecodeError::Length)
        );
        let mut version = good;
        version[0] = 0xFF;
        assert_eq!(
            EnergyRegisters::from_bytes(&version),
            Err(DecodeError::Version)
        );
        let mut reserved = good;
        reserved[2] = 1;
        assert_eq!(
            EnergyRegisters::from_bytes(&reserved),
            Err(DecodeError::Value)
        );
    }

    #[test]
    fn remainders_add_up_without_loss() {
        let mut register = 0;
        let mut remainder = Remainder::default();
        for _ in 0..1_000_000 {
            remainder.add(&mut register, 23_529_412);
        }
        let exact =
            1_000_000 * 23_529_412 * u128::from(SCAN_PERIOD_US) / PICOWATT_MICROSECONDS_PER_NWH;
        assert_eq!(u128::from(register), exact);
    }

    #[test]
    fn a_full_register_stays_full() {
        let mut register = u64::MAX - 1;
        Remainder::default().add(&mut register, u128::MAX);
        assert_eq!(register, u64::MAX);
    }
}
