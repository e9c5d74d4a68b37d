//! The memory that a process itself can reach, and its claims about it.

use core::ptr;

use super::ProcessStandard;
use crate::errorcode::ErrorCode;
use crate::platform::chip::Chip;
use crate::platform::mpu::{self, MPU};
use crate::process::{Error, Process};
use crate::processbuffer::{ReadOnlyProcessBuffer, ReadWriteProcessBuffer};
use crate::utilities::capability_ptr::{CapabilityPtr, CapabilityPtrPermissions};

/// Returns whether `size` bytes from `start` on lie in `from..to`.
fn lies_in(start: *const u8, size: usize, from: *const u8, to: *const u8) -> bool {
    start
        .addr()
        .checked_add(size)
        .is_some_and(|end| start.addr() >= from.addr() && end <= to.addr())
}

impl<C: Chip> ProcessStandard<C> {
    /// The end of the block.
    pub(super) fn memory_end(&self) -> *const u8 {
        self.memory_start.wrapping_add(self.memory_len)
    }

    /// Returns whether the process can read and write all of a buffer.
    pub(super) fn in_accessible_ram(&self, start: *const u8, size: usize) -> bool {
        lies_in(start, size, self.memory_start, self.app_break.get())
    }

    /// Returns whether the process can read all of a buffer in its flash.
    pub(super) fn in_flash(&self, start: *const u8, size: usize) -> bool {
        let from = self.flash.as_ptr();
        lies_in(start, size, from, from.wrapping_add(self.executable_len))
    }

    pub(super) fn move_break(&self, new_break: *const u8) -> Result<CapabilityPtr, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        if new_break < self.allow_high_water_mark.get() || new_break >= self.memory_end() {
            return Err(Error::AddressOutOfBounds);
        }
        if new_break > self.kernel_memory_break.get() {
            return Err(Error::OutOfMemory);
        }
        self.mpu_config
            .map_or(Err(()), |config| {
                self.chip.mpu().update_app_memory_region(
                    new_break,
                    self.kernel_memory_break.get(),
                    mpu::Permissions::ReadWriteOnly,
                    config,
                )
            })
            .map_err(|()| Error::OutOfMemory)?;
        self.kernel.mpu_changed(self.process_id.get());

        let old_break = self.app_break.replace(new_break);
        self.erase_from(if new_break < old_break {
            new_break
        } else {
            old_break
        });
        let base = self.memory_start.addr();
        // SAFETY: the rights cover what the process can access anyway.
        Ok(unsafe {
            CapabilityPtr::new_with_authority(
                old_break.cast(),
                base,
                new_break.addr() - base,
                CapabilityPtrPermissions::ReadWrite,
            )
        })
    }

    /// Erases what the process can reach from an address on: up to its break, and beyond it as
    /// far as the MPU lets it.
    ///
    /// The address lies in the block, above every buffer that was shared.
    pub(super) fn erase_from(&self, start: *const u8) {
        let reachable = self
            .mpu_config
            .map_or(None, |config| self.chip.mpu().accessible_end(config))
            .map_or(0, <*const u8>::addr)
            .max(self.app_break.get().addr());
        // The MPU's answer is not taken on trust: what lies above is the kernel's.
        let end = reachable.min(self.kernel_memory_break.get().addr());
        let length = end.saturating_sub(start.addr());
        // SAFETY: `start..end` is memory of this block below the kernel memory break, where
        // the kernel keeps nothing, and above every buffer that was shared.
        unsafe { ptr::write_bytes(start.cast_mut(), 0, length) };
    }

    pub(super) fn claim_readwrite(
        &self,
        start: *mut u8,
        size: usize,
    ) -> Result<ReadWriteProcessBuffer, ErrorCode> {
        if !self.is_running() {
            return Err(ErrorCode::FAIL);
        }
        if size != 0 {
            if start.is_null() || !self.in_accessible_ram(start, size) {
                return Err(ErrorCode::INVAL);
            }
            self.raise_high_water_mark(start, size);
        }
        // SAFETY: empty, or checked to lie in memory that the process can write
        // and that the high-water mark keeps accessible.
        Ok(unsafe { ReadWriteProcessBuffer::new(start, size, self.processid()) })
    }

    pub(super) fn claim_readonly(
        &self,
        start: *const u8,
        size: usize,
    ) -> Result<ReadOnlyProcessBuffer, ErrorCode> {
        if !self.is_running() {
            return Err(ErrorCode::FAIL);
        }
        if size != 0 {
            if start.is_null() {
                return Err(ErrorCode::INVAL);
            }
            if self.in_accessible_ram(start, size) {
                self.raise_high_water_mark(start, size);
            } else if !self.in_flash(start, size) {
                return Err(ErrorCode::INVAL);
            }
        }
        // SAFETY: empty, or checked to lie in memory that the process can read,
        // which stays accessible: flash always, RAM by the high-water mark.
        Ok(unsafe { ReadOnlyProcessBuffer::new(start, size, self.processid()) })
    }

    /// From now on the break stays above this buffer.
    fn raise_high_water_mark(&self, start: *const u8, size: usize) {
        let end = start.wrapping_add(size);
        if end > self.allow_high_water_mark.get() {
            // Derived from the block, so that the break keeps its provenance.
            self.allow_high_water_mark
                .set(self.memory_start.with_addr(end.addr()));
        }
    }

    pub(super) fn write_claimed_byte(&self, address: *mut u8, value: u8) -> bool {
        let inside = self.in_accessible_ram(address, 1);
        if inside {
            // SAFETY: checked to lie in memory that the process can write;
            // provenance is that of its block. The caller of `set_byte` holds no
            // reference into it.
            unsafe {
                self.memory_start
                    .cast_mut()
                    .with_addr(address.addr())
                    .write(value);
            }
        }
        inside
    }

    /// Returns whether a function may be at this address: at least one instruction of
    /// it in flash or in accessible RAM. Bit 0 selects the instruction set.
    pub(super) fn may_execute_at(&self, address: *const u8) -> bool {
        let instruction = address.with_addr(address.addr() & !1);
        self.in_flash(instruction, 2) || self.in_accessible_ram(instruction, 2)
    }
}
