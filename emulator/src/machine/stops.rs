//! Why a run stops, and what is called on the way.

use crate::time::Cycles;

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The virtual time asked for has passed.
    Time,
    /// The instructions asked for were retired.
    Instructions,
    /// What was waited for is there.
    Found,
    /// A breakpoint, before its instruction.
    Breakpoint(u32),
    /// The power was cut; only [`Machine::power_cycle`](super::Machine::power_cycle) goes on.
    PowerCut,
    /// Firmware entered System OFF; a reset or power cycle goes on.
    SystemOff,
    /// A BKPT instruction, while a debugger is attached.
    Halted(u32),
    /// A watchpoint, before the access to this address that it watches.
    Watchpoint(u32, Watched),
}

/// Which accesses of the core a watchpoint stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// Those that write.
    Writes,
    /// Those that read.
    Reads,
    /// Both.
    Both,
}

/// What a hook sees of the machine at its address, before the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The address.
    pub pc: u32,
    /// Instructions retired so far.
    pub instructions: u64,
    /// The time.
    pub now: Cycles,
    /// R0 to R12, SP, LR, PC.
    pub r: [u32; 16],
}

/// What becomes of the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It runs.
    Continue,
    /// The run stops before it.
    Stop,
    /// It is left out.
    Skip,
}

/// Called each time the core arrives at an address.
pub type Hook = Box<dyn FnMut(&Hit) -> Action + Send>;

/// What happens at an address.
#[derive(Default)]
pub(super) struct Breakpoint {
    /// Called one after the other; the strongest action counts.
    pub(super) hooks: Vec<Hook>,
}
