//! Snapshots: the whole state of a machine, to go back to or to keep in a file.

use super::{Cut, Machine};
use crate::bus::lines::Lines;
use crate::bus::notes::Notes;
use crate::bus::outside::{Pins, SerialLine};
use crate::bus::wakes::Wakes;
use crate::chance::Chance;
use crate::machine::memory::Memory;
use crate::peripherals::Peripherals;
use crate::statistics::Statistics;
use crate::time::Cycles;
use rigless::emulator::Queued;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What a file of a snapshot begins with.
const MAGIC: [u8; 8] = *b"WLSNAP02";

/// The state of a machine between two instructions. Hooks, traces and the
/// analogue inputs are not part of it: the machine restored keeps its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    core: Vec<u8>,
    flash: Arc<Vec<u8>>,
    ram: Arc<Vec<u8>>,
    ficr: Vec<u8>,
    uicr: Vec<u8>,
    peripherals: Peripherals,
    skipped: Cycles,
    cycle_counter: (u32, u32),
    wakes: Wakes,
    lines: Lines,
    serial: [SerialLine; 2],
    pins: Pins,
    statistics: Statistics,
    notes: Notes,
    chance: Chance,
    stall_until: Cycles,
    low_frequency_running: bool,
    listened: u64,
    temperature_quarters: i32,
    system_off: bool,
    off: bool,
    asleep: bool,
    cut: Option<Cut>,
    hold_up: Cycles,
}

/// Why bytes are no snapshot of this machine.
#[derive(Debug)]
pub enum SnapshotError {
    /// They do not begin as a snapshot does, or are cut short.
    Malformed(String),
    /// The core refuses its part.
    Core(String),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::Malformed(reason) => write!(formatter, "not a snapshot: {reason}"),
            SnapshotError::Core(reason) => write!(formatter, "not of this core: {reason}"),
        }
    }
}

impl std::error::Error for SnapshotError {}

impl Snapshot {
    /// The snapshot for a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = postcard::to_allocvec(self).expect("plain data serialises into memory");
        [&MAGIC[..], &body].concat()
    }

    /// A snapshot from a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let malformed = |reason: &str| SnapshotError::Malformed(reason.to_owned());
        let body = bytes
            .strip_prefix(&MAGIC)
            .ok_or_else(|| malformed("it begins otherwise"))?;
        let snapshot: Snapshot =
            postcard::from_bytes(body).map_err(|error| malformed(&error.to_string()))?;
        let sizes_fit = snapshot.flash.len() == crate::bus::context::FLASH_SIZE as usize
            && snapshot.ram.len() == crate::bus::context::RAM_SIZE as usize;
        if sizes_fit {
            Ok(snapshot)
        } else {
            Err(malformed("its memories have other sizes"))
        }
    }
}

/// The grain at which memories are compared.
const CHUNK: usize = 1024;

/// Puts `bytes` into `memory`; the core forgets what it translated of those
/// that changed.
fn put_back(memory: &mut Memory, bytes: &[u8], base: u32, changed: &mut Vec<Queued>) {
    let mut current = [0; CHUNK];
    for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
        let offset = index * CHUNK;
        let current = &mut current[..chunk.len()];
        memory.read(offset, current);
        if current != chunk {
            memory.write(offset, chunk);
            let start = u64::from(base) + offset as u64;
            changed.push(Queued::Invalidate(start, start + chunk.len() as u64));
        }
    }
}

impl Machine {
    /// The state now.
    pub fn save(&mut self) -> Snapshot {
        // Nothing may be under way between core and part.
        let now = self.now();
        self.part.advance(now);
        for queued in self.part.context.take_queued() {
            self.core.ask(queued);
            self.asleep = false;
        }
        let context = &self.part.context;
        Snapshot {
            core: self.core.save(),
            flash: Arc::new(context.memories.flash.to_vec()),
            ram: Arc::new(context.memories.ram.to_vec()),
            ficr: context.memories.ficr.to_vec(),
            uicr: context.memories.uicr.to_vec(),
            peripherals: self.part.peripherals.clone(),
            skipped: self.part.skipped,
            cycle_counter: self.part.cycle_counter,
            wakes: context.wakes.clone(),
            lines: context.lines.clone(),
            serial: context.outside.serial.clone(),
            pins: context.outside.pins.clone(),
            statistics: context.statistics.clone(),
            notes: context.notes.clone(),
            chance: context.chance.clone(),
            stall_until: context.stall_until,
            low_frequency_running: context.low_frequency_running,
            listened: context.listened,
            temperature_quarters: context.outside.temperature_quarters,
            system_off: context.system_off,
            off: self.off,
            asleep: self.asleep,
            cut: self.cut,
            hold_up: self.hold_up,
        }
    }

    /// Goes back to a state, of this machine or of another one.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        self.core
            .load(&snapshot.core)
            .map_err(|error| SnapshotError::Core(error.to_string()))?;
        self.part.route_unreadable(false);
        let mut changed = self.part.context.take_queued();
        changed.retain(|queued| !matches!(queued, Queued::Line(..)));
        let context = &mut self.part.context;
        let memories = &mut context.memories;
        put_back(&mut memories.flash, &snapshot.flash, 0, &mut changed);
        let ram = crate::bus::context::RAM_BASE;
        put_back(&mut memories.ram, &snapshot.ram, ram, &mut changed);
        let ficr = crate::bus::context::FICR_BASE;
        put_back(&mut memories.ficr, &snapshot.ficr, ficr, &mut changed);
        let uicr = crate::bus::context::UICR_BASE;
        put_back(&mut memories.uicr, &snapshot.uicr, uicr, &mut changed);
        for queued in changed {
            self.core.ask(queued);
        }
        context.wakes = snapshot.wakes.clone();
        // The core's own state has the levels of its lines.
        context.lines = snapshot.lines.clone();
        context.outside.serial = snapshot.serial.clone();
        context.outside.pins = snapshot.pins.clone();
        context.outside.temperature_quarters = snapshot.temperature_quarters;
        context.statistics = snapshot.statistics.clone();
        context.notes = snapshot.notes.clone();
        context.chance = snapshot.chance.clone();
        context.stall_until = snapshot.stall_until;
        context.low_frequency_running = snapshot.low_frequency_running;
        context.listened = snapshot.listened;
        context.system_off = snapshot.system_off;
        context.reset = None;
        self.part.peripherals = snapshot.peripherals.clone();
        if self.part.peripherals.saadc.calibrated() {
            context.outside.analog.calibrate();
        } else {
            context.outside.analog.forget_calibration();
        }
        self.part.skipped = snapshot.skipped;
        self.part.cycle_counter = snapshot.cycle_counter;
        self.off = snapshot.off;
        self.asleep = snapshot.asleep;
        self.cut = snapshot.cut;
        self.hold_up = snapshot.hold_up;
        self.part.context.now = self.now();
        self.part.route_unreadable(true);
        Ok(())
    }
}
