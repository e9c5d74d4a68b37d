//! The whole machine: core and part, made from an image, driven by a run loop.

mod core;
mod cores;
mod depot;
mod fault;
mod faults;
mod information;
mod inspect;
pub mod memory;
mod put_back;
mod run;
mod snapshot;
mod stops;
pub(crate) mod watch;

pub use fault::{Cut, Skip};
pub use inspect::Registers;
pub use snapshot::{Snapshot, SnapshotError};
pub use stops::{Action, Hit, Hook, Stop, Watched};
pub use watch::Watch;

use crate::analog::{AnalogInput, Still};
use crate::bus::absent::AbsentCores;
use crate::bus::context::{Context, Memories};
use crate::bus::map::{
    CODE_RAM_BASE, FICR_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE,
};
use crate::bus::outside::Outside;
use crate::bus::Part;
use crate::image::{Image, ImageError};
use crate::peripherals::nor::{Nor, NOR_SIZE};
use crate::peripherals::qspi::WINDOW_BASE;
use crate::statistics::Statistics;
use crate::time::{nanoseconds, seconds, Cycles};
use cores::Cores;
use depot::Lease;
use memory::Memory;
use put_back::put_back;
use std::collections::BTreeMap;
use std::fmt;

/// From a reset to the first instruction.
const RESET_TIME: Cycles = 16 * crate::time::MICROSECOND;

/// How a machine is made.
pub struct Config {
    /// Where all randomness comes from: RAM at power-up, RNG, torn writes.
    pub seed: u64,
    /// The analogue inputs.
    pub analog: Box<dyn AnalogInput>,
    /// The external flash's content; blank if none.
    pub nor: Option<Vec<u8>>,
    /// The user information page (at most 4 KB); that of a new part if none.
    pub uicr: Option<Vec<u8>>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 1,
            analog: Box::new(Still::default()),
            nor: None,
            uicr: None,
        }
    }
}

/// Why no machine could be made.
#[derive(Debug)]
pub enum MachineError {
    /// The image is malformed.
    Image(ImageError),
    /// The core could not be made (a host without support for it).
    Core(String),
    /// The content of another memory does not fit; its name and its bytes.
    Memory(&'static str, u32),
}

impl fmt::Display for MachineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MachineError::Image(error) => error.fmt(formatter),
            MachineError::Core(reason) => write!(formatter, "the core cannot run here: {reason}"),
            MachineError::Memory(which, size) => {
                write!(formatter, "more bytes than the {which} has ({size})")
            }
        }
    }
}

impl std::error::Error for MachineError {}

impl From<ImageError> for MachineError {
    fn from(error: ImageError) -> Self {
        MachineError::Image(error)
    }
}

/// An nRF52840 with its surroundings.
///
/// It may be sent to another thread. The same image, configuration and calls
/// give the same run, to the instruction.
pub struct Machine {
    part: Part,
    // Dropped after `part`, so that another machine can have its memories.
    cores: Lease,
    cut: Option<Cut>,
    /// From the cut until the power is gone.
    hold_up: Cycles,
    breakpoints: BTreeMap<u32, stops::Breakpoint>,
    /// The core sleeps and nothing has happened since that it would notice.
    asleep: bool,
    off: bool,
}

impl fmt::Debug for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Machine")
            .field("seconds", &self.seconds())
            .field("instructions", &self.instructions())
            .field("pc", &self.pc())
            .finish_non_exhaustive()
    }
}

impl Machine {
    /// A machine with `image` in its memories, just powered up.
    pub fn new(image: &Image, config: Config) -> Result<Self, MachineError> {
        Self::make(image, config, true)
    }

    /// Makes a machine in which one core does everything and translates its code
    /// anew whenever the MPU changes. It is slow, and serves as what faster
    /// machines are compared with. Its snapshots are for machines of its kind only.
    pub fn with_one_core(image: &Image, config: Config) -> Result<Self, MachineError> {
        Self::make(image, config, false)
    }

    fn make(image: &Image, config: Config, many_cores: bool) -> Result<Self, MachineError> {
        let mut memories = Memories {
            flash: Memory::new(FLASH_SIZE as usize, 0xFF),
            ram: Memory::new(RAM_SIZE as usize, 0),
            ficr: information::factory(config.seed),
            uicr: information::user(config.uicr.as_deref())
                .ok_or(MachineError::Memory("user information page", PAGE_SIZE))?,
        };
        let mut nor = match config.nor {
            Some(bytes) if bytes.len() > NOR_SIZE as usize => {
                return Err(MachineError::Memory("external flash", NOR_SIZE));
            }
            Some(bytes) => bytes,
            None => Vec::new(),
        };
        place_flash(image, &mut memories, &mut nor);
        let (cores, memories, absent_cores) = if many_cores {
            with_cores(memories)
        } else {
            with_new_cores(memories, false)
        }
        .map_err(MachineError::Core)?;
        let mut context = Context::new(memories, Outside::new(config.analog), config.seed);
        context.absent_cores = absent_cores;
        fill_ram_with_noise(&mut context);
        let mut part = Part::new(context);
        part.peripherals.qspi.nor = Nor::from_bytes(&nor);
        let mut machine = Machine {
            part,
            cores,
            cut: None,
            hold_up: 0,
            breakpoints: BTreeMap::new(),
            asleep: false,
            off: false,
        };
        machine.part.context.statistics.resets[0] = 1;
        // A debugger may load RAM too; noise elsewhere stays.
        for segment in &image.segments {
            let base = match segment.address {
                RAM_BASE.. => RAM_BASE,
                CODE_RAM_BASE..UICR_BASE => CODE_RAM_BASE,
                _ => continue,
            };
            let ram = &mut machine.part.context.memories.ram;
            ram.write((segment.address - base) as usize, &segment.bytes);
        }
        machine.cores.begin(&mut machine.part.context);
        machine.reset_core();
        Ok(machine)
    }

    /// The core starts with what the vector table says; its MPU is off.
    fn reset_core(&mut self) {
        self.asleep = false;
        let context = &mut self.part.context;
        let vectors = [0, 4].map(|address| context.memories.flash.word(address));
        self.cores.reset(vectors, context);
    }

    /// Cuts the power and switches it on again: flash and external flash are
    /// kept, RAM and everything else are lost.
    ///
    /// A fall of the supply that has begun is over; a cut to come stays.
    pub fn power_cycle(&mut self) {
        if self.cut.is_none() {
            self.set_cut(None);
        }
        // The external flash finds out before it starts anew.
        self.part.peripherals.nvmc.power_failed = false;
        self.part.reset(None);
        fill_ram_with_noise(&mut self.part.context);
        self.part.context.invalidate(RAM_BASE, RAM_SIZE);
        self.off = false;
        self.route_watched();
        self.reset_core();
    }

    /// Presses the reset button.
    pub fn reset_pin(&mut self) {
        self.reset_with(crate::bus::context::ResetCause::Pin);
    }

    fn reset_with(&mut self, cause: crate::bus::context::ResetCause) {
        self.part.reset(Some(cause));
        // A part that locks up at once still lets time pass.
        self.part.skipped += RESET_TIME;
        let now = self.now();
        self.part.advance(now);
        self.off = false;
        self.route_watched();
        self.reset_core();
    }

    /// Virtual time since the first power-up, in cycles of 64 MHz.
    pub fn now(&self) -> Cycles {
        self.part.skipped + self.cores.active().retired()
    }

    /// Virtual time in nanoseconds.
    pub fn nanoseconds(&self) -> u64 {
        nanoseconds(self.now())
    }

    /// Virtual time in seconds.
    pub fn seconds(&self) -> f64 {
        seconds(self.now())
    }

    /// Instructions retired since the first power-up.
    pub fn instructions(&self) -> u64 {
        self.cores.active().retired()
    }

    /// What was counted.
    pub fn statistics(&self) -> &Statistics {
        &self.part.context.statistics
    }

    /// What firmware touched that has no model, and flash misuse.
    pub fn notes(&self) -> &crate::bus::notes::Notes {
        &self.part.context.notes
    }

    /// The part: peripherals, memories and the outside.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// Replaces the analogue inputs.
    pub fn set_analog(&mut self, analog: Box<dyn AnalogInput>) {
        self.part.context.outside.analog = analog;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.cores.end(&mut self.part.context);
    }
}

/// Cores and the memories that they map, with this content.
fn with_cores(content: Memories) -> Result<(Lease, Memories, AbsentCores), String> {
    let Some((lease, mut memories, mut absent)) = Lease::take() else {
        return with_new_cores(content, true);
    };
    let pairs = [
        (&mut memories.flash, content.flash, 0),
        (&mut memories.ficr, content.ficr, FICR_BASE),
        (&mut memories.uicr, content.uicr, UICR_BASE),
    ];
    // The cores are told later, of all RAM anyway.
    for (memory, content, base) in pairs {
        put_back(
            memory,
            &content.to_vec(),
            base,
            &mut absent,
            &mut Vec::new(),
        );
    }
    Ok((lease, memories, absent))
}

fn with_new_cores(
    memories: Memories,
    mpu_on_bus: bool,
) -> Result<(Lease, Memories, AbsentCores), String> {
    let cores = Cores::new(&memories, mpu_on_bus)?;
    Ok((Lease::new(cores), memories, AbsentCores::default()))
}

fn place_flash(image: &Image, memories: &mut Memories, nor: &mut Vec<u8>) {
    for segment in &image.segments {
        let bytes = &segment.bytes;
        match segment.address {
            address if address < FLASH_SIZE => {
                memories.flash.write(address as usize, bytes);
            }
            address if (UICR_BASE..UICR_BASE + PAGE_SIZE).contains(&address) => {
                memories.uicr.write((address - UICR_BASE) as usize, bytes);
            }
            address if (WINDOW_BASE..RAM_BASE).contains(&address) => {
                let start = (address - WINDOW_BASE) as usize;
                if nor.len() < start + bytes.len() {
                    nor.resize(start + bytes.len(), 0xFF);
                }
                nor[start..start + bytes.len()].copy_from_slice(bytes);
            }
            _ => {}
        }
    }
}

fn fill_ram_with_noise(context: &mut Context) {
    let mut noise = vec![0; RAM_SIZE as usize];
    context.chance.fill(&mut noise);
    context.memories.ram.write(0, &noise);
}
