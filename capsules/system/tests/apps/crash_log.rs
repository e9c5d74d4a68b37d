//! What is kept of faults, and the table that shows who runs.

use std::cell::Cell;

use capsules_system::apps::Fault;
use capsules_system::crash_log::layout::ENTRIES;
use capsules_system::crash_log::{
    CrashKind, CrashRecord, ExitClient, FaultAction, FaultRecorder, FaultRegisters, Name,
    ProcessEntry, ProcessState, Registers,
};
use capsules_system::process_policies::StopFaultPolicy;
use kernel::hil::time::Ticks24;
use kernel::process::Process;
use testing::syscalls::{exit, yield_wait_for};
use testing::{forever, on_kernel_thread, Clock, Power, Step, SLOTS};

use super::setup::*;

/// A core that has a fault status until it is told to forget it.
struct Core {
    status: Cell<u32>,
}

impl FaultRegisters for &Core {
    fn of(&self, process: &dyn Process) -> Registers {
        Registers {
            pc: process.get_addresses().flash_start as u32 + 2,
            cfsr: self.status.get(),
            ..Registers::default()
        }
    }

    fn forget(&self) {
        self.status.set(0);
    }
}

const STATUS: u32 = 0x82;

#[derive(Default)]
struct Exits(Cell<usize>);

impl ExitClient for Exits {
    fn process_ended(&self) {
        self.0.set(self.0.get() + 1);
    }
}

type Recorder = FaultRecorder<'static, &'static Ram, Clock<Ticks24>, Power, &'static Core, SLOTS>;

struct Logged {
    setup: Setup,
    ram: &'static Ram,
    clock: &'static Clock<Ticks24>,
    table: &'static Table,
    core: &'static Core,
    exits: &'static Exits,
    recorder: Recorder,
}

/// The metering app is to restart, the display to panic.
fn logged() -> Logged {
    let faults = [Fault::Restart, Fault::Panic, Fault::Restart, Fault::Panic];
    let setup = Setup::new(faults, [0; SLOTS], |_| forever(StopFaultPolicy {}));
    let (ram, clock, table) = process_table(setup.host.kernel);
    let core = forever(Core {
        status: Cell::new(STATUS),
    });
    let exits = forever(Exits::default());
    let recorder = FaultRecorder::new(setup.apps, table, core, Some(exits));
    Logged {
        setup,
        ram,
        clock,
        table,
        core,
        exits,
        recorder,
    }
}

impl Logged {
    /// The kernel's hook tells of a fault of the process in this place.
    fn fails(&self, place: usize) {
        self.core.status.set(STATUS);
        self.recorder.failed(self.setup.host.process(place));
    }

    /// The entries of the four processes.
    fn entries(&self) -> [Option<ProcessEntry>; SLOTS] {
        let processes = self.ram.report().processes;
        ALL.map(|place| processes[place])
    }

    fn states(&self) -> [Option<ProcessState>; SLOTS] {
        self.entries().map(|entry| entry.map(|entry| entry.state))
    }
}

#[test]
fn a_fault_leaves_a_record_of_who_failed_when_and_how() {
    on_kernel_thread(|| {
        let log = logged();
        log.setup.host.restart(METERING);
        log.clock.pass_ms(1_500);
        log.fails(METERING);
        let start = log.setup.host.process(METERING).get_addresses().flash_start;
        let expected = CrashRecord {
            action: FaultAction::Restarted,
            registers: Some(Registers {
                pc: start as u32 + 2,
                cfsr: STATUS,
                ..Registers::default()
            }),
            boots: 1,
            sequence: 1,
            uptime_us: 1_500_000,
            name: Name::start_of("metering"),
            short_id: METERING_ID,
            restart_count: 1,
            ..CrashRecord::new(CrashKind::ProcessFault)
        };
        assert_eq!(log.ram.records(), [expected]);
        assert_eq!(
            log.core.status.get(),
            0,
            "the next fault has its own status"
        );
        assert_eq!(log.exits.0.get(), 1);
    });
}

#[test]
fn a_record_says_what_the_manifest_wants_of_an_app_and_that_guests_stop() {
    on_kernel_thread(|| {
        let log = logged();
        ALL.iter().for_each(|place| log.fails(*place));
        let records = log.ram.records();
        let told: Vec<_> = records
            .iter()
            .map(|record| (record.name.as_str(), record.short_id, record.action))
            .collect();
        assert_eq!(
            told,
            [
                ("metering", METERING_ID, FaultAction::Restarted),
                ("display", DISPLAY_ID, FaultAction::Panicked),
                ("guest", 0, FaultAction::Stopped),
                ("misplaced", MISPLACED_ID, FaultAction::Stopped),
            ]
        );
        assert_eq!(log.exits.0.get(), SLOTS);
    });
}

#[test]
fn an_end_without_a_fault_is_told_and_leaves_no_record() {
    on_kernel_thread(|| {
        let log = logged();
        log.recorder.ended();
        assert_eq!(log.exits.0.get(), 1);
        assert!(log.ram.records().is_empty());
        assert_eq!(log.core.status.get(), STATUS);
    });
}

#[test]
fn a_fault_is_recorded_where_nobody_waits_for_the_end_of_processes() {
    on_kernel_thread(|| {
        let log = logged();
        let alone: Recorder = FaultRecorder::new(log.setup.apps, log.table, log.core, None);
        alone.failed(log.setup.host.process(DISPLAY));
        assert_eq!(log.ram.records().len(), 1);
        assert_eq!(log.exits.0.get(), 0);
    });
}

#[test]
fn the_table_shows_the_processes_four_times_a_second() {
    on_kernel_thread(|| {
        let log = logged();
        let host = &log.setup.host;
        log.table.start();
        assert_eq!(log.clock.pass(8_191), 0);
        assert_eq!(log.states(), [None; SLOTS]);
        assert_eq!(log.clock.pass(1), 1);
        assert_eq!(log.states(), [Some(ProcessState::Yielded); SLOTS]);

        host.script(METERING, [Step::Fault]);
        host.script(DISPLAY, [Step::Call(exit(0, 0))]);
        host.script(GUEST, [Step::Call(yield_wait_for(OPEN_DRIVER, 0))]);
        ALL.iter().for_each(|place| host.wake(*place));
        host.run();
        host.process(MISPLACED).stop();
        assert_eq!(log.states(), [Some(ProcessState::Yielded); SLOTS]);
        log.clock.pass_ms(250);
        let changed = [
            ProcessState::Faulted,
            ProcessState::Terminated,
            ProcessState::YieldedFor,
            ProcessState::Stopped,
        ];
        assert_eq!(log.states(), changed.map(Some));

        host.process(MISPLACED).resume();
        host.script(MISPLACED, (0..100).map(|_| Step::Interrupted));
        host.wake(MISPLACED);
        host.board.timer.expires_after.set(Some(3));
        host.turn();
        log.clock.pass_ms(250);
        assert_eq!(log.states()[MISPLACED], Some(ProcessState::Running));
    });
}

#[test]
fn an_entry_tells_where_a_process_lies_and_what_it_has_done() {
    on_kernel_thread(|| {
        let log = logged();
        let host = &log.setup.host;
        host.restart(DISPLAY);
        host.stall(DISPLAY);
        let process = host.process(DISPLAY);
        let addresses = process.get_addresses();
        log.table.start();
        log.clock.pass_ms(250);
        let expected = ProcessEntry {
            state: ProcessState::Stopped,
            name: Name::start_of("display"),
            short_id: DISPLAY_ID,
            restart_count: 1,
            fault_count: 0,
            flash_start: addresses.flash_start as u32,
            ram_start: addresses.sram_start as u32,
            dropped_upcalls: process.debug_dropped_upcall_count() as u32,
            system_calls: process.debug_syscall_count() as u32,
        };
        assert!(expected.dropped_upcalls > 0 && expected.system_calls > 0);
        assert_ne!(expected.dropped_upcalls, expected.system_calls);
        assert_eq!(log.entries()[DISPLAY], Some(expected));
    });
}

#[test]
fn faults_are_counted_for_each_process_and_shown_at_once() {
    on_kernel_thread(|| {
        let log = logged();
        [METERING, GUEST, METERING]
            .iter()
            .for_each(|place| log.fails(*place));
        let counts = log
            .entries()
            .map(|entry| entry.map(|entry| entry.fault_count));
        assert_eq!(counts, [2, 0, 1, 0].map(Some));
    });
}

#[test]
fn uptime_goes_on_when_the_clock_wraps() {
    on_kernel_thread(|| {
        let log = logged();
        log.table.start();
        log.clock.pass_ms(3_000);
        log.fails(DISPLAY);
        // The clock wraps every 512 seconds.
        log.clock.pass_ms(2_000_000);
        log.fails(DISPLAY);
        let uptimes: Vec<u64> = log
            .ram
            .records()
            .iter()
            .map(|record| record.uptime_us)
            .collect();
        assert_eq!(uptimes, [3_000_000, 2_003_000_000]);
    });
}

#[test]
fn refused_objects_fill_the_table_from_its_end_and_never_hide_a_process() {
    on_kernel_thread(|| {
        let log = logged();
        log.fails(METERING);
        let before = log.entries();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        for (number, name) in (1..).zip(names) {
            log.table
                .refused(0x1000 * number as usize, name, number, number as u8);
        }
        let refused = |number: u32| {
            Some(ProcessEntry {
                state: ProcessState::Refused(number as u8),
                name: Name::start_of(names[number as usize - 1]),
                short_id: number,
                restart_count: 0,
                fault_count: 0,
                flash_start: 0x1000 * number,
                ram_start: 0,
                dropped_upcalls: 0,
                system_calls: 0,
            })
        };
        let report = log.ram.report();
        // Six places are left beside four processes.
        let expected: Vec<_> = (1..=6).rev().map(refused).collect();
        assert_eq!(report.processes[ENTRIES - 6..], expected);
        assert_eq!(log.entries(), before);
    });
}

#[test]
fn the_table_knows_which_objects_run() {
    on_kernel_thread(|| {
        let log = logged();
        for place in ALL {
            let start = log.setup.host.process(place).get_addresses().flash_start;
            assert!(log.table.runs(start));
            assert!(!log.table.runs(start + 4));
        }
    });
}
