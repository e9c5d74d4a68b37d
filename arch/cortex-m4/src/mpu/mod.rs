//! The MPU: what a process may reach, and nothing else.
//!
//! # Why it stays on
//!
//! The MPU is on from the first process to the last instruction. The kernel
//! runs on the privileged default map (PRIVDEFENA), which the regions of the
//! loaded process do not take away from it: they grant the kernel at least
//! read and write wherever they grant the process anything. So a system call
//! that returns to its caller touches no MPU register. Regions are rewritten
//! when another process is switched in, or when the regions of the loaded one
//! have changed; [`configure_mpu`](kernel::platform::mpu::MPU::configure_mpu) compares one word to know.
//!
//! # Which regions a process has
//!
//! | region | covers |
//! |---|---|
//! | 0, 1 | the process's RAM: two adjacent halves of a block |
//! | 2 to 7 | flash of the process, then whatever else is shared with it |
//!
//! The RAM block is a power of two, at least 512 bytes, and starts at a
//! multiple of its *half*: each half is one region with eight subregions, so
//! the accessible part grows in sixteenths of the block. The kernel's part of
//! the block (grants and process state, growing down from the top) never
//! shares a subregion with the process's part: where they would meet, the
//! block is doubled or the request is refused.
//!
//! # What it does not do
//!
//! It does not confine the kernel. ARMv7-M knows no execute-only memory for
//! unprivileged code, so [`Permissions::ExecuteOnly`] is refused.

mod region;

use core::cell::Cell;
use core::fmt;
use core::num::NonZeroUsize;

use kernel::platform::mpu::{self, Permissions};
use kernel::utilities::hex::write_words;

use crate::registers::{MPU_CTRL, MPU_RBAR, MPU_TYPE};
use region::{align_up, Cover, RegionWords, SMALLEST_DIVIDED_REGION, SUBREGIONS};

/// Regions of the Cortex-M4's MPU.
const REGIONS: usize = 8;
/// The two regions of the process's RAM.
const RAM_REGIONS: core::ops::Range<usize> = 0..2;
/// The regions that `allocate_region` hands out.
const FREE_REGIONS: core::ops::Range<usize> = 2..REGIONS;
/// Regions that one burst of words fills: RBAR, RASR and three alias pairs.
const BURST: usize = 4;
/// On, off in HardFault and NMI, privileged default map behind the regions.
const CTRL_ON: u32 = (1 << 0) | (1 << 2);
/// Everything from here to 0x3FFF_FFFF is RAM on the default map.
const RAM_START: usize = 0x2000_0000;

/// The regions of one process.
pub struct CortexMConfig {
    /// Which configuration this is; the MPU remembers whose it has loaded.
    id: NonZeroUsize,
    regions: [RegionWords; REGIONS],
}

impl CortexMConfig {
    fn clear(&mut self) {
        self.regions = core::array::from_fn(RegionWords::disabled);
    }

    /// The RAM block as (start, size of one half), if it was allocated.
    fn ram_block(&self) -> Option<(usize, usize)> {
        let low = &self.regions[RAM_REGIONS.start];
        low.is_enabled().then(|| (low.base(), low.size()))
    }

    /// Returns whether any byte from `start` to before `end` is taken: by the whole RAM
    /// block, accessible or not, or by the accessible part of a region.
    fn overlaps(&self, start: usize, end: usize) -> bool {
        let block = self
            .ram_block()
            .map(|(block, half)| (block, block + 2 * half));
        let others = self.regions[FREE_REGIONS]
            .iter()
            .filter_map(RegionWords::accessible);
        block
            .into_iter()
            .chain(others)
            .any(|(from, to)| start < to && from < end)
    }

    /// Makes `eighths` sixteenths of the block at `start` accessible.
    fn set_ram(
        &mut self,
        start: usize,
        half: usize,
        eighths: usize,
        permissions: Permissions,
    ) -> Option<()> {
        let low = Cover::lowest(start, half, eighths.min(SUBREGIONS));
        let low = RegionWords::new(0, &low, permissions, true)?;
        let high = match eighths.saturating_sub(SUBREGIONS) {
            0 => RegionWords::disabled(1),
            count => {
                let high = Cover::lowest(start + half, half, count);
                RegionWords::new(1, &high, permissions, true)?
            }
        };
        self.regions[0] = low;
        self.regions[1] = high;
        Some(())
    }
}

impl fmt::Display for CortexMConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\r\n Cortex-M MPU")?;
        for (number, region) in self.regions.iter().enumerate() {
            write!(f, "\r\n  Region {number}: ")?;
            match region.accessible() {
                Some((start, end)) => {
                    write_words(f, &[("[", start), (":", end)])?;
                    f.write_str("] ")?;
                    f.write_str(region.rights())?;
                    write_words(f, &[("; block ", region.base())])?;
                    write!(f, ", {} bytes", region.size())?;
                }
                None => f.write_str("off")?,
            }
        }
        f.write_str("\r\n")
    }
}

/// Half of the smallest block, and number of sixteenths, for a process whose
/// part needs `app` bytes and whose kernel part needs `kernel` bytes of at
/// least `least` bytes in all, so that no sixteenth is shared.
fn size_ram_block(least: usize, app: usize, kernel: usize) -> Option<(usize, usize)> {
    let wanted = least.max(app.checked_add(kernel)?);
    let mut half = (wanted.checked_next_power_of_two()? / 2).max(SMALLEST_DIVIDED_REGION);
    loop {
        let sixteenth = half / SUBREGIONS;
        let count = app.div_ceil(sixteenth).max(1);
        if count * sixteenth <= (2 * half).checked_sub(kernel)? {
            return Some((half, count));
        }
        half = half.checked_mul(2)?;
    }
}

/// The ARMv7-M memory protection unit with eight regions.
pub struct MPU {
    /// The next configuration's id.
    next_id: Cell<NonZeroUsize>,
    /// Id of the configuration in the registers; 0 when they hold none, or
    /// one that has changed since.
    loaded: Cell<usize>,
    /// Whether regions 4 to 7 hold anything.
    upper_in_use: Cell<bool>,
    enabled: Cell<bool>,
}

impl MPU {
    /// The driver. The hardware is not touched; reset leaves it off.
    ///
    /// # Safety
    ///
    /// There must be only one, or each would trust registers that another one
    /// has changed.
    pub const unsafe fn new() -> MPU {
        MPU {
            next_id: Cell::new(NonZeroUsize::MIN),
            loaded: Cell::new(0),
            upper_in_use: Cell::new(true),
            enabled: Cell::new(false),
        }
    }

    /// Switches every region off and the unit with them. Only before the
    /// first process runs, or when none will ever run again.
    ///
    /// # Safety
    ///
    /// No process may run before `configure_mpu` and `enable_app_mpu`.
    pub unsafe fn clear_mpu(&self) {
        MPU_CTRL.set(0);
        self.enabled.set(false);
        self.loaded.set(0);
        let off: [RegionWords; REGIONS] = core::array::from_fn(RegionWords::disabled);
        let (lower, upper) = halves(&off);
        load_burst(lower);
        load_burst(upper);
        self.upper_in_use.set(false);
    }

    /// Marks the registers stale if they hold `config`, which has changed.
    fn changed(&self, config: &CortexMConfig) {
        if self.loaded.get() == config.id.get() {
            self.loaded.set(0);
        }
    }

    #[inline(never)]
    fn load(&self, config: &CortexMConfig) {
        let (lower, upper) = halves(&config.regions);
        load_burst(lower);
        let upper_needed = upper.iter().any(RegionWords::is_enabled);
        if upper_needed || self.upper_in_use.get() {
            load_burst(upper);
            self.upper_in_use.set(upper_needed);
        }
        crate::support::data_barrier();
        self.loaded.set(config.id.get());
    }
}

/// The regions of the first and of the second burst.
fn halves(regions: &[RegionWords; REGIONS]) -> (&[RegionWords; BURST], &[RegionWords; BURST]) {
    let [lower @ .., _, _, _, _] = regions;
    let [_, _, _, _, upper @ ..] = regions;
    (lower, upper)
}

/// Writes four regions through RBAR, RASR and their aliases with one `stm`.
#[cfg(all(target_arch = "arm", target_os = "none"))]
fn load_burst(regions: &[RegionWords; BURST]) {
    // SAFETY: reads the eight words of `regions` and writes the eight region
    // registers, whose values only decide what unprivileged code may reach.
    unsafe {
        core::arch::asm!(
            "ldm {from}, {{r0-r3, r4, r5, r8, r12}}",
            "stm {to}, {{r0-r3, r4, r5, r8, r12}}",
            from = in(reg) regions.as_ptr(),
            to = in(reg) MPU_RBAR.address(),
            out("r0") _, out("r1") _, out("r2") _, out("r3") _,
            out("r4") _, out("r5") _, out("r8") _, out("r12") _,
            options(nostack, preserves_flags),
        );
    }
}

/// Writes four regions as the hardware would take them: word by word into the
/// register pair of the region number that RBAR names.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn load_burst(regions: &[RegionWords; BURST]) {
    for (pair, region) in regions.iter().enumerate() {
        let [rbar, rasr] = region.words();
        MPU_RBAR.at(2 * pair).set(rbar);
        MPU_RBAR.at(2 * pair + 1).set(rasr);
    }
}

// SAFETY: what is not in a region of the loaded configuration is out of reach of
// unprivileged code, because no other region exists and the default map is for
// the kernel alone. Two drivers would each skip writes that the other made
// necessary; `new` is unsafe for that reason, so the trait's promise holds.
unsafe impl mpu::MPU for MPU {
    type MpuConfig = CortexMConfig;

    fn enable_app_mpu(&self) {
        if !self.enabled.get() {
            MPU_CTRL.set(CTRL_ON);
            crate::support::data_barrier();
            self.enabled.set(true);
        }
    }

    /// Does nothing: the kernel runs on the default map while the MPU is on.
    unsafe fn disable_app_mpu(&self) {}

    fn number_total_regions(&self) -> usize {
        ((MPU_TYPE.get() >> 8) & 0xFF) as usize
    }

    fn new_config(&self) -> Option<CortexMConfig> {
        let id = self.next_id.get();
        self.next_id.set(id.checked_add(1)?);
        let mut config = CortexMConfig {
            id,
            regions: [RegionWords::disabled(0); REGIONS],
        };
        config.clear();
        Some(config)
    }

    fn reset_config(&self, config: &mut CortexMConfig) {
        config.clear();
        self.changed(config);
    }

    fn allocate_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
        permissions: Permissions,
        config: &mut CortexMConfig,
    ) -> Option<mpu::Region> {
        let start = unallocated_memory_start as usize;
        let number = FREE_REGIONS
            .clone()
            .find(|&number| !config.regions[number].is_enabled())?;
        let cover = Cover::somewhere(start, unallocated_memory_size, min_region_size)?;
        if config.overlaps(cover.start(), cover.start() + cover.length()) {
            return None;
        }
        let ram = cover.start() >= RAM_START;
        config.regions[number] = RegionWords::new(number, &cover, permissions, ram)?;
        self.changed(config);
        let moved_by = cover.start() - start;
        Some(mpu::Region::new(
            unallocated_memory_start.wrapping_add(moved_by),
            cover.length(),
        ))
    }

    fn remove_memory_region(
        &self,
        region: mpu::Region,
        config: &mut CortexMConfig,
    ) -> Result<(), ()> {
        let start = region.start_address() as usize;
        let span = (start, start + region.size());
        let number = FREE_REGIONS
            .clone()
            .find(|&number| config.regions[number].accessible() == Some(span))
            .ok_or(())?;
        config.regions[number] = RegionWords::disabled(number);
        self.changed(config);
        Ok(())
    }

    fn allocate_app_memory_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_memory_size: usize,
        initial_app_memory_size: usize,
        initial_kernel_memory_size: usize,
        permissions: Permissions,
        config: &mut CortexMConfig,
    ) -> Option<(*const u8, usize)> {
        if config.ram_block().is_some() {
            return None;
        }
        let (half, sixteenths) = size_ram_block(
            min_memory_size,
            initial_app_memory_size,
            initial_kernel_memory_size,
        )?;
        let from = unallocated_memory_start as usize;
        let start = align_up(from, half)?;
        let end = start.checked_add(2 * half)?;
        if end > from.checked_add(unallocated_memory_size)? || config.overlaps(start, end) {
            return None;
        }
        config.set_ram(start, half, sixteenths, permissions)?;
        self.changed(config);
        Some((
            unallocated_memory_start.wrapping_add(start - from),
            2 * half,
        ))
    }

    fn accessible_end(&self, config: &CortexMConfig) -> Option<*const u8> {
        let ram = &config.regions[RAM_REGIONS];
        let ends = ram.iter().filter_map(RegionWords::accessible);
        let end = ends.map(|(_, end)| end).max()?;
        Some(core::ptr::without_provenance(end))
    }

    fn update_app_memory_region(
        &self,
        app_memory_break: *const u8,
        kernel_memory_break: *const u8,
        permissions: Permissions,
        config: &mut CortexMConfig,
    ) -> Result<(), ()> {
        let (start, half) = config.ram_block().ok_or(())?;
        let app_end = app_memory_break as usize;
        let kernel_start = kernel_memory_break as usize;
        if app_end < start || app_end > kernel_start || kernel_start > start + 2 * half {
            return Err(());
        }
        let sixteenth = half / SUBREGIONS;
        let count = (app_end - start).div_ceil(sixteenth).max(1);
        if start + count * sixteenth > kernel_start {
            return Err(());
        }
        let before = [config.regions[0], config.regions[1]];
        config.set_ram(start, half, count, permissions).ok_or(())?;
        if before != config.regions[RAM_REGIONS] {
            self.changed(config);
        }
        Ok(())
    }

    #[inline(always)]
    unsafe fn configure_mpu(&self, config: &CortexMConfig) {
        if self.loaded.get() != config.id.get() {
            self.load(config);
        }
    }
}

#[cfg(test)]
#[path = "mpu_tests.rs"]
mod tests;
