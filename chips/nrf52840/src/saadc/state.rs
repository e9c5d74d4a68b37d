//! What the converter is doing, and what each of its two users needs for that.

use super::scan_client::ScanConfig;
use core::cell::Cell;
use kernel::hil::adc;
use kernel::utilities::cells::OptionalCell;
use meter_hil::front_end::MeterFrontEndClient;

/// Who uses the converter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nobody.
    Idle,
    /// The meter, with its scans.
    Scan(Phase),
    /// A user of `hil::adc`.
    Adc(Conversion),
    /// A user of `hil::adc` that has stopped, until the converter rests.
    AdcStopping,
}

/// How far a scan has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// STOP was given before the calibration.
    Settling,
    /// The offset is being calibrated.
    Calibrating,
    /// STOP was given after it.
    Clearing,
    /// Scans run.
    Running,
    /// STOP was given for good.
    Stopping,
}

/// What only scans need.
pub struct ScanState<'a> {
    /// Gets the blocks.
    pub client: OptionalCell<&'a dyn MeterFrontEndClient>,
    /// What the board has connected.
    pub config: Cell<Option<&'static ScanConfig>>,
    /// How many inputs a scan has.
    pub inputs: Cell<usize>,
    /// How many scans a block has.
    pub scans: Cell<usize>,
    /// Ticks of the sample clock between scans.
    pub period: Cell<u32>,
    /// Time of the last END in microseconds.
    pub end_us: Cell<u64>,
    /// Limit events of a block that is not delivered yet.
    pub saturated: Cell<u8>,
}

impl ScanState<'_> {
    pub const fn new() -> Self {
        ScanState {
            client: OptionalCell::empty(),
            config: Cell::new(None),
            inputs: Cell::new(0),
            scans: Cell::new(0),
            period: Cell::new(0),
            end_us: Cell::new(0),
            saturated: Cell::new(0),
        }
    }

    /// Returns the microseconds between scans.
    pub fn period_us(&self) -> u32 {
        self.period.get() / 16
    }
}

/// What an operation of `hil::adc` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// One sample.
    Once,
    /// A sample at each tick.
    Repeated,
    /// Buffers of samples.
    Buffers,
}

/// What only `hil::adc` needs.
pub struct AdcState<'a> {
    /// Gets single samples.
    pub client: OptionalCell<&'a dyn adc::Client>,
    /// Gets buffers of samples.
    pub highspeed_client: OptionalCell<&'a dyn adc::HighSpeedClient>,
    /// Whether the sample clock runs for the operation under way.
    pub clock_started: Cell<bool>,
}

impl AdcState<'_> {
    pub const fn new() -> Self {
        AdcState {
            client: OptionalCell::empty(),
            highspeed_client: OptionalCell::empty(),
            clock_started: Cell::new(false),
        }
    }
}
