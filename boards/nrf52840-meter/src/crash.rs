//! The crash log in retained RAM: faults of apps, panics of the kernel, the process table.

use core::cell::Cell;
use core::panic::PanicInfo;

use capsules_system::crash_log::layout::ENTRIES;
use capsules_system::crash_log::{
    CrashKind, CrashLog, CrashRecord, FaultAction, Name, ProcessEntry, ProcessState, Registers,
    RetainedWords,
};
use cortexm4::fault::{FaultStatus, KernelFault};
use kernel::capabilities::ProcessManagementCapability;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Ticks, Time};
use kernel::platform::ProcessFault;
use kernel::process::{Process, ShortId, State, StoppedState};
use kernel::Kernel;
use nrf52840::rtc::RtcAlarm;

use crate::platform::PROCESSES;
use crate::policy::{app_of, Fault};
use crate::wiring::trust::KeyStore;

/// How often the process table is brought up to date.
const REFRESH_MS: u32 = 250;

/// The retained RAM, word by word.
pub struct Retained(());

impl Retained {
    fn word(index: usize) -> *mut u32 {
        extern "C" {
            static mut _sretained: u32;
            static _eretained: u32;
        }
        let words = (&raw const _eretained as usize - &raw const _sretained as usize) / 4;
        assert!(index < words);
        // SAFETY: the linker script gives this RAM to the crash log alone, and the
        // index lies within it.
        unsafe { (&raw mut _sretained).add(index) }
    }
}

impl RetainedWords for Retained {
    fn read(&self, index: usize) -> u32 {
        // SAFETY: `word` gives a valid address; volatile, because a reset is a
        // reader that the compiler does not know of.
        unsafe { Self::word(index).read_volatile() }
    }

    fn write(&self, index: usize, value: u32) {
        // SAFETY: as above.
        unsafe { Self::word(index).write_volatile(value) }
    }
}

/// The log of this board.
pub type Log = CrashLog<Retained>;

/// Opens the log at boot and notes a watchdog's reset.
pub fn open(reset_bits: u32) -> Log {
    const WATCHDOG: u32 = 1 << 1;
    let (log, _) = CrashLog::open(Retained(()), reset_bits);
    if reset_bits & WATCHDOG != 0 {
        log.add(&CrashRecord {
            detail: reset_bits,
            ..CrashRecord::new(CrashKind::Watchdog)
        });
    }
    log
}

/// Writes a record for each fault before the fault policy acts.
pub struct FaultRecorder {
    table: &'static ProcessTable,
    /// Forgets the session keys of who fails.
    key_store: Option<&'static KeyStore>,
}

impl FaultRecorder {
    /// A recorder into the table's log.
    pub const fn new(table: &'static ProcessTable, key_store: Option<&'static KeyStore>) -> Self {
        Self { table, key_store }
    }
}

impl ProcessFault for FaultRecorder {
    fn process_fault_hook(&self, process: &dyn Process) -> Result<(), ()> {
        self.table.log.add(&CrashRecord {
            action: match app_of(process).map(|app| app.fault) {
                Some(Fault::Restart) => FaultAction::Restarted,
                Some(Fault::Panic) => FaultAction::Panicked,
                Some(Fault::Stop) | None => FaultAction::Stopped,
            },
            registers: Some(registers(process)),
            uptime_us: self.table.uptime_us(),
            name: Name::start_of(process.get_process_name()),
            short_id: short_id(process),
            restart_count: process.get_restart_count() as u32,
            ..CrashRecord::new(CrashKind::ProcessFault)
        });
        self.table.count_fault(process);
        self.process_exit_hook(process);
        // The status belongs to this fault; the next one brings its own.
        FaultStatus::forget();
        Err(())
    }

    fn process_exit_hook(&self, _process: &dyn Process) {
        if let Some(key_store) = self.key_store {
            key_store.process_ended();
        }
    }
}

/// The core's registers at a fault; the frame's only when it lies in the process.
fn registers(process: &dyn Process) -> Registers {
    /// r4 to r11 and the stack pointer.
    const CONTEXT: usize = 9 * 4;
    const FRAME: usize = 8 * 4;
    let mut context = [0; CONTEXT];
    let psp = match process.get_stored_state(&mut context) {
        Ok(CONTEXT) => u32::from_le_bytes([context[32], context[33], context[34], context[35]]),
        _ => 0,
    };
    let mut frame = [0u32; 8];
    let addresses = process.get_addresses();
    let start = psp as usize;
    if start.is_multiple_of(4)
        && start >= addresses.sram_start
        && start
            .checked_add(FRAME)
            .is_some_and(|end| end <= addresses.sram_app_brk)
    {
        for (index, word) in frame.iter_mut().enumerate() {
            // SAFETY: the eight words lie in memory of the process, which does not
            // run now.
            *word = unsafe { (start as *const u32).add(index).read_volatile() };
        }
    }
    let [r0, r1, r2, r3, r12, lr, pc, xpsr] = frame;
    let status = FaultStatus::last();
    Registers {
        pc,
        lr,
        psp,
        xpsr,
        cfsr: status.cfsr,
        hfsr: status.hfsr,
        mmfar: status.mmfar,
        bfar: status.bfar,
        r0,
        r1,
        r2,
        r3,
        r12,
    }
}

fn short_id(process: &dyn Process) -> u32 {
    match process.short_app_id() {
        ShortId::Fixed(id) => id.get(),
        ShortId::LocallyUnique => 0,
    }
}

/// Keeps the process table of the log up to date, a few times a second.
pub struct ProcessTable {
    log: Log,
    kernel: &'static Kernel,
    alarm: &'static RtcAlarm<'static>,
    faults: [Cell<u32>; PROCESSES],
    /// Objects that were not let run.
    refused: Cell<usize>,
    /// Time of the last refresh, because the alarm's counter wraps.
    last_ticks: Cell<<RtcAlarm<'static> as Time>::Ticks>,
    ticks_before: Cell<u64>,
}

struct Management;
// SAFETY: the board may look at its processes.
unsafe impl ProcessManagementCapability for Management {}

impl ProcessTable {
    /// The table of this boot; the board makes it the alarm's client.
    pub fn new(log: Log, kernel: &'static Kernel, alarm: &'static RtcAlarm<'static>) -> Self {
        Self {
            log,
            kernel,
            alarm,
            faults: [const { Cell::new(0) }; PROCESSES],
            refused: Cell::new(0),
            last_ticks: Cell::new(alarm.now()),
            ticks_before: Cell::new(0),
        }
    }

    /// Starts to refresh.
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
        // 1,000,000 / 32,768 = 15,625 / 512
        self.ticks_before.get() * 15_625 / 512
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
        self.kernel.process_iter_capability(&Management)
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

impl AlarmClient for ProcessTable {
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

/// Leaves a record and starts over. Nothing of the kernel is trusted any more.
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let fault = KernelFault::get();
    let status = FaultStatus::last();
    let location = info.location();
    let record = CrashRecord {
        registers: fault.map(|fault| {
            let [r0, r1, r2, r3, r12, lr, pc, xpsr] = fault.frame;
            Registers {
                pc,
                lr,
                psp: fault.stack_pointer,
                xpsr,
                cfsr: status.cfsr,
                hfsr: status.hfsr,
                mmfar: status.mmfar,
                bfar: status.bfar,
                r0,
                r1,
                r2,
                r3,
                r12,
            }
        }),
        detail: location.map_or(0, core::panic::Location::line),
        message: Name::end_of(location.map_or("", core::panic::Location::file)),
        ..CrashRecord::new(if fault.is_some() {
            CrashKind::KernelFault
        } else {
            CrashKind::KernelPanic
        })
    };
    if let Some(log) = CrashLog::attach(Retained(())) {
        log.add(&record);
    }
    if crate::policy::DEBUG_RTT {
        use core::fmt::Write;
        let _ = writeln!(&crate::rtt::RTT, "{info}");
    }
    cortexm4::scb::reset()
}
