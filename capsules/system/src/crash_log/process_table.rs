//! The process table of the crash log: who runs, kept up to date a few times a second.

use core::cell::Cell;

use kernel::capabilities::ProcessManagementCapability;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Frequency, Ticks, Time};
use kernel::process::{Process, ShortId, State, StoppedState};
use kernel::Kernel;

use super::layout::ENTRIES;
use super::{
    CrashKind, CrashLog, CrashRecord, FaultAction, Name, ProcessEntry, ProcessState, Registers,
    RetainedWords,
};

/// How often the process table is brought up to date, in milliseconds.
const REFRESH_MS: u32 = 250;

/// Keeps the process table of the log up to date, a few times a second.
pub struct ProcessTable<'a, W, A, CAP, const PROCESSES: usize>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
{
    log: CrashLog<W>,
    kernel: &'static Kernel,
    capability: CAP,
    alarm: &'a A,
    faults: [Cell<u32>; PROCESSES],
    /// Objects that were not let run.
    refused: Cell<usize>,
    /// Time of the last refresh, because the alarm's counter wraps.
    last_ticks: Cell<<A as Time>::Ticks>,
    ticks_before: Cell<u64>,
}

impl<'a, W, A, CAP, const PROCESSES: usize> ProcessTable<'a, W, A, CAP, PROCESSES>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
{
    /// The table of this boot; the caller makes it the alarm's client.
    pub fn new(log: CrashLog<W>, kernel: &'static Kernel, capability: CAP, alarm: &'a A) -> Self {
        Self {
            log,
            kernel,
            capability,
            alarm,
            faults: [const { Cell::new(0) }; PROCESSES],
            refused: Cell::new(0),
            last_ticks: Cell::new(alarm.now()),
            ticks_before: Cell::new(0),
        }
    }

    /// Starts the alarm by which the table is refreshed from then on.
    pub fn start(&self) {
        self.alarm
            .set_alarm(self.alarm.now(), self.alarm.ticks_from_ms(REFRESH_MS));
    }

    fn uptime_us(&self) -> u64 {
        let now = self.alarm.now();
        let passed = now.wrapping_sub(self.last_ticks.get()).into_u32();
        self.last_ticks.set(now);
        self.ticks_before
            .set(self.ticks_before.get() + u64::from(passed));
        let frequency = u64::from(<A as Time>::Frequency::frequency());
        self.ticks_before.get() * 1_000_000 / frequency
    }

    /// Adds a record of a fault of `process`, whose registers were these.
    pub(super) fn add_fault(
        &self,
        process: &dyn Process,
        action: FaultAction,
        registers: Registers,
    ) {
        self.log.add(&CrashRecord {
            action,
            registers: Some(registers),
            uptime_us: self.uptime_us(),
            name: Name::start_of(process.get_process_name()),
            short_id: short_id(process),
            restart_count: process.get_restart_count() as u32,
            ..CrashRecord::new(CrashKind::ProcessFault)
        });
        self.count_fault(process);
    }

    fn count_fault(&self, process: &dyn Process) {
        let id = process.processid();
        for (count, entry) in self.faults.iter().zip(self.processes()) {
            if entry.processid() == id {
                count.set(count.get() + 1);
            }
        }
        self.refresh();
    }

    /// Whether the object at this address has become a process.
    pub fn runs(&self, flash_start: usize) -> bool {
        self.processes()
            .any(|process| process.get_addresses().flash_start == flash_start)
    }

    /// Notes an object that was not let run, from the end of the table backwards;
    /// what no longer fits beside the processes is left out.
    pub fn refused(&self, flash_start: usize, name: &str, short_id: u32, reason: u8) {
        let free = ENTRIES - self.processes().count();
        let before = self.refused.get();
        if before >= free {
            return;
        }
        self.refused.set(before + 1);
        self.log.set_process(
            ENTRIES - 1 - before,
            &ProcessEntry {
                state: ProcessState::Refused(reason),
                name: Name::start_of(name),
                short_id,
                restart_count: 0,
                fault_count: 0,
                flash_start: flash_start as u32,
                ram_start: 0,
                dropped_upcalls: 0,
                system_calls: 0,
            },
        );
    }

    fn processes(&self) -> impl Iterator<Item = &'static dyn Process> {
        self.kernel.process_iter_capability(&self.capability)
    }

    fn refresh(&self) {
        for (index, (process, faults)) in self.processes().zip(&self.faults).enumerate() {
            let addresses = process.get_addresses();
            self.log.set_process(
                index,
                &ProcessEntry {
                    state: state(process),
                    name: Name::start_of(process.get_process_name()),
                    short_id: short_id(process),
                    restart_count: process.get_restart_count() as u32,
                    fault_count: faults.get(),
                    flash_start: addresses.flash_start as u32,
                    ram_start: addresses.sram_start as u32,
                    dropped_upcalls: process.debug_dropped_upcall_count() as u32,
                    system_calls: process.debug_syscall_count() as u32,
                },
            );
        }
    }
}

impl<'a, W, A, CAP, const PROCESSES: usize> AlarmClient for ProcessTable<'a, W, A, CAP, PROCESSES>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
{
    fn alarm(&self) {
        self.uptime_us();
        self.refresh();
        self.start();
    }
}

fn state(process: &dyn Process) -> ProcessState {
    match process.get_state() {
        State::Running => ProcessState::Running,
        State::Yielded => ProcessState::Yielded,
        State::YieldedFor(_) => ProcessState::YieldedFor,
        State::Stopped(
            StoppedState::Running | StoppedState::Yielded | StoppedState::YieldedFor(_),
        ) => ProcessState::Stopped,
        State::Faulted => ProcessState::Faulted,
        State::Terminated => ProcessState::Terminated,
    }
}

fn short_id(process: &dyn Process) -> u32 {
    match process.short_app_id() {
        ShortId::Fixed(id) => id.get(),
        ShortId::LocallyUnique => 0,
    }
}
