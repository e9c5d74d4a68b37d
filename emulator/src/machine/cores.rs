//! The cores that take turns: one for each configuration of the MPU lately seen.
//!
//! A core of `rigless` drops all that it has translated whenever its MPU
//! changes, but keeps it when it loads a state whose MPU equals its own. So
//! every core here keeps one configuration. When firmware has written the MPU
//! ([`crate::bus::mpu`]), the state of the core that ran moves to the core that
//! has the new configuration, with its translations of the time before.
//!
//! States are changed in a core that never runs and has no memory, the bench:
//! that costs microseconds where the same change in a core that ran would cost
//! all its translations.

use super::core;
use super::memory::Kept;
use crate::bus::absent::{AbsentCores, Knowledge};
use crate::bus::context::{Context, Memories};
use crate::bus::mpu::{Configuration, MPU_CONTROL, MPU_FIRST_BASE, MPU_FIRST_SIZE, MPU_NUMBER};
use crate::bus::Part;
use rigless::emulator::{Error, Exit, Processor};
use rigless::soc::Width;
use rigless::time::VirtualNanos;
use std::collections::BTreeSet;

/// The most cores that are kept. Each holds some megabytes of translations.
const MOST: usize = 12;
/// A core that has run fewer instructions with its configuration than this is
/// the first to be given another: it saw a configuration in passing.
const IN_PASSING: u64 = 1000;

/// The cores of a machine, one of which runs.
pub(super) struct Cores {
    pool: Vec<Pooled>,
    active: usize,
    bench: Box<dyn Processor>,
    /// The cores leave the registers of the MPU to the part.
    mpu_on_bus: bool,
    breakpoints: BTreeSet<u32>,
    debugger: bool,
    /// The breakpoint that the next run passes once.
    passing: Option<u64>,
    turns: u64,
    hand_overs: u64,
    /// The state of a core that has never run.
    new_state: Vec<u8>,
    /// While no machine has the cores: what must be told to them.
    absent: AbsentCores,
    // Declared after `pool`, so that it is dropped after the cores, which map
    // these bytes as long as they live.
    kept: [Kept; 4],
}

struct Pooled {
    core: Box<dyn Processor>,
    configuration: Configuration,
    known: Knowledge,
    /// The number of the turn by which it last came to run.
    turn: u64,
    /// Instructions retired when it last took up a state.
    since: u64,
    /// Instructions it has run with its configuration, up to then.
    ran: u64,
}

impl Cores {
    /// One core with the MPU off, for a part with these memories. Unless the
    /// MPU is on the bus, there will never be another one.
    pub fn new(memories: &Memories, mpu_on_bus: bool) -> Result<Self, String> {
        let mut first = core::make(mpu_on_bus)?;
        // SAFETY: `kept` below keeps these memories until after the core; if
        // there comes no bench, the core goes first, for the caller has them.
        unsafe { core::map(first.as_mut(), memories) };
        let bench = core::make(false)?;
        Ok(Cores {
            pool: vec![Pooled::new(first, Configuration::default())],
            active: 0,
            new_state: bench.save(),
            bench,
            mpu_on_bus,
            breakpoints: BTreeSet::new(),
            debugger: false,
            passing: None,
            turns: 0,
            hand_overs: 0,
            absent: AbsentCores::default(),
            kept: memories.kept(),
        })
    }

    /// Starts in a part just powered up, whose memories differ from those that
    /// the cores knew as its context says.
    pub fn begin(&mut self, context: &mut Context) {
        let active = &mut self.pool[self.active];
        for news in context.absent_cores.news(&active.known) {
            active.core.ask(news);
        }
        let new_state = self.new_state.clone();
        self.take_up(&new_state, &Configuration::default(), context)
            .expect("the state of a new core");
        self.hand_overs = 0;
    }

    /// The machine has ended: its cores stand still, and know no more of it
    /// than what they have translated.
    pub fn end(&mut self, context: &mut Context) {
        for address in std::mem::take(&mut self.breakpoints) {
            self.forget_breakpoint(address);
        }
        self.attach_debugger(false);
        self.passing = None;
        for page in context.absent_cores.routed() {
            context.route(page, false);
        }
        self.leave(context);
        self.absent = std::mem::take(&mut context.absent_cores);
    }

    /// The memories that the cores map, and what is to be told to them, after
    /// the machine with these cores has gone.
    pub fn inherit(&mut self) -> Option<(Memories, AbsentCores)> {
        let memories = Memories::reclaim(&mut self.kept)?;
        Some((memories, std::mem::take(&mut self.absent)))
    }

    /// Returns whether a machine to come can go on with what these have translated.
    pub fn are_of_use(&self) -> bool {
        self.mpu_on_bus
    }

    /// The core that runs.
    pub fn active(&self) -> &dyn Processor {
        self.pool[self.active].core.as_ref()
    }

    /// The core that runs.
    pub fn active_mut(&mut self) -> &mut dyn Processor {
        self.pool[self.active].core.as_mut()
    }

    /// Returns how often another core took over.
    pub fn hand_overs(&self) -> u64 {
        self.hand_overs
    }

    /// Lets the core run as [`Processor::run`] does.
    pub fn run(&mut self, budget: u32, part: &mut Part) -> Exit {
        let passing = self.passing.take();
        let core = self.active_mut();
        if let Some(address) = passing {
            core.pass_breakpoint(address);
        }
        core.run(budget, part).0
    }

    /// Moves the state to the core for `configuration`, if it is another one.
    /// False if no core can be in the state, which is so only after firmware
    /// has done what the architecture calls unpredictable.
    pub fn hand_over(&mut self, configuration: &Configuration, context: &mut Context) -> bool {
        if self.pool[self.active].configuration == *configuration {
            return true;
        }
        let state = self.active().save();
        self.take_up(&state, configuration, context).is_ok()
    }

    /// Changes the state without the loss of translations. False, and nothing
    /// has changed, if no core can be in the new state.
    pub fn edit(
        &mut self,
        configuration: &Configuration,
        context: &mut Context,
        change: impl FnOnce(&mut dyn Processor),
    ) -> bool {
        let state = self.active().save();
        if self.bench.load(&state).is_err() {
            return false;
        }
        change(self.bench.as_mut());
        let state = self.bench.save();
        self.take_up(&state, configuration, context).is_ok()
    }

    /// Resets the core and lets it start with the stack pointer and the
    /// address in `vectors`.
    pub fn reset(&mut self, vectors: [Option<u32>; 2], context: &mut Context) {
        let reset = |core: &mut dyn Processor| {
            core.reset();
            core.boot(0, &|address, _| {
                let word = vectors.get(address as usize / 4).copied().flatten();
                word.map(u64::from)
            });
        };
        self.active_mut().take_reset_request();
        let off = Configuration::default();
        // A debugger may have asked to halt there, which is not in the state.
        if self.debugger || !self.edit(&off, context, reset) {
            reset(self.active_mut());
            self.pool[self.active].configuration = off;
        }
    }

    /// Goes on with a state in the core for `configuration`, whatever MPU the
    /// state came with. Memory that changes with it is the caller's to tell.
    pub fn take_up(
        &mut self,
        state: &[u8],
        configuration: &Configuration,
        context: &mut Context,
    ) -> Result<(), Error> {
        self.bench.load(state)?;
        let left = &mut self.pool[self.active];
        left.ran += left.core.retired().saturating_sub(left.since);
        let mut next = self.active;
        if self.mpu_on_bus {
            set_mpu(self.bench.as_mut(), configuration);
            if self.pool[self.active].configuration != *configuration {
                self.leave(context);
                next = self.find(configuration, &context.memories);
            }
        }
        let state = self.bench.save();
        let pooled = &mut self.pool[next];
        pooled.core.load(&state)?;
        pooled.since = pooled.core.retired();
        if next == self.active {
            return Ok(());
        }
        for news in context.absent_cores.news(&pooled.known) {
            pooled.core.ask(news);
        }
        self.turns += 1;
        pooled.turn = self.turns;
        self.hand_overs += 1;
        self.active = next;
        Ok(())
    }

    /// The core that runs will stand still.
    fn leave(&mut self, context: &mut Context) {
        let left = &mut self.pool[self.active];
        context.tell_leaving(left.core.as_mut());
        left.known = context.absent_cores.knowledge();
    }

    /// The core for `configuration`: that which has it, a new one, or else
    /// that which will be missed least.
    fn find(&mut self, configuration: &Configuration, memories: &Memories) -> usize {
        let has = |pooled: &Pooled| pooled.configuration == *configuration;
        if let Some(index) = self.pool.iter().position(has) {
            return index;
        }
        if self.pool.len() < MOST {
            if let Ok(core) = self.another(memories) {
                self.pool.push(Pooled::new(core, *configuration));
                return self.pool.len() - 1;
            }
        }
        let least = (0..self.pool.len())
            .filter(|index| *index != self.active)
            .min_by_key(|index| {
                let pooled = &self.pool[*index];
                (pooled.ran >= IN_PASSING, pooled.turn)
            })
            .unwrap_or(self.active);
        self.pool[least].configuration = *configuration;
        self.pool[least].ran = 0;
        least
    }

    fn another(&self, memories: &Memories) -> Result<Box<dyn Processor>, String> {
        let mut core = core::make(self.mpu_on_bus)?;
        // SAFETY: `memories` are those of the machine that has these cores, which
        // `kept` keeps until after the core.
        unsafe { core::map(core.as_mut(), memories) };
        core.attach_debugger(self.debugger);
        for address in &self.breakpoints {
            core.add_breakpoint(u64::from(*address));
        }
        Ok(core)
    }

    /// Stops every core before `address`; false if no instruction can be there.
    pub fn add_breakpoint(&mut self, address: u32) -> bool {
        let possible = self
            .pool
            .iter_mut()
            .all(|pooled| pooled.core.add_breakpoint(u64::from(address)));
        if possible {
            self.breakpoints.insert(address);
        }
        possible
    }

    /// Takes the breakpoint at `address` away.
    pub fn remove_breakpoint(&mut self, address: u32) {
        if self.breakpoints.remove(&address) {
            self.forget_breakpoint(address);
        }
    }

    fn forget_breakpoint(&mut self, address: u32) {
        for pooled in &mut self.pool {
            pooled.core.remove_breakpoint(u64::from(address));
        }
    }

    /// The next run passes the breakpoint at `address` once.
    pub fn pass_breakpoint(&mut self, address: u32) {
        self.passing = Some(u64::from(address));
    }

    /// A debugger came or went.
    pub fn attach_debugger(&mut self, attached: bool) {
        self.debugger = attached;
        for pooled in &mut self.pool {
            pooled.core.attach_debugger(attached);
        }
    }
}

impl Pooled {
    fn new(core: Box<dyn Processor>, configuration: Configuration) -> Self {
        Pooled {
            core,
            configuration,
            known: Knowledge::default(),
            turn: 0,
            ran: 0,
            since: 0,
        }
    }
}

/// Gives a core that has the registers of the MPU itself this configuration,
/// through as few states as can be: each costs it all that it has translated.
fn set_mpu(core: &mut dyn Processor, configuration: &Configuration) {
    let mut write = |address: u32, value: u32| {
        // At time zero no timer runs out.
        let now = VirtualNanos(0);
        core.debugger_access(Some(u64::from(value)), u64::from(address), Width::W32, now);
    };
    write(MPU_CONTROL, 0);
    for (number, (base, size)) in (0..).zip(configuration.regions) {
        write(MPU_NUMBER, number);
        write(MPU_FIRST_BASE, base);
        write(MPU_FIRST_SIZE, size);
    }
    write(MPU_NUMBER, 0);
    write(MPU_CONTROL, configuration.control);
}
