//! The flash controller's own operations, one at a time.

use crate::registers::nvmc::{Config, NvmcRegisters, PartialConfig, Ready};
use crate::registers::power::{PowerFail, PowerRegisters};
use core::cell::Cell;
use core::ops::Range;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;

/// Bytes of a page.
pub const PAGE_SIZE: usize = 4096;

/// What the controller may do with the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: a store to flash faults.
    ReadOnly,
    /// Clear bits.
    Write,
    /// Erase pages.
    Erase,
}

/// A flash array and its controller. Addresses are byte addresses of the part;
/// words are aligned and within the array, which the caller has checked.
pub trait FlashPort {
    /// The byte addresses that may be read, written and erased; whole pages.
    fn range(&self) -> Range<usize>;

    /// Returns whether the last operation has ended.
    fn ready(&self) -> bool;

    /// Sets what is allowed. Only while ready.
    fn set_mode(&self, mode: Mode);

    /// Writes a word: bits that are 0 in `value` become 0. Mode `Write`.
    fn program(&self, address: usize, value: u32);

    /// Erases for `milliseconds` of the time that the page needs. Mode `Erase`.
    fn erase_part(&self, address: usize, milliseconds: u32);

    /// Returns the word at `address`.
    fn word(&self, address: usize) -> u32;
}

/// A range of the part's own flash.
pub struct InternalFlash {
    registers: StaticRef<NvmcRegisters>,
    power: StaticRef<PowerRegisters>,
    /// POFCON as it was before a mode that writes or erases.
    comparator: Cell<u32>,
    range: Range<usize>,
}

impl InternalFlash {
    /// The flash at the addresses `range`: whole pages, and not the first one, which
    /// holds the vector table that the part starts from.
    ///
    /// # Safety
    ///
    /// The addresses are memory-mapped flash that `registers` controls, `power` is
    /// the POWER of the same part, and nothing holds a reference into what will be
    /// written or erased through this value.
    pub const unsafe fn new(
        registers: StaticRef<NvmcRegisters>,
        power: StaticRef<PowerRegisters>,
        range: Range<usize>,
    ) -> Self {
        assert!(range.start >= PAGE_SIZE);
        assert!(range.start.is_multiple_of(PAGE_SIZE) && range.end.is_multiple_of(PAGE_SIZE));
        InternalFlash {
            registers,
            power,
            comparator: Cell::new(0),
            range,
        }
    }

    /// A power-fail comparator that warns while the controller works would hang
    /// the CPU (anomaly 242): it is off meanwhile. One that goes on again below
    /// its threshold warns then.
    fn suspend_comparator(&self, suspend: bool) {
        if !suspend {
            match self.comparator.take() {
                0 => {}
                before => self.power.pofcon.set(before),
            }
        } else if self.power.pofcon.is_set(PowerFail::POF) {
            self.comparator.set(self.power.pofcon.get());
            self.power.pofcon.set(0);
        }
    }

    fn pointer(&self, address: usize) -> *mut u32 {
        assert!(address.is_multiple_of(4) && self.range.contains(&address));
        core::ptr::with_exposed_provenance_mut(address)
    }
}

impl FlashPort for InternalFlash {
    fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    fn ready(&self) -> bool {
        self.registers.ready.is_set(Ready::READY)
    }

    // Not once in each of its callers' steps.
    #[inline(never)]
    fn set_mode(&self, mode: Mode) {
        self.suspend_comparator(mode != Mode::ReadOnly);
        self.registers.config.write(match mode {
            Mode::ReadOnly => Config::WEN::ReadOnly,
            Mode::Write => Config::WEN::Write,
            Mode::Erase => Config::WEN::Erase,
        });
        // The store to flash that follows must not overtake the permission.
        core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    }

    fn program(&self, address: usize, value: u32) {
        let pointer = self.pointer(address);
        // SAFETY: aligned and inside of the flash, by `pointer`; whoever made this
        // value vouches for the range.
        unsafe { pointer.write_volatile(value) }
    }

    fn erase_part(&self, address: usize, milliseconds: u32) {
        self.registers
            .erasepagepartialcfg
            .write(PartialConfig::DURATION.val(milliseconds));
        self.registers.erasepagepartial.set(address as u32);
    }

    fn word(&self, address: usize) -> u32 {
        let pointer = self.pointer(address);
        // SAFETY: as in `program`; volatile, because the contents change.
        unsafe { pointer.read_volatile() }
    }
}
