//! An MPU that grants memory in steps of a sixteenth of a block.

use std::cell::Cell;
use std::fmt;

use kernel::platform::mpu::{Permissions, Region, MPU};

/// An MPU that keeps its promises, and counts what it is asked.
#[derive(Default)]
pub struct FakeMpu {
    /// How often a configuration was loaded.
    pub loads: Cell<usize>,
    /// What the process can reach in RAM with the configuration that is loaded:
    /// start and end.
    pub reachable: Cell<Option<(usize, usize)>>,
    /// No configuration can be had.
    pub refuse: Cell<bool>,
}

/// What the MPU lets one process reach.
#[derive(Default, Debug)]
pub struct FakeConfig {
    /// The block of memory: start, length and accessible length.
    pub block: Option<(usize, usize, usize)>,
    /// Regions beside the block.
    pub regions: Vec<Region>,
}

impl FakeConfig {
    /// The accessible length for a break, in whole sixteenths of the block.
    fn rounded(length: usize, needed: usize) -> usize {
        needed.next_multiple_of(length / 16)
    }
}

impl fmt::Display for FakeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.block)
    }
}

// SAFETY: no process executes on the host.
unsafe impl MPU for FakeMpu {
    type MpuConfig = FakeConfig;

    fn enable_app_mpu(&self) {}

    unsafe fn disable_app_mpu(&self) {
        panic!("the MPU stays on");
    }

    fn number_total_regions(&self) -> usize {
        8
    }

    fn new_config(&self) -> Option<FakeConfig> {
        (!self.refuse.get()).then(FakeConfig::default)
    }

    fn reset_config(&self, config: &mut FakeConfig) {
        *config = FakeConfig::default();
    }

    fn allocate_region(
        &self,
        start: *const u8,
        len: usize,
        min_region_size: usize,
        _permissions: Permissions,
        config: &mut FakeConfig,
    ) -> Option<Region> {
        if len < min_region_size || config.regions.len() >= 7 {
            return None;
        }
        let region = Region::new(start, min_region_size);
        config.regions.push(region);
        Some(region)
    }

    fn remove_memory_region(&self, region: Region, config: &mut FakeConfig) -> Result<(), ()> {
        let position = config.regions.iter().position(|r| *r == region).ok_or(())?;
        config.regions.remove(position);
        Ok(())
    }

    fn allocate_app_memory_region(
        &self,
        start: *const u8,
        len: usize,
        min_memory_size: usize,
        initial_app_memory_size: usize,
        initial_kernel_memory_size: usize,
        _permissions: Permissions,
        config: &mut FakeConfig,
    ) -> Option<(*const u8, usize)> {
        let mut size = min_memory_size
            .max(initial_app_memory_size + initial_kernel_memory_size)
            .next_multiple_of(256);
        while FakeConfig::rounded(size, initial_app_memory_size) + initial_kernel_memory_size > size
        {
            size *= 2;
        }
        let skip = start.align_offset(64);
        if skip + size > len {
            return None;
        }
        let block = start.wrapping_add(skip);
        let accessible = FakeConfig::rounded(size, initial_app_memory_size);
        config.block = Some((block.addr(), size, accessible));
        Some((block, size))
    }

    fn accessible_end(&self, config: &FakeConfig) -> Option<*const u8> {
        let (start, _, accessible) = config.block?;
        Some(std::ptr::without_provenance(start + accessible))
    }

    fn update_app_memory_region(
        &self,
        app_memory_break: *const u8,
        kernel_memory_break: *const u8,
        _permissions: Permissions,
        config: &mut FakeConfig,
    ) -> Result<(), ()> {
        let (start, length, _) = config.block.ok_or(())?;
        let needed = app_memory_break.addr().checked_sub(start).ok_or(())?;
        let accessible = FakeConfig::rounded(length, needed);
        if start + accessible > kernel_memory_break.addr() {
            return Err(());
        }
        config.block = Some((start, length, accessible));
        Ok(())
    }

    unsafe fn configure_mpu(&self, config: &FakeConfig) {
        self.loads.set(self.loads.get() + 1);
        self.reachable.set(
            config
                .block
                .map(|(start, _, accessible)| (start, start + accessible)),
        );
    }
}
