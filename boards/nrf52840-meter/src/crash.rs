//! The crash log's memory, the core's registers at a fault, and the panic handler.

use core::panic::PanicInfo;

use capsules_system::crash_log::{
    self, CrashKind, CrashLog, CrashRecord, FaultRegisters, Name, Registers, RetainedWords,
};
use cortexm4::fault::{FaultStatus, KernelFault};
use kernel::platform::ProcessFault;
use kernel::process::Process;
use nrf52840::rtc::RtcAlarm;

use crate::kernel_extras::ProcessManagement;
use crate::tables::PROCESSES;

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

/// The process table of the log.
pub type ProcessTable =
    crash_log::ProcessTable<'static, Retained, RtcAlarm<'static>, ProcessManagement, PROCESSES>;
/// Writes a record for each fault.
pub type FaultRecorder = crash_log::FaultRecorder<
    'static,
    Retained,
    RtcAlarm<'static>,
    ProcessManagement,
    CoreRegisters,
    PROCESSES,
>;

/// The kernel's hooks of faults and exits.
pub struct FaultHooks(pub FaultRecorder);

impl ProcessFault for FaultHooks {
    fn process_fault_hook(&self, process: &dyn Process) -> Result<(), ()> {
        self.0.failed(process);
        // The fault policy acts.
        Err(())
    }

    fn process_exit_hook(&self, _process: &dyn Process) {
        self.0.ended();
    }
}

/// The core's registers at a fault; the frame's only when it lies in the process.
pub struct CoreRegisters;

impl FaultRegisters for CoreRegisters {
    fn of(&self, process: &dyn Process) -> Registers {
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

    fn forget(&self) {
        FaultStatus::forget();
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
    crate::debug_output::panicked(info);
    cortexm4::scb::reset()
}
