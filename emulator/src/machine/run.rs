//! The run loop: stretches of instructions between the instants at which the
//! part does something, idle time skipped, flash stalls waited for.

use super::stops::{Action, Hit, Hook, Stop};
use super::Machine;
use crate::bus::context::ResetCause;
use crate::bus::map::FLASH_SIZE;
use crate::time::{cycles_at, cycles_of, nanoseconds, Cycles, MILLISECOND, NEVER};
use rigless::emulator::Exit;
use rigless::time::VirtualNanos;
use std::time::Duration;

/// The most instructions between looks at the program counter while the flash
/// is busy and code runs from RAM.
const RAM_STRETCH: Cycles = 64;

impl Machine {
    /// Runs for a span of virtual time.
    pub fn run_for(&mut self, time: Duration) -> Stop {
        self.run_to(self.now().saturating_add(cycles_of(time)))
    }

    /// Runs to an instant, in cycles since the first power-up.
    pub fn run_to(&mut self, until: Cycles) -> Stop {
        self.run(until, u64::MAX)
    }

    /// Runs to an instant, but retires at most `limit` instructions in all
    /// since the first power-up.
    pub fn run_to_or(&mut self, until: Cycles, limit: u64) -> Stop {
        self.run(until, limit)
    }

    /// Retires exactly `count` instructions (and waits as long as it takes
    /// for an interrupt, up to a year of virtual time).
    pub fn run_instructions(&mut self, count: u64) -> Stop {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
        let until = self.now().saturating_add(cycles_of(YEAR));
        self.run(until, self.instructions().saturating_add(count))
    }

    /// Runs until `predicate` holds, which is asked after every millisecond
    /// of virtual time, or until `limit` has passed ([`Stop::Time`]).
    pub fn run_until(
        &mut self,
        limit: Duration,
        mut predicate: impl FnMut(&mut Machine) -> bool,
    ) -> Stop {
        let end = self.now().saturating_add(cycles_of(limit));
        loop {
            if predicate(self) {
                return Stop::Found;
            }
            if self.now() >= end {
                return Stop::Time;
            }
            let next = (self.now() / MILLISECOND + 1) * MILLISECOND;
            match self.run_to(next.min(end)) {
                Stop::Time => {}
                other => return other,
            }
        }
    }

    /// Runs until `text` was sent by UART `port` (among the bytes that nobody
    /// took yet), or `limit` has passed.
    pub fn run_until_uart(&mut self, port: usize, text: &str, limit: Duration) -> Stop {
        let mut searched = 0;
        self.run_until(limit, |machine| {
            let sent = &machine.part.context.outside.serial[port].from_part;
            let from = searched.min(sent.len());
            let found = sent[from..]
                .windows(text.len().max(1))
                .any(|window| window == text.as_bytes());
            searched = sent.len().saturating_sub(text.len());
            found || text.is_empty()
        })
    }

    /// Calls `hook` whenever the core arrives at `address`. False if no
    /// instruction can be there (odd address).
    pub fn add_hook(&mut self, address: u32, hook: Hook) -> bool {
        let breakpoint = self.breakpoints.entry(address).or_default();
        if breakpoint.hooks.is_empty() && !self.cores.add_breakpoint(address) {
            self.breakpoints.remove(&address);
            return false;
        }
        breakpoint.hooks.push(hook);
        true
    }

    /// Stops runs at `address`.
    pub fn add_breakpoint(&mut self, address: u32) -> bool {
        self.add_hook(address, Box::new(|_| Action::Stop))
    }

    /// Takes away every hook and breakpoint at `address`.
    pub fn remove_hooks(&mut self, address: u32) {
        if self.breakpoints.remove(&address).is_some() {
            self.cores.remove_breakpoint(address);
        }
    }

    /// Runs to `from`, then counts the instructions until `to` is reached;
    /// none if either is not reached within `limit` each.
    pub fn count_between(&mut self, from: u32, to: u32, limit: Duration) -> Option<u64> {
        let mut start = None;
        for address in [from, to] {
            if !self.add_breakpoint(address) {
                return None;
            }
            let stop = self.run_for(limit);
            self.remove_hooks(address);
            if stop != Stop::Breakpoint(address) {
                return None;
            }
            match start {
                None => start = Some(self.instructions()),
                Some(begin) => return Some(self.instructions() - begin),
            }
        }
        None
    }

    /// Runs to `until` or until `limit` instructions are retired in all.
    fn run(&mut self, until: Cycles, limit: u64) -> Stop {
        if self.off {
            return Stop::PowerCut;
        }
        loop {
            if let Some(stop) = self.between_stretches(until) {
                return stop;
            }
            if let Some(stop) = self.cut_now() {
                return stop;
            }
            let (cut_time, cut_instruction) = self.next_cut();
            if self.instructions() >= limit {
                return Stop::Instructions;
            }
            if self.now() >= until {
                return Stop::Time;
            }
            let until = until.min(cut_time);
            if self.waited(until) {
                continue;
            }
            if let Some(stop) = self.stretch(until, limit.min(cut_instruction)) {
                return stop;
            }
        }
    }

    /// Does what is due, and resets; whether the run ends.
    fn between_stretches(&mut self, until: Cycles) -> Option<Stop> {
        let now = self.now();
        self.part.advance(now);
        let core = self.cores.active_mut();
        if core
            .next_event()
            .is_some_and(|event| event.0 <= nanoseconds(now))
        {
            core.on_event(VirtualNanos(nanoseconds(now)));
            self.asleep = false;
        }
        let nvmc = &self.part.peripherals.nvmc;
        // With an instant of its own the supply may fall, and warn, before it.
        if nvmc.power_failed && nvmc.lost_at.is_none() {
            let fails = self.part.context.stall_until.min(until);
            if fails > now {
                self.skip_to(fails);
                self.part.advance(fails);
            }
            return Some(self.lose_power());
        }
        if self.cores.active_mut().take_reset_request() {
            self.part.context.reset = Some(ResetCause::Software);
        }
        if let Some(cause) = self.part.context.reset.take() {
            self.reset_with(cause);
        }
        self.part.context.system_off.then_some(Stop::SystemOff)
    }

    /// Lets time pass while the core waits for flash or for an interrupt;
    /// whether it did.
    fn waited(&mut self, until: Cycles) -> bool {
        let now = self.now();
        let stall = self.part.context.stall_until;
        if stall > now && self.pc() < FLASH_SIZE {
            let to = stall.min(until).min(self.part.context.wakes.next());
            self.part.context.statistics.stalled_cycles += to - now;
            self.skip_to(to);
            return true;
        }
        if self.asleep && !self.part.context.has_queued() {
            let core = self.core_event();
            let to = until.min(self.part.context.wakes.next()).min(core);
            self.part.context.statistics.idle_cycles += to - now;
            self.skip_to(to);
            return true;
        }
        false
    }

    /// The cycle at which the core's own timer comes to zero.
    fn core_event(&self) -> Cycles {
        self.cores
            .active()
            .next_event()
            .map_or(NEVER, |event| cycles_at(event.0))
    }

    fn skip_to(&mut self, to: Cycles) {
        self.part.skipped += to - self.now();
    }

    /// Lets the core run one stretch; whether the run ends.
    fn stretch(&mut self, until: Cycles, limit: u64) -> Option<Stop> {
        let now = self.now();
        let instructions = self.instructions();
        let mut end = until.min(now.saturating_add(limit - instructions));
        if self.part.context.stall_until > now {
            end = end.min(now + RAM_STRETCH);
        }
        self.part.stretch_end = end;
        let end = end.min(self.part.deadline()).min(self.core_event());
        let budget = u32::try_from(end.saturating_sub(now).max(1)).unwrap_or(u32::MAX);
        let exit = self.cores.run(budget, &mut self.part);
        self.asleep = exit == Exit::Waiting;
        self.follow_mpu();
        match exit {
            Exit::Breakpoint => return self.at_breakpoint(),
            Exit::Lockup => self.part.context.reset = Some(ResetCause::Lockup),
            Exit::Halted => return Some(self.halted()),
            // Nobody serves semihosting: the BKPT is a fault.
            Exit::HostCall => self.cores.active_mut().answer_host_call(None),
            _ => {}
        }
        None
    }

    /// Why the core stopped in the middle of things.
    fn halted(&mut self) -> Stop {
        match self.part.watchpoints.take_hit() {
            Some((address, watched)) => Stop::Watchpoint(address, watched),
            None => Stop::Halted(self.pc()),
        }
    }

    /// Goes on with the core that has the MPU's configuration.
    pub(super) fn follow_mpu(&mut self) {
        if !self.part.mpu.was_written() {
            return;
        }
        self.part.mpu.seen();
        let configuration = self.part.mpu.configuration();
        let context = &mut self.part.context;
        if !self.cores.hand_over(&configuration, context) {
            context.reset = Some(ResetCause::Lockup);
        }
    }

    fn at_breakpoint(&mut self) -> Option<Stop> {
        let pc = self.pc();
        self.cores.pass_breakpoint(pc);
        let hit = Hit {
            pc,
            instructions: self.instructions(),
            now: self.now(),
            r: self.registers().r,
        };
        let breakpoint = self.breakpoints.get_mut(&pc)?;
        let action = breakpoint
            .hooks
            .iter_mut()
            .map(|hook| hook(&hit))
            .max()
            .unwrap_or(Action::Continue);
        match action {
            Action::Continue => None,
            Action::Stop => Some(Stop::Breakpoint(pc)),
            Action::Skip => {
                self.skip_instruction();
                None
            }
        }
    }
}
