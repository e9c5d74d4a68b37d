//! The memory that capsules have in a process's block.

use core::num::NonZeroUsize;
use core::ptr::NonNull;

use super::grant_pointer::GrantPointerEntry;
use super::{ProcessStandard, ProcessStandardDebug};
use crate::errorcode::ErrorCode;
use crate::platform::chip::Chip;
use crate::platform::mpu::{self, MPU};
use crate::process::{Error, Process, ProcessCustomGrantIdentifier};

impl<C: Chip, D: ProcessStandardDebug + 'static> ProcessStandard<C, D> {
    /// The entry of a grant, if the process is alive and has one of that number.
    fn grant_entry(&self, grant_num: usize) -> Option<&GrantPointerEntry> {
        self.is_running()
            .then(|| self.grant_pointers.get(grant_num))
            .flatten()
    }

    pub(super) fn grant_allocated(&self, grant_num: usize) -> Option<bool> {
        self.grant_entry(grant_num)
            .map(GrantPointerEntry::is_allocated)
    }

    pub(super) fn grants_allocated(&self) -> Option<usize> {
        self.is_running().then(|| {
            self.grant_pointers
                .iter()
                .filter(|entry| entry.is_allocated())
                .count()
        })
    }

    pub(super) fn grant_of_driver(&self, driver_num: usize) -> Result<usize, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        self.grant_pointers
            .iter()
            .position(|entry| entry.is_allocated() && entry.driver_num.get() == driver_num)
            .ok_or(Error::NoSuchApp)
    }

    pub(super) fn grant_allocate(
        &self,
        grant_num: usize,
        driver_num: usize,
        size: usize,
        align: usize,
    ) -> Result<(), ()> {
        let entry = self.grant_entry(grant_num).ok_or(())?;
        // A driver number names one grant only.
        if entry.is_allocated() || self.grant_of_driver(driver_num).is_ok() {
            return Err(());
        }
        let memory = self.allocate_kernel_memory(size, align).ok_or(())?;
        entry.driver_num.set(driver_num);
        entry.memory.set(memory.as_ptr());
        Ok(())
    }

    pub(super) fn grant_enter(&self, grant_num: usize) -> Result<NonNull<u8>, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        let entry = self
            .grant_entry(grant_num)
            .ok_or(Error::AddressOutOfBounds)?;
        let memory = NonNull::new(entry.memory.get()).ok_or(Error::AddressOutOfBounds)?;
        if entry.entered.replace(true) {
            return Err(Error::AlreadyInUse);
        }
        self.entered_grants.set(self.entered_grants.get() + 1);
        Ok(memory)
    }

    pub(super) fn grant_leave(&self, grant_num: usize) {
        // Not through `grant_entry`: the process may have ended meanwhile.
        if let Some(entry) = self.grant_pointers.get(grant_num) {
            if entry.entered.replace(false) {
                self.entered_grants
                    .set(self.entered_grants.get().saturating_sub(1));
            }
        }
    }

    pub(super) fn custom_grant_allocate(
        &self,
        size: usize,
        align: usize,
    ) -> Result<(ProcessCustomGrantIdentifier, NonNull<u8>), ()> {
        if !self.is_running() {
            return Err(());
        }
        let memory = self.allocate_kernel_memory(size, align).ok_or(())?;
        let offset_from_end = self
            .memory_end()
            .addr()
            .checked_sub(memory.addr().get())
            .and_then(NonZeroUsize::new)
            .ok_or(())?;
        Ok((ProcessCustomGrantIdentifier { offset_from_end }, memory))
    }

    pub(super) fn custom_grant_enter(
        &self,
        identifier: ProcessCustomGrantIdentifier,
    ) -> Result<*mut u8, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        let memory = self
            .memory_end()
            .wrapping_sub(identifier.offset_from_end.get());
        // An identifier from before a restart may lie where there is no grant
        // any more.
        if memory < self.kernel_memory_break.get() || memory >= self.initial_kernel_memory_break {
            return Err(Error::AddressOutOfBounds);
        }
        Ok(memory.cast_mut())
    }

    /// Forgets all grants. What is entered stays as it is until it is left.
    pub(super) fn forget_grants(&self) {
        for entry in self.grant_pointers {
            entry.memory.set(core::ptr::null_mut());
        }
    }

    /// Moves the kernel memory break down by `size` bytes, and further to a
    /// multiple of `align` (a power of two), as long as it stays above whatever
    /// the MPU lets the process reach.
    fn allocate_kernel_memory(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let current = self.kernel_memory_break.get();
        let free = current.addr().checked_sub(self.app_break.get().addr())?;
        let address = current.addr().checked_sub(size)? & !(align.checked_sub(1)?);
        let distance = current.addr() - address;
        if distance > free {
            return None;
        }
        let memory = current.wrapping_sub(distance);
        self.mpu_config
            .map_or(Err(()), |config| {
                self.chip.mpu().update_app_memory_region(
                    self.app_break.get(),
                    memory,
                    mpu::Permissions::ReadWriteOnly,
                    config,
                )
            })
            .ok()?;
        self.kernel.mpu_changed(self.process_id.get());
        self.kernel_memory_break.set(memory);
        NonNull::new(memory.cast_mut())
    }

    pub(super) fn mpu_region_add(
        &self,
        start: *const u8,
        len: usize,
        min_region_size: usize,
    ) -> Option<mpu::Region> {
        let place = self
            .mpu_regions
            .iter()
            .find(|region| region.get().is_none())?;
        let region = self.mpu_config.and_then(|config| {
            self.chip.mpu().allocate_region(
                start,
                len,
                min_region_size,
                mpu::Permissions::ReadWriteOnly,
                config,
            )
        })?;
        place.set(Some(region));
        self.kernel.mpu_changed(self.process_id.get());
        Some(region)
    }

    pub(super) fn mpu_region_remove(&self, region: mpu::Region) -> Result<(), ErrorCode> {
        let place = self
            .mpu_regions
            .iter()
            .find(|place| place.get() == Some(region))
            .ok_or(ErrorCode::INVAL)?;
        self.mpu_config
            .map_or(Err(()), |config| {
                self.chip.mpu().remove_memory_region(region, config)
            })
            .map_err(|()| ErrorCode::FAIL)?;
        place.set(None);
        self.kernel.mpu_changed(self.process_id.get());
        Ok(())
    }
}
