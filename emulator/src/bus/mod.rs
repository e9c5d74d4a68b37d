//! The part around the core: its address map, its peripherals and its time.

pub(crate) mod absent;
pub mod context;
pub mod lines;
pub mod map;
pub(crate) mod mpu;
pub mod notes;
pub mod outside;
pub mod sampling;
pub mod trace;
pub mod wakes;

use crate::machine::watch::Watchpoints;
use crate::peripherals::nvmc::{is_flash, Refused};
use crate::peripherals::qspi::{WINDOW_BASE, WINDOW_END};
use crate::peripherals::Peripherals;
use crate::time::{nanoseconds, Cycles, NEVER};
use context::{Context, ResetCause};
use map::{CODE_RAM_BASE, FICR_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE};
use mpu::Mpu;
use rigless::emulator::{Access, AccessKind, CoreBus, Queued};
use rigless::soc::Width;
use rigless::time::VirtualNanos;
use trace::{Trace, TraceRecord};

/// The APB peripherals, and the undocumented registers after them.
const APB_BASE: u32 = 0x4000_0000;
const APB_END: u32 = 0x4008_0000;
/// GPIO and CRYPTOCELL.
const AHB_BASE: u32 = 0x5000_0000;
const AHB_END: u32 = 0x5003_0000;
/// What the part says about itself beside FICR.
const PART_BASE: u32 = 0xF000_0000;
const PART_END: u32 = 0xF000_1000;
/// The cycle counter of the core, which the core leaves to its surroundings.
pub(crate) const CYCLE_COUNTER_BASE: u32 = 0xE000_1000;
const CYCLE_COUNTER_CONTROL_RESET: u32 = 0x4000_0000;
/// Events that may follow one another in one cycle; more is a loop of PPI.
const MOST_EVENTS_AT_ONCE: usize = 256;

/// Everything but the core.
#[derive(Debug)]
pub struct Part {
    /// Time, memory, lines and the outside.
    pub context: Context,
    /// The peripherals.
    pub peripherals: Peripherals,
    /// Cycles that passed without an instruction.
    pub(crate) skipped: Cycles,
    /// Where the stretch that the core runs ends.
    pub(crate) stretch_end: Cycles,
    /// Accesses that somebody watches.
    pub(crate) trace: Option<Trace>,
    /// Accesses before which the core stops.
    pub(crate) watchpoints: Watchpoints,
    /// The cycle counter: control, and what its count is ahead of time.
    pub(crate) cycle_counter: (u32, u32),
    /// The registers of the memory protection unit.
    pub(crate) mpu: Mpu,
}

impl Part {
    /// The part around `context`.
    pub fn new(context: Context) -> Self {
        Part {
            context,
            peripherals: Peripherals::new(),
            skipped: 0,
            stretch_end: 0,
            trace: None,
            watchpoints: Watchpoints::default(),
            cycle_counter: (CYCLE_COUNTER_CONTROL_RESET, 0),
            mpu: Mpu::default(),
        }
    }

    /// Does all that is due up to `now`, in order of time.
    pub fn advance(&mut self, now: Cycles) {
        while let Some((source, at)) = self.context.wakes.take_due(now) {
            self.context.now = at;
            self.peripherals.wake(source, &mut self.context);
            self.settle();
        }
        self.context.now = now;
    }

    /// Lets events reach their tasks.
    pub fn settle(&mut self) {
        for _ in 0..MOST_EVENTS_AT_ONCE {
            let Some(id) = self.context.take_published() else {
                return;
            };
            let mut tasks = [0u32; 64];
            let mut count = 0;
            self.peripherals.ppi.tasks(id, &mut |task| {
                if count < tasks.len() {
                    tasks[count] = task;
                    count += 1;
                }
            });
            for address in &tasks[..count] {
                let (slot, offset) = ((address >> 12 & 0x3F) as u8, address & 0xFFF);
                self.peripherals.saadc.by_ppi = true;
                let known = self.peripherals.task(slot, offset, &mut self.context);
                self.peripherals.saadc.by_ppi = false;
                if !known {
                    let now = self.context.now;
                    self.context.notes.unmodelled(*address, Some(1), now);
                }
            }
        }
        // A loop of events that never rests: the part would do this for
        // ever too, one round in a few cycles; here it ends.
        while self.context.take_published().is_some() {}
    }

    /// The power fails in a flash operation, the part must be reset, or another
    /// core may have to go on.
    pub(crate) fn stops_the_core(&self) -> bool {
        self.context.reset.is_some()
            || self.context.system_off
            || self.peripherals.nvmc.power_failed
            || self.context.stall_until > self.context.now
            || self.mpu.was_written()
    }

    /// The next cycle at which the core must hear of something.
    pub(crate) fn deadline(&self) -> Cycles {
        sampling::deadline(&self.context, &self.peripherals)
    }

    /// A word read by the core or a debugger; none where the part has nothing.
    pub fn read_word(&mut self, address: u32) -> Option<u32> {
        match address {
            APB_BASE..APB_END | AHB_BASE..AHB_END => Some(self.read_register(address)),
            _ if address < FLASH_SIZE => {
                if self.peripherals.acl.refuses_read(address) {
                    return None;
                }
                self.context.memories.flash.word(address as usize)
            }
            FICR_BASE..UICR_BASE => self
                .context
                .memories
                .ficr
                .word((address - FICR_BASE) as usize),
            _ if is_flash(address) => self
                .context
                .memories
                .uicr
                .word((address - UICR_BASE) as usize),
            CODE_RAM_BASE.. if address - CODE_RAM_BASE < RAM_SIZE => self
                .context
                .memories
                .ram
                .word((address - CODE_RAM_BASE) as usize),
            RAM_BASE.. if address - RAM_BASE < RAM_SIZE => self
                .context
                .memories
                .ram
                .word((address - RAM_BASE) as usize),
            WINDOW_BASE..WINDOW_END => self.peripherals.qspi.window_read(address, &self.context),
            CYCLE_COUNTER_BASE => Some(self.cycle_counter.0),
            0xE000_1004 => Some(self.cycle_count()),
            _ if Mpu::holds(address) => Some(self.mpu.read(address)),
            PART_BASE..PART_END => Some(match address {
                0xF000_0FE0 => 0x08,
                0xF000_0FE8 => 0x30,
                _ => 0,
            }),
            _ => None,
        }
    }

    fn cycle_count(&self) -> u32 {
        if self.cycle_counter.0 & 1 == 0 {
            self.cycle_counter.1
        } else {
            (self.context.now as u32).wrapping_add(self.cycle_counter.1)
        }
    }

    fn read_register(&mut self, address: u32) -> u32 {
        let (slot, offset) = ((address >> 12 & 0x3F) as u8, address & 0xFFF);
        let value = if address >= AHB_BASE {
            gpio_port(address)
                .and_then(|(port, offset)| self.peripherals.gpio.read(port, offset, &self.context))
        } else if address >= APB_BASE + 0x4_0000 {
            None
        } else if offset < 0x100 {
            // Tasks cannot be read.
            return 0;
        } else {
            self.peripherals.read(slot, offset, &mut self.context)
        };
        value.unwrap_or_else(|| {
            let now = self.context.now;
            self.context.notes.unmodelled(address, None, now);
            0
        })
    }

    /// A write by the core of `bytes` bytes, `value` in the low ones; none
    /// is a bus fault.
    fn write(&mut self, address: u32, value: u32, bytes: u32) -> Option<()> {
        match address {
            APB_BASE..APB_END | AHB_BASE..AHB_END => {
                let value = value << (8 * (address & 3));
                self.write_register(address & !3, value).ok()
            }
            _ if is_flash(address) => {
                let Peripherals { nvmc, acl, .. } = &mut self.peripherals;
                nvmc.store(address, value, bytes, acl, &mut self.context)
                    .ok()
            }
            CODE_RAM_BASE.. if address - CODE_RAM_BASE < RAM_SIZE => {
                self.write_ram(address, address - CODE_RAM_BASE, value, bytes)
            }
            RAM_BASE.. if address - RAM_BASE < RAM_SIZE => {
                self.write_ram(address, address - RAM_BASE, value, bytes)
            }
            CYCLE_COUNTER_BASE => {
                let count = self.cycle_count();
                self.cycle_counter.0 = CYCLE_COUNTER_CONTROL_RESET | value & 1;
                self.set_cycle_count(count);
                Some(())
            }
            0xE000_1004 => {
                self.set_cycle_count(value);
                Some(())
            }
            PART_BASE..PART_END => Some(()),
            _ => None,
        }
    }

    fn set_cycle_count(&mut self, count: u32) {
        self.cycle_counter.1 = if self.cycle_counter.0 & 1 == 0 {
            count
        } else {
            count.wrapping_sub(self.context.now as u32)
        };
    }

    fn write_ram(&mut self, address: u32, offset: u32, value: u32, bytes: u32) -> Option<()> {
        let value = value.to_le_bytes();
        let inside = self
            .context
            .memories
            .ram
            .write(offset as usize, &value[..bytes as usize]);
        self.context.invalidate(address, bytes);
        inside.then_some(())
    }

    fn write_register(&mut self, address: u32, value: u32) -> Result<(), Refused> {
        let (slot, offset) = ((address >> 12 & 0x3F) as u8, address & 0xFFF);
        let context = &mut self.context;
        let known = if address >= AHB_BASE {
            let known = gpio_port(address).is_some_and(|(port, offset)| {
                self.peripherals.gpio.write(port, offset, value, context)
            });
            self.peripherals.pins_changed(context);
            known
        } else if address >= APB_BASE + 0x4_0000 {
            false
        } else if offset < 0x100 {
            value & 1 == 0 || self.peripherals.task(slot, offset, context)
        } else {
            let locked = slot == 30 && offset >= 0x800;
            let known = self.peripherals.write(slot, offset, value, context)?;
            if locked {
                self.route_unreadable(true);
            }
            known
        };
        self.settle();
        if !known {
            let now = self.context.now;
            self.context.notes.unmodelled(address, Some(value), now);
        }
        Ok(())
    }

    /// Sends reads of flash that the ACL forbids to the bus, or no longer.
    pub(crate) fn route_unreadable(&mut self, routed: bool) {
        for page in self.peripherals.acl.unreadable_pages() {
            for address in (page..page + PAGE_SIZE).step_by(1024) {
                let address = u64::from(address);
                self.context.route(address, routed);
            }
        }
    }

    /// The part resets; `None` is a power-up.
    pub(crate) fn reset(&mut self, cause: Option<ResetCause>) {
        self.route_unreadable(false);
        self.peripherals.reset(cause, &mut self.context);
        self.context.reset = None;
        self.context.system_off = false;
        self.cycle_counter = (CYCLE_COUNTER_CONTROL_RESET, 0);
        self.mpu = Mpu::default();
        let index = match cause {
            None => 0,
            Some(ResetCause::Pin) => 1,
            Some(ResetCause::Watchdog) => 2,
            Some(ResetCause::Software) => 3,
            Some(ResetCause::Lockup) => 4,
        };
        self.context.statistics.resets[index] += 1;
    }

    /// An access to the core's own MPU: the part does not notice.
    fn access_mpu(&mut self, access: &Access) -> u64 {
        let address = access.address as u32;
        match access.kind {
            AccessKind::Read => {
                let shift = 8 * (address & 3);
                let word = self.mpu.read(address & !3) >> shift;
                u64::from(word) & access.width.mask()
            }
            AccessKind::Write => {
                let (value, bytes) = (access.value as u32, access.width.bytes());
                self.mpu.write(address, value, bytes);
                access.value
            }
        }
    }

    fn record(&mut self, access: &Access, value: Option<u32>) {
        let Some(trace) = &mut self.trace else { return };
        trace.record(TraceRecord {
            at: self.context.now,
            instruction: access.instruction_count,
            pc: access.program_counter.unwrap_or(0) as u32,
            write: access.kind == AccessKind::Write,
            address: access.address as u32,
            bytes: access.width.bytes() as u8,
            value,
        });
    }
}

/// The port and the offset in it of a GPIO register.
fn gpio_port(address: u32) -> Option<(u32, u32)> {
    match address {
        0x5000_0500..0x5000_0800 => Some((0, address - 0x5000_0000)),
        0x5000_0800..0x5000_0B00 => Some((1, address - 0x5000_0300)),
        _ => None,
    }
}

impl CoreBus for Part {
    fn access(&mut self, access: Access, _from_code: bool) -> Option<u64> {
        let address = access.address as u32;
        if Mpu::holds(address) {
            return Some(self.access_mpu(&access));
        }
        let now = self.skipped + access.instruction_count;
        self.advance(now);
        let answer = match access.kind {
            AccessKind::Read => {
                let shift = 8 * (address & 3);
                let mask = access.width.mask() as u32;
                self.read_word(address & !3)
                    .map(|word| word >> shift & mask)
            }
            AccessKind::Write => {
                let (value, bytes) = (access.value as u32, access.width.bytes());
                debug_assert!(access.width != Width::W64, "a 32-bit bus");
                self.write(address, value, bytes).map(|()| value)
            }
        };
        if self.trace.is_some() {
            let value = match access.kind {
                AccessKind::Read => answer,
                AccessKind::Write => Some(access.value as u32),
            };
            self.record(&access, value);
        }
        if answer.is_none() && !is_flash(address) {
            let write = (access.kind == AccessKind::Write).then_some(access.value as u32);
            self.context.notes.absent(address, write, now);
        }
        answer.map(u64::from)
    }

    fn stops_before(&mut self, access: &Access) -> bool {
        self.watchpoints.stop_before(access)
    }

    fn time(&self, instructions: u64) -> VirtualNanos {
        VirtualNanos(nanoseconds(self.skipped + instructions))
    }

    fn queued(&mut self) -> Vec<Queued> {
        self.context.take_queued()
    }

    fn carry_on(&mut self, instructions: u64, event: Option<VirtualNanos>) -> Option<u32> {
        let now = self.skipped + instructions;
        if self.context.now < now {
            self.context.now = now;
        }
        if self.stops_the_core() {
            return None;
        }
        let event = event.map_or(NEVER, |event| crate::time::cycles_at(event.0));
        let end = self.deadline().min(self.stretch_end).min(event);
        match end.checked_sub(now) {
            None | Some(0) => None,
            Some(left) => Some(u32::try_from(left).unwrap_or(u32::MAX)),
        }
    }
}
