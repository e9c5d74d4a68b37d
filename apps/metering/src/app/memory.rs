//! What the app has for as long as it runs: shares with the kernel, buffers, logs, instruments.

use crate::drivers::energy_store;
use crate::drivers::meter_adc::{self, BLOCK_BYTES};
use crate::input::READ_BYTES;
use crate::output::{Waiting, CHUNK_BYTES};
use crate::profile_store;
use core::cell::Cell;
use libtock::apis::alarm;
use libtock::apis::console;
use libtock::apis::storage;
use libtock::apis::supply;
use libtock::platform::{AllowRo, AllowRw, Subscribe};
use metrology::{Calibrator, Meter, ProfileLog, Range};

/// Load-profile intervals that are kept in RAM: half a day, for as long as the external flash
/// may refuse them.
pub const PROFILE_INTERVALS: usize = 48;

/// Everything that the app shares with the kernel, in one list.
pub type Shares<'share, S> = (
    AllowRw<'share, S, { meter_adc::DRIVER_NUM }, { meter_adc::BLOCK_BUFFER }>,
    Subscribe<'share, S, { meter_adc::DRIVER_NUM }, { meter_adc::BLOCK_WAITING }>,
    AllowRo<'share, S, { energy_store::DRIVER_NUM }, { energy_store::APPEND_BUFFER }>,
    Subscribe<'share, S, { energy_store::DRIVER_NUM }, { energy_store::APPENDED }>,
    AllowRo<'share, S, { console::DRIVER_NUM }, { console::WRITE_BUFFER }>,
    Subscribe<'share, S, { console::DRIVER_NUM }, { console::WRITTEN }>,
    AllowRw<'share, S, { console::DRIVER_NUM }, { console::READ_BUFFER }>,
    Subscribe<'share, S, { console::DRIVER_NUM }, { console::READ }>,
    Subscribe<'share, S, { alarm::DRIVER_NUM }, { alarm::EXPIRED }>,
    IntervalShares<'share, S>,
    Subscribe<'share, S, { supply::DRIVER_NUM }, { supply::FALLS }>,
);

/// What the load profile needs of the storage driver.
pub type IntervalShares<'share, S> = (
    AllowRo<'share, S, { storage::DRIVER_NUM }, { storage::APPEND_BUFFER }>,
    AllowRw<'share, S, { storage::DRIVER_NUM }, { storage::READ_BUFFER }>,
    Subscribe<'share, S, { storage::DRIVER_NUM }, { storage::DONE }>,
);

/// What upcalls leave for the app to see when it wakes.
#[derive(Default)]
pub struct Signals {
    pub(super) block: Cell<bool>,
    /// Status, kind, sequence.
    pub(super) appended: Cell<Option<(u32, u32, u32)>>,
    pub(super) written: Cell<bool>,
    /// Status, bytes.
    pub(super) read: Cell<Option<(u32, u32)>>,
    pub(super) alarm: Cell<bool>,
    /// Status, partition, record number or length.
    pub(super) stored: Cell<Option<(u32, u32, u32)>>,
    pub(super) supply: Cell<bool>,
}

/// Buffers that the app lends to the kernel, and logs.
pub struct Memory {
    pub(super) blocks: [[u8; BLOCK_BYTES]; 2],
    pub(super) output: [u8; CHUNK_BYTES],
    pub(super) input: [u8; READ_BYTES],
    pub(super) record: [u8; energy_store::RECORD_BYTES],
    pub(super) profile: ProfileLog<PROFILE_INTERVALS>,
    pub(super) waiting: Waiting,
    pub(super) stored: profile_store::Buffers,
}

/// The calibration that is being measured.
pub(super) type Calibration = Option<(Range, Calibrator)>;

/// What measures. Apart from [`Memory`], which is zero at start and so takes no
/// room in flash.
#[derive(Default)]
pub struct Instruments {
    pub(super) meter: Option<Meter>,
    pub(super) calibrator: Calibration,
}

impl Instruments {
    /// None yet.
    pub const fn new() -> Self {
        Instruments {
            meter: None,
            calibrator: None,
        }
    }
}

impl Memory {
    /// Memory without content.
    pub const fn new() -> Self {
        Memory {
            blocks: [[0; BLOCK_BYTES]; 2],
            output: [0; CHUNK_BYTES],
            input: [0; READ_BYTES],
            record: [0; energy_store::RECORD_BYTES],
            profile: ProfileLog::new(),
            waiting: Waiting::new(),
            stored: profile_store::Buffers::new(),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
