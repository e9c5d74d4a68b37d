//! Tests of the peripherals through the bus, as a driver sees them.

mod clocks;
mod flash;
mod pins;
mod pwm;
mod sampling;
mod serial;
mod small;

use crate::analog::{AnalogInput, ConversionConfig};
use crate::bus::context::{Context, Memories};
use crate::bus::map::{FLASH_SIZE, PAGE_SIZE, RAM_SIZE};
use crate::bus::outside::Outside;
use crate::bus::Part;
use crate::machine::memory::Memory;
use crate::time::Cycles;
use rigless::emulator::{Access, AccessKind, CoreBus};
use rigless::soc::Width;
use rigless::time::VirtualNanos;

/// Where tests put their buffers.
pub const RAM: u32 = 0x2000_0000;

/// An analogue world whose code tells what was asked: the channel in the
/// thousands, the count of conversions below.
#[derive(Debug, Default)]
struct Counting {
    conversions: i16,
}

impl AnalogInput for Counting {
    fn convert(&mut self, _input: u8, _time_ns: u64, config: ConversionConfig) -> i16 {
        self.conversions = self.conversions.wrapping_add(1);
        (1000 * i16::from(config.channel)).wrapping_add(self.conversions)
    }
}

/// A part without a core.
pub struct Bench {
    pub part: Part,
    now: Cycles,
}

impl Bench {
    pub fn new() -> Self {
        let memories = Memories {
            flash: Memory::new(FLASH_SIZE as usize, 0xFF),
            ram: Memory::new(RAM_SIZE as usize, 0),
            ficr: Memory::new(PAGE_SIZE as usize, 0xFF),
            uicr: Memory::new(PAGE_SIZE as usize, 0xFF),
        };
        let outside = Outside::new(Box::new(Counting::default()));
        Bench {
            part: Part::new(Context::new(memories, outside, 7)),
            now: 0,
        }
    }

    fn access(&mut self, kind: AccessKind, address: u32, value: u32) -> Option<u32> {
        let access = Access::new(kind, u64::from(address), Width::W32, u64::from(value))
            .at(self.now, VirtualNanos(crate::time::nanoseconds(self.now)));
        self.part.access(access, true).map(|value| value as u32)
    }

    /// A store of any width; whether it did not fault.
    pub fn try_store(&mut self, address: u32, width: Width, value: u32) -> bool {
        let access = Access::new(
            AccessKind::Write,
            u64::from(address),
            width,
            u64::from(value),
        )
        .at(self.now, VirtualNanos(crate::time::nanoseconds(self.now)));
        self.part.access(access, true).is_some()
    }

    /// A store; whether it did not fault.
    pub fn try_write(&mut self, address: u32, value: u32) -> bool {
        self.access(AccessKind::Write, address, value).is_some()
    }

    /// A store that must not fault.
    pub fn write(&mut self, address: u32, value: u32) {
        assert!(self.try_write(address, value), "store to {address:#x}");
    }

    /// A load; none if it faults.
    pub fn try_read(&mut self, address: u32) -> Option<u32> {
        self.access(AccessKind::Read, address, 0)
    }

    /// A load that must not fault.
    pub fn read(&mut self, address: u32) -> u32 {
        self.try_read(address)
            .unwrap_or_else(|| panic!("load from {address:#x}"))
    }

    /// Lets time pass.
    pub fn pass(&mut self, cycles: Cycles) {
        self.now += cycles;
        self.part.advance(self.now);
    }

    pub fn now(&self) -> Cycles {
        self.now
    }

    /// Puts bytes into RAM as software does.
    pub fn put(&mut self, address: u32, bytes: &[u8]) {
        self.part
            .context
            .memories
            .ram
            .write((address - RAM) as usize, bytes);
    }

    /// Bytes of RAM.
    pub fn get(&self, address: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let ram = &self.part.context.memories.ram;
        assert!(ram.read((address - RAM) as usize, &mut bytes));
        bytes
    }

    /// Returns whether the interrupt line of a peripheral is high.
    pub fn line(&self, number: u8) -> bool {
        self.part.context.lines.levels() >> number & 1 != 0
    }

    /// Reads an event and clears it.
    pub fn take_event(&mut self, address: u32) -> bool {
        let happened = self.read(address) != 0;
        self.write(address, 0);
        happened
    }
}

#[test]
fn what_has_no_model_reads_zero_and_is_noted_once() {
    let mut bench = Bench::new();
    // COMP, an undocumented register of an erratum, CRYPTOCELL.
    for address in [0x4001_3500, 0x4007_C074, 0x5002_A500] {
        assert_eq!(bench.read(address), 0);
        assert_eq!(bench.read(address), 0);
        assert_eq!(bench.part.context.notes.unmodelled[&address].count, 2);
    }
    bench.write(0x4000_5610, 5);
    let note = &bench.part.context.notes.unmodelled[&0x4000_5610];
    assert!(note.write && note.value == 5);
}

#[test]
fn what_the_part_does_not_have_faults() {
    let mut bench = Bench::new();
    for address in [
        0x0010_0000,
        0x1000_2000,
        0x2004_0000,
        0x6000_0000,
        0x4008_0000,
    ] {
        assert_eq!(bench.try_read(address), None, "{address:#x}");
        assert!(!bench.try_write(address, 0), "{address:#x}");
        assert_eq!(bench.part.context.notes.absent[&address].count, 2);
    }
}

#[test]
fn no_write_makes_a_model_panic() {
    /// Values that registers take badly, beside any.
    const ODD: [u32; 8] = [0, 1, 2, 8, 0x7FFF, 0xFFFF, 0x8000_0000, 0xFFFF_FFFF];
    for seed in 0..200 {
        let mut bench = Bench::new();
        let mut chance = crate::chance::Chance::new(seed);
        // A few peripherals at a time, so that they come to work.
        let slots: Vec<u32> = (0..4).map(|_| chance.below(50) as u32).collect();
        for _ in 0..4_000 {
            let slot = slots[chance.below(4) as usize];
            let offset = match chance.below(4) {
                0 => chance.below(0x20) * 4,
                1 => 0x100 + chance.below(0x20) * 4,
                2 => 0x200 + chance.below(0x80) * 4,
                _ => 0x500 + chance.below(0x60) * 4,
            } as u32;
            let value = match chance.below(4) {
                0 => RAM + chance.below(0x1000) as u32,
                1 => 0x4000_0000 | slot << 12 | (chance.below(0x60) as u32 * 4),
                2 => ODD[chance.below(8) as usize],
                _ => chance.word() as u32,
            };
            let address = 0x4000_0000 | slot << 12 | offset;
            // Whether it faults is up to the register.
            let _ = bench.try_write(address, value);
            let _ = bench.try_read(address);
            bench.pass(1 << chance.below(20));
            bench.part.context.reset = None;
            bench.part.context.system_off = false;
            bench.part.context.take_queued();
        }
    }
}
