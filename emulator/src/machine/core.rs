//! Makes the ARMv7-M core of the part and maps the memories into it.

use crate::bus::context::Memories;
use crate::bus::map::{
    CODE_RAM_BASE, FICR_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE,
};
use crate::bus::mpu::{MPU_BASE, MPU_SIZE};
use crate::bus::{lines::LINE_COUNT, CYCLE_COUNTER_BASE};
use crate::time::CORE_HZ;
use rigless::cpu::armv7m::{processor, Window};
use rigless::emulator::Processor;
use rigless::machine::armv7m::{Config, Core, Fpu, MpuRegions, Variant};
use rigless::soc::Endian;
use std::num::{NonZeroU32, NonZeroU64};

/// The core's priority bits.
const PRIORITY_BITS: u8 = 3;

/// A Cortex-M4F at 64 MHz with eight MPU regions, one instruction a cycle. It
/// leaves the registers of the MPU to the bus, or has them itself.
pub fn make(mpu_on_bus: bool) -> Result<Box<dyn Processor>, String> {
    let clock = NonZeroU64::new(CORE_HZ).expect("a clock that runs");
    let core = Core {
        variant: Variant::M4,
        clock_hz: clock,
        interrupt_lines: NonZeroU32::from(
            std::num::NonZeroU8::new(LINE_COUNT).expect("some lines"),
        ),
        priority_bits: PRIORITY_BITS,
        refclk_divider: NonZeroU32::MIN,
        instructions_per_second: clock,
        boot: "flash",
    };
    let cycle_counter = Window {
        base: u64::from(CYCLE_COUNTER_BASE),
        size: 8,
    };
    let mpu = Window {
        base: u64::from(MPU_BASE),
        size: u64::from(MPU_SIZE),
    };
    let windows = [cycle_counter, mpu];
    let windows = if mpu_on_bus {
        &windows[..]
    } else {
        &windows[..1]
    };
    let mut config = Config::new(core, windows);
    config.fpu = Fpu::FpV4Sp;
    config.mpu_regions = MpuRegions::Eight;
    config.vector_table = Some(0);
    processor(&config, Endian::Little).map_err(|error| error.to_string())
}

/// Maps the memories. Flash and the information pages are read only to the
/// core, so that stores to them reach the bus.
///
/// # Safety
///
/// The bytes of `memories` must stay as long as the core lives.
pub unsafe fn map(core: &mut dyn Processor, memories: &Memories) {
    let regions = [
        (0, FLASH_SIZE, &memories.flash, false),
        (FICR_BASE, PAGE_SIZE, &memories.ficr, false),
        (UICR_BASE, PAGE_SIZE, &memories.uicr, false),
        (RAM_BASE, RAM_SIZE, &memories.ram, true),
        (CODE_RAM_BASE, RAM_SIZE, &memories.ram, true),
    ];
    for (start, length, memory, writable) in regions {
        assert_eq!(memory.len(), length as usize, "the map fits the memory");
        // SAFETY: the range is whole pages, `memory` is aligned to 4 KB and
        // has `length` bytes that never move, which the caller keeps as long as
        // the core lives; `Memory` gives no references to its bytes.
        unsafe {
            core.map(u64::from(start), u64::from(length), memory.host(), writable);
        }
    }
}
