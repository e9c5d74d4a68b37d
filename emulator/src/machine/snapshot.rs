//! Snapshots: the whole state of a machine, to go back to or to keep in a file.

use super::put_back::put_back;
use super::{Cut, Machine};
use crate::bus::lines::Lines;
use crate::bus::map::{FICR_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE};
use crate::bus::mpu::Mpu;
use crate::bus::notes::Notes;
use crate::bus::outside::{Pins, SerialLine};
use crate::bus::wakes::Wakes;
use crate::chance::Chance;
use crate::peripherals::Peripherals;
use crate::statistics::Statistics;
use crate::time::Cycles;
use rigless::emulator::Queued;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What a file of a snapshot begins with; the layout and the checksum of the
/// body follow, eight bytes each.
const MAGIC: [u8; 8] = *b"WLSNAP04";
const HEADER_SIZE: usize = 24;

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
    mpu: Mpu,
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
        let body = bytes_of(self);
        let (layout, sum) = (layout().to_le_bytes(), checksum(&body).to_le_bytes());
        [&MAGIC[..], &layout, &sum, &body].concat()
    }

    /// A snapshot from a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let malformed = |reason: &str| SnapshotError::Malformed(reason.to_owned());
        if !bytes.starts_with(&MAGIC) {
            return Err(malformed("at offset 0x0: it begins otherwise"));
        }
        let Some((header, body)) = bytes.split_at_checked(HEADER_SIZE) else {
            return Err(SnapshotError::Malformed(format!(
                "at offset {:#x}: it ends inside the header",
                bytes.len()
            )));
        };
        let number = |at: usize| header[at..at + 8].iter().rev().fold(0, shift_in);
        if number(8) != layout() {
            return Err(malformed(
                "at offset 0x8: of another version of the emulator",
            ));
        }
        if number(16) != checksum(body) {
            return Err(malformed("at offset 0x10: cut short or damaged (checksum)"));
        }
        let snapshot: Snapshot =
            postcard::from_bytes(body).map_err(|error| malformed(&error.to_string()))?;
        let sizes = [
            (snapshot.flash.len(), FLASH_SIZE),
            (snapshot.ram.len(), RAM_SIZE),
            (snapshot.ficr.len(), PAGE_SIZE),
            (snapshot.uicr.len(), PAGE_SIZE),
        ];
        if sizes.iter().any(|(has, fits)| *has != *fits as usize) {
            return Err(malformed("its memories have other sizes"));
        }
        if !snapshot.mpu.is_consistent() {
            return Err(malformed("its MPU cannot be so"));
        }
        Ok(snapshot)
    }
}

fn shift_in(number: u64, byte: &u8) -> u64 {
    number << 8 | u64::from(*byte)
}

fn bytes_of(data: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(data).expect("plain data serialises into memory")
}

/// FNV-1a of 64 bits: no single byte changes without being seen.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Stands for the fields that a snapshot has: the state of a new part.
fn layout() -> u64 {
    let state = (
        Peripherals::new(),
        Wakes::default(),
        Pins::default(),
        Statistics::default(),
        Notes::default(),
    );
    checksum(&bytes_of(&state))
}

impl Machine {
    /// The state now.
    pub fn save(&mut self) -> Snapshot {
        // Nothing may be under way between core and part.
        let now = self.now();
        self.part.advance(now);
        for queued in self.part.context.take_queued() {
            self.cores.active_mut().ask(queued);
            self.asleep = false;
        }
        let context = &self.part.context;
        Snapshot {
            core: self.cores.active().save(),
            flash: Arc::new(context.memories.flash.to_vec()),
            ram: Arc::new(context.memories.ram.to_vec()),
            ficr: context.memories.ficr.to_vec(),
            uicr: context.memories.uicr.to_vec(),
            peripherals: self.part.peripherals.clone(),
            skipped: self.part.skipped,
            cycle_counter: self.part.cycle_counter,
            mpu: self.part.mpu.clone(),
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
        let configuration = snapshot.mpu.configuration();
        self.cores
            .take_up(&snapshot.core, &configuration, &mut self.part.context)
            .map_err(|error| SnapshotError::Core(error.to_string()))?;
        self.part.route_unreadable(false);
        let mut changed = self.part.context.take_queued();
        changed.retain(|queued| !matches!(queued, Queued::Line(..)));
        let context = &mut self.part.context;
        let (memories, absent) = (&mut context.memories, &mut context.absent_cores);
        let pairs = [
            (&mut memories.flash, snapshot.flash.as_slice(), 0),
            (&mut memories.ram, snapshot.ram.as_slice(), RAM_BASE),
            (&mut memories.ficr, snapshot.ficr.as_slice(), FICR_BASE),
            (&mut memories.uicr, snapshot.uicr.as_slice(), UICR_BASE),
        ];
        for (memory, bytes, base) in pairs {
            put_back(memory, bytes, base, absent, &mut changed);
        }
        for queued in changed {
            self.cores.active_mut().ask(queued);
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
        self.part.mpu = snapshot.mpu.clone();
        self.off = snapshot.off;
        self.asleep = snapshot.asleep;
        self.cut = snapshot.cut;
        self.hold_up = snapshot.hold_up;
        self.part.context.now = self.now();
        self.part.route_unreadable(true);
        self.route_watched();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;
    use crate::machine::Config;

    #[test]
    fn a_state_whose_memories_have_other_sizes_is_refused() {
        let image = Image::from_raw(&[0; 8]).expect("a small image");
        let mut machine = Machine::new(&image, Config::default()).expect("a machine");
        let whole = machine.save();
        assert!(Snapshot::from_bytes(&whole.to_bytes()).is_ok());
        let mut short = whole.clone();
        short.ficr.pop();
        let mut long = whole.clone();
        long.uicr.push(0xFF);
        for state in [short, long] {
            let error = Snapshot::from_bytes(&state.to_bytes()).expect_err("another size");
            assert!(error.to_string().contains("other sizes"), "{error}");
        }
    }
}
