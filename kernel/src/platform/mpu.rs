//! What a memory protection unit does for the kernel.

use core::fmt::{self, Display};

/// What a process may do in a region.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// Read, write and execute.
    ReadWriteExecute,
    /// Read and write.
    ReadWriteOnly,
    /// Read and execute.
    ReadExecuteOnly,
    /// Read.
    ReadOnly,
    /// Execute.
    ExecuteOnly,
}

/// A range of addresses under protection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Region {
    start_address: *const u8,
    size: usize,
}

impl Region {
    /// `size` bytes from `start_address` on.
    pub fn new(start_address: *const u8, size: usize) -> Region {
        Region {
            start_address,
            size,
        }
    }

    /// The first address.
    pub fn start_address(&self) -> *const u8 {
        self.start_address
    }

    /// The length in bytes.
    pub fn size(&self) -> usize {
        self.size
    }
}

/// The configuration of the MPU that protects nothing, `()`.
pub struct MpuConfigDefault {}

impl Display for MpuConfigDefault {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A memory protection unit. Processes run behind it; the kernel keeps one
/// [`MPU::MpuConfig`] for each process and loads it when that process runs.
///
/// # Safety
///
/// While a configuration is loaded and enabled, unprivileged code must reach
/// only what the regions of that configuration allow: isolation rests on it.
pub unsafe trait MPU {
    /// The regions of one process.
    type MpuConfig: Display;

    /// Turns protection on, before a process runs.
    fn enable_app_mpu(&self);

    /// Turns off what would keep the kernel from its work. Where the kernel has
    /// its own background map nothing needs to be turned off.
    ///
    /// # Safety
    ///
    /// No process may run until protection is on again.
    unsafe fn disable_app_mpu(&self);

    /// Returns how many regions the hardware has.
    fn number_total_regions(&self) -> usize;

    /// An empty configuration, or `None` when no more can be had.
    fn new_config(&self) -> Option<Self::MpuConfig>;

    /// Removes every region from `config`.
    fn reset_config(&self, config: &mut Self::MpuConfig);

    /// Adds to `config` a region of at least `min_region_size` bytes within the
    /// `unallocated_memory_size` bytes from `unallocated_memory_start` on, which
    /// overlaps no other region of `config`. `None` when that cannot be done.
    fn allocate_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
        permissions: Permissions,
        config: &mut Self::MpuConfig,
    ) -> Option<Region>;

    /// Removes from `config` a region that [`MPU::allocate_region`] added;
    /// `Err` when there is no such region, or it is the one of the app's memory.
    #[allow(clippy::result_unit_err)]
    fn remove_memory_region(&self, region: Region, config: &mut Self::MpuConfig) -> Result<(), ()>;

    /// Chooses a block of at least `min_memory_size` bytes for a process and adds
    /// to `config` a region that covers at least the first
    /// `initial_app_memory_size` bytes of it and none of the last
    /// `initial_kernel_memory_size`. Returns start and length of the block;
    /// `None`, with `config` as before, when that cannot be done.
    #[allow(clippy::too_many_arguments)]
    fn allocate_app_memory_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_memory_size: usize,
        initial_app_memory_size: usize,
        initial_kernel_memory_size: usize,
        permissions: Permissions,
        config: &mut Self::MpuConfig,
    ) -> Option<(*const u8, usize)>;

    /// Returns the end of what the process can reach of its memory with this configuration, if
    /// that may lie above its break because the hardware protects in steps. What lies between
    /// holds nothing but zeros, of which the kernel takes care.
    ///
    /// Upstream's trait does not have it; without it nothing above the break is taken to be
    /// reachable.
    fn accessible_end(&self, _config: &Self::MpuConfig) -> Option<*const u8> {
        None
    }

    /// Moves the end of the app's region: it covers everything below
    /// `app_memory_break` and nothing from `kernel_memory_break` on. `Err`, with
    /// `config` as before, when that cannot be done.
    #[allow(clippy::result_unit_err)]
    fn update_app_memory_region(
        &self,
        app_memory_break: *const u8,
        kernel_memory_break: *const u8,
        permissions: Permissions,
        config: &mut Self::MpuConfig,
    ) -> Result<(), ()>;

    /// Loads `config` into the hardware.
    ///
    /// # Safety
    ///
    /// `config` must be the one of the process that runs next.
    unsafe fn configure_mpu(&self, config: &Self::MpuConfig);
}

// SAFETY: `()` protects nothing and is for systems that have no other than
// trusted processes; the board that chooses it takes that on itself.
unsafe impl MPU for () {
    type MpuConfig = MpuConfigDefault;

    fn enable_app_mpu(&self) {}

    unsafe fn disable_app_mpu(&self) {}

    fn number_total_regions(&self) -> usize {
        0
    }

    fn new_config(&self) -> Option<MpuConfigDefault> {
        Some(MpuConfigDefault {})
    }

    fn reset_config(&self, _config: &mut Self::MpuConfig) {}

    fn allocate_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
        _permissions: Permissions,
        _config: &mut Self::MpuConfig,
    ) -> Option<Region> {
        (min_region_size <= unallocated_memory_size)
            .then(|| Region::new(unallocated_memory_start, min_region_size))
    }

    fn remove_memory_region(
        &self,
        _region: Region,
        _config: &mut Self::MpuConfig,
    ) -> Result<(), ()> {
        Ok(())
    }

    fn allocate_app_memory_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_memory_size: usize,
        initial_app_memory_size: usize,
        initial_kernel_memory_size: usize,
        _permissions: Permissions,
        _config: &mut Self::MpuConfig,
    ) -> Option<(*const u8, usize)> {
        let size = initial_app_memory_size
            .checked_add(initial_kernel_memory_size)?
            .max(min_memory_size);
        (size <= unallocated_memory_size).then_some((unallocated_memory_start, size))
    }

    fn update_app_memory_region(
        &self,
        app_memory_break: *const u8,
        kernel_memory_break: *const u8,
        _permissions: Permissions,
        _config: &mut Self::MpuConfig,
    ) -> Result<(), ()> {
        if app_memory_break > kernel_memory_break {
            Err(())
        } else {
            Ok(())
        }
    }

    unsafe fn configure_mpu(&self, _config: &Self::MpuConfig) {}
}
