//! A debugger's view: registers, memory, serial lines, pins, traces.

use super::Machine;
use crate::bus::map::{
    CODE_RAM_BASE, FICR_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE,
};
use crate::bus::mpu::Mpu;
use crate::bus::outside::Edge;
use crate::bus::trace::{Trace, TraceRecord};
use crate::bus::wakes::Source;
use crate::time::{nanoseconds, Cycles};
use rigless::soc::Width;
use rigless::time::VirtualNanos;

/// The core's registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// R0 to R12, SP, LR, PC.
    pub r: [u32; 16],
    /// The program status.
    pub xpsr: u32,
    /// The main stack pointer.
    pub msp: u32,
    /// The process stack pointer.
    pub psp: u32,
    /// Masks and CONTROL.
    pub primask: u32,
    /// BASEPRI.
    pub basepri: u32,
    /// FAULTMASK.
    pub faultmask: u32,
    /// CONTROL.
    pub control: u32,
}

/// Where a debugger reaches memory directly.
enum Place {
    Flash(usize),
    Ram(usize),
    Ficr(usize),
    Uicr(usize),
}

impl Machine {
    /// The core's registers.
    pub fn registers(&self) -> Registers {
        let get = |number: usize| {
            self.cores
                .active()
                .gdb_register(number)
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(0, u32::from_le_bytes)
        };
        Registers {
            r: std::array::from_fn(get),
            xpsr: get(16),
            msp: get(34),
            psp: get(35),
            primask: get(36),
            basepri: get(37),
            faultmask: get(38),
            control: get(39),
        }
    }

    /// Returns how often one of the machine's cores took over from another one.
    pub fn hand_overs(&self) -> u64 {
        self.cores.hand_overs()
    }

    /// The program counter.
    pub fn pc(&self) -> u32 {
        self.cores.active().pc() as u32
    }

    /// The name of the fault in whose handler the core stands and waits for ever: nothing
    /// of higher priority is left that could take it out. None if it does not.
    pub fn stands_in_fault(&self) -> Option<&'static str> {
        const FAULTS: [&str; 4] = ["HardFault", "MemManage", "BusFault", "UsageFault"];
        /// The number of the first of them.
        const HARD_FAULT: u32 = 3;
        let exception = self.registers().xpsr & 0x1FF;
        let name = FAULTS.get(exception.checked_sub(HARD_FAULT)? as usize)?;
        (self.asleep && !self.off).then_some(*name)
    }

    /// Sets R0 to R15 (PC without the Thumb bit).
    pub fn set_register(&mut self, number: usize, value: u32) {
        if number < 16 {
            self.set_core_register(number, value);
        }
    }

    pub(crate) fn set_core_register(&mut self, number: usize, value: u32) -> bool {
        self.set_gdb_register(number, &value.to_le_bytes())
    }

    /// Bytes of memory or registers from `address` on; none if any of them is
    /// nowhere. Peripheral registers are read as the core reads them.
    pub fn read_memory(&mut self, address: u32, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        if let Some(place) = place(address, length) {
            let memories = &self.part.context.memories;
            match place {
                Place::Flash(offset) => memories.flash.read(offset, &mut bytes),
                Place::Ram(offset) => memories.ram.read(offset, &mut bytes),
                Place::Ficr(offset) => memories.ficr.read(offset, &mut bytes),
                Place::Uicr(offset) => memories.uicr.read(offset, &mut bytes),
            };
            return Some(bytes);
        }
        let (mut at, mut done) = (address, 0);
        while done < length {
            let word = self.debugger_word(at & !3)?.to_le_bytes();
            let from = (at & 3) as usize;
            let count = (4 - from).min(length - done);
            bytes[done..done + count].copy_from_slice(&word[from..from + count]);
            done += count;
            at = at.checked_add(count as u32)?;
        }
        Some(bytes)
    }

    fn debugger_word(&mut self, address: u32) -> Option<u32> {
        let now = VirtualNanos(nanoseconds(self.now()));
        match self
            .cores
            .active_mut()
            .debugger_access(None, u64::from(address), Width::W32, now)
        {
            Some(value) => Some(value as u32),
            None => {
                self.part.context.now = self.now();
                self.part.read_word(address)
            }
        }
    }

    /// Reads a little-endian word of a memory or a register; `None` where there is
    /// nothing to read.
    pub fn read_word(&mut self, address: u32) -> Option<u32> {
        let bytes = self.read_memory(address, 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Writes memory as a programmer does, flash included (no erase needed,
    /// no time passes, no wear). False if the bytes do not lie in one memory.
    pub fn write_memory(&mut self, address: u32, bytes: &[u8]) -> bool {
        let Some(place) = place(address, bytes.len()) else {
            return false;
        };
        let context = &mut self.part.context;
        match place {
            Place::Flash(offset) => context.memories.flash.write(offset, bytes),
            Place::Ram(offset) => context.memories.ram.write(offset, bytes),
            Place::Ficr(offset) => context.memories.ficr.write(offset, bytes),
            Place::Uicr(offset) => context.memories.uicr.write(offset, bytes),
        };
        context.invalidate(address, bytes.len() as u32);
        true
    }

    /// Writes RAM that holds no code: as [`write_memory`](Self::write_memory), but the
    /// core keeps what it has translated. False if the bytes do not lie in RAM.
    pub fn write_data(&mut self, address: u32, bytes: &[u8]) -> bool {
        let Some(Place::Ram(offset)) = place(address, bytes.len()) else {
            return false;
        };
        self.part.context.memories.ram.write(offset, bytes)
    }

    /// Writes a register of the core's own space, as a debugger does; its value after.
    pub fn write_core_word(&mut self, address: u32, value: u32) -> Option<u32> {
        let now = VirtualNanos(nanoseconds(self.now()));
        let written = Some(u64::from(value));
        let core = self.cores.active_mut();
        if core
            .debugger_access(written, u64::from(address), Width::W32, now)
            .is_none()
        {
            if !Mpu::holds(address) {
                return None;
            }
            self.part.mpu.write(address, value, Width::W32.bytes());
            self.follow_mpu();
        }
        self.read_word(address)
    }

    /// All of flash.
    pub fn flash(&self) -> Vec<u8> {
        self.part.context.memories.flash.to_vec()
    }

    /// The user information page.
    pub fn uicr(&self) -> Vec<u8> {
        self.part.context.memories.uicr.to_vec()
    }

    /// The external flash: its 8 MB, or none while it is blank.
    pub fn nor(&self) -> Option<Vec<u8>> {
        let nor = &self.part.peripherals.qspi.nor;
        (!nor.is_blank()).then(|| nor.to_bytes())
    }

    /// What UART `port` (0 or 1) sent and nobody took.
    pub fn uart_output(&self, port: usize) -> &[u8] {
        &self.part.context.outside.serial[port].from_part
    }

    /// Takes what UART `port` sent.
    pub fn take_uart_output(&mut self, port: usize) -> Vec<u8> {
        std::mem::take(&mut self.part.context.outside.serial[port].from_part)
    }

    /// Sends bytes to UART `port`; they arrive at its baud rate.
    pub fn uart_input(&mut self, port: usize, bytes: &[u8]) {
        let now = self.now();
        self.part.advance(now);
        self.part.context.outside.serial[port].to_part.extend(bytes);
        self.part.peripherals.uarte[port].input_came(&mut self.part.context);
        self.part.settle();
    }

    /// Bytes sent to UART `port` that have not arrived yet.
    pub fn uart_input_pending(&self, port: usize) -> usize {
        self.part.context.outside.serial[port].to_part.len()
    }

    /// Whether senders wait while a receiver is off; otherwise their bytes
    /// are lost, as on a line without flow control.
    pub fn set_senders_wait(&mut self, wait: bool) {
        self.part.context.outside.senders_wait = wait;
    }

    /// Drives an input pin (0 to 31 for P0, 32 to 47 for P1), or lets it go.
    pub fn drive_pin(&mut self, pin: u8, level: Option<bool>) {
        let now = self.now();
        self.part.advance(now);
        if let Some(driven) = self
            .part
            .context
            .outside
            .pins
            .driven
            .get_mut(usize::from(pin))
        {
            *driven = level;
            self.part.peripherals.pins_changed(&mut self.part.context);
            self.part.settle();
        }
    }

    /// Drives an input pin at an instant to come.
    pub fn schedule_pin(&mut self, edge: Edge) {
        let pins = &mut self.part.context.outside.pins;
        if usize::from(edge.pin) >= pins.driven.len() {
            return;
        }
        let at = pins.scheduled.partition_point(|other| other.at <= edge.at);
        pins.scheduled.insert(at, edge);
        let first = pins.scheduled[0].at;
        self.part.context.wakes.set(Source::Pins, first);
    }

    /// The level at a pin.
    pub fn pin_level(&self, pin: u8) -> bool {
        self.part.peripherals.gpio.level(pin, &self.part.context)
    }

    /// Falling edges of an output: on the kit an LED lights at each.
    pub fn pin_falls(&self, pin: u8) -> u64 {
        self.part
            .context
            .outside
            .pins
            .falls
            .get(usize::from(pin))
            .copied()
            .unwrap_or(0)
    }

    /// Takes the logged edges of outputs (by default those of LED1 to LED4).
    pub fn take_edges(&mut self) -> Vec<Edge> {
        std::mem::take(&mut self.part.context.outside.pins.edges)
    }

    /// Which outputs are logged, a bit for each pin.
    pub fn log_pins(&mut self, mask: u64) {
        self.part.context.outside.pins.logged = mask;
    }

    /// Records data accesses by the core from `start` up to `end`, instead of
    /// those watched so far. Slow in RAM and flash: about 0.3 million a second.
    pub fn trace(&mut self, start: u32, end: u32) {
        self.stop_trace();
        self.part.trace = Some(Trace::new(start, end));
        self.route_watched();
    }

    /// Ends the recording; the records nobody took.
    pub fn stop_trace(&mut self) -> Vec<TraceRecord> {
        let Some(trace) = self.part.trace.take() else {
            return Vec::new();
        };
        self.forget_pages(trace.start, trace.end);
        trace.records
    }

    /// Takes the records of the trace.
    pub fn take_trace(&mut self) -> Vec<TraceRecord> {
        self.part
            .trace
            .as_mut()
            .map(|trace| std::mem::take(&mut trace.records))
            .unwrap_or_default()
    }

    /// Lets time pass without the core: it stands still, the part goes on.
    pub fn hold_core_for(&mut self, cycles: Cycles) {
        self.part.skipped += cycles;
        let now = self.now();
        self.part.advance(now);
    }

    /// The target description for GDB.
    pub fn target_description(&self) -> &'static str {
        self.cores.active().target_xml()
    }

    /// A register by GDB's number, as its bytes.
    pub fn gdb_register(&self, number: usize) -> Option<Vec<u8>> {
        self.cores.active().gdb_register(number)
    }

    /// Sets a register by GDB's number; false if there is none, or if the core
    /// cannot have the value.
    pub fn set_gdb_register(&mut self, number: usize, bytes: &[u8]) -> bool {
        self.asleep = false;
        let configuration = self.part.mpu.configuration();
        let mut done = false;
        let possible = self
            .cores
            .edit(&configuration, &mut self.part.context, |core| {
                done = core.set_gdb_register(number, bytes);
            });
        done && possible
    }

    /// A debugger came or went: while one is there, BKPT halts the core.
    pub fn attach_debugger(&mut self, attached: bool) {
        self.cores.attach_debugger(attached);
    }
}

fn place(address: u32, length: usize) -> Option<Place> {
    let within = |base: u32, size: u32| {
        let offset = address.checked_sub(base)? as usize;
        (offset + length <= size as usize).then_some(offset)
    };
    within(0, FLASH_SIZE)
        .map(Place::Flash)
        .or_else(|| within(RAM_BASE, RAM_SIZE).map(Place::Ram))
        .or_else(|| within(CODE_RAM_BASE, RAM_SIZE).map(Place::Ram))
        .or_else(|| within(FICR_BASE, PAGE_SIZE).map(Place::Ficr))
        .or_else(|| within(UICR_BASE, PAGE_SIZE).map(Place::Uicr))
}
