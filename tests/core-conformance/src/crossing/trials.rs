//! The trials: one process each, and what the kernel must see of it.

use core::num::NonZeroU32;

use cortexm4::fault::FaultStatus;
use kernel::platform::mpu::{Region, MPU as _};
use kernel::platform::scheduler_timer::SchedulerTimer;
use kernel::process::{FunctionCall, FunctionCallSource};
use kernel::syscall::{ContextSwitchReason, Syscall, SyscallReturn};

use crate::log;
use crate::processes;
use crate::rig::{ram, Rig, APP_SIZE, RAM_SIZE};

/// A value that no process exits with.
const NO_EXIT: usize = 0xBAD0_BAD0;

const CFSR_IACCVIOL: u32 = 1 << 0;
const CFSR_DACCVIOL_AT: u32 = 1 << 1 | 1 << 7;
const CFSR_MSTKERR: u32 = 1 << 4;
const CFSR_PRECISE_AT: u32 = 1 << 9 | 1 << 15;
const CFSR_UNDEFINED: u32 = 1 << 16;
const CFSR_NOCP: u32 = 1 << 19;
/// Escalated, or a debug event: a breakpoint is the latter on the part.
const HFSR_ANY: u32 = 1 << 30 | 1 << 31;

struct Report {
    checks: u32,
}

impl Report {
    fn check(&mut self, name: &str, pass: bool, value: u32) {
        self.checks += 1;
        log::check(name, pass, value);
    }
}

/// Runs all trials and answers how many there were.
pub fn run(rig: &mut Rig) -> u32 {
    let mut report = Report { checks: 0 };
    calls(rig, &mut report);
    rights(rig, &mut report);
    faults(rig, &mut report);
    breakpoint(rig, &mut report);
    stacks(rig, &mut report);
    overwritten_frames(rig, &mut report);
    upcalls(rig, &mut report);
    interrupts(rig, &mut report);
    report.checks
}

/// Runs until exit and answers with the completion code; anything else that
/// happens is `NO_EXIT`.
fn completion_code(rig: &mut Rig) -> usize {
    match rig.run() {
        ContextSwitchReason::SyscallFired {
            syscall:
                Syscall::Exit {
                    which: 0,
                    completion_code,
                },
        } => completion_code,
        _ => NO_EXIT,
    }
}

fn calls(rig: &mut Rig, report: &mut Report) {
    rig.start(processes::one_command, [0; 4]);
    let command = Syscall::Command {
        driver_number: 1,
        subdriver_number: 2,
        arg0: 3,
        arg1: 4,
    };
    let reason = rig.run();
    report.check(
        "command",
        reason == ContextSwitchReason::SyscallFired { syscall: command },
        0,
    );
    let answered = rig.answer(SyscallReturn::SuccessU32(0x1234)).is_ok();
    let code = completion_code(rig);
    report.check("answer", answered && code == 0x1234, code as u32);

    rig.start(processes::unknown_class, [0; 4]);
    let fault = rig.run() == ContextSwitchReason::Fault;
    report.check("unknown-class", fault, 0);
}

fn rights(rig: &mut Rig, report: &mut Report) {
    rig.start(processes::raise_rights, [0; 4]);
    let state = completion_code(rig);
    report.check("rights-stay", state == 3, state as u32);
}

/// Starts `code` with `argument`, expects a fault with this status.
fn expect_fault(
    rig: &mut Rig,
    report: &mut Report,
    name: &str,
    code: unsafe extern "C" fn(),
    argument: usize,
    expected: FaultStatus,
) {
    FaultStatus::forget();
    rig.start(code, [argument, 0, 0, 0]);
    let fault = rig.run() == ContextSwitchReason::Fault;
    let status = FaultStatus::last();
    let same_address = expected.memory_address() == status.memory_address()
        && expected.bus_address() == status.bus_address();
    let pass =
        fault && status.cfsr == expected.cfsr && status.hfsr == expected.hfsr && same_address;
    report.check(name, pass, status.cfsr | status.hfsr);
    // Whatever happened, the next process must run as if nothing had.
    rig.start(processes::one_command, [0; 4]);
    let after = rig.run();
    let alive = matches!(after, ContextSwitchReason::SyscallFired { .. });
    if !alive {
        report.check(name, false, 0xDEAD);
    }
}

/// A fault whose status has these bits and no address.
fn status(cfsr: u32) -> FaultStatus {
    FaultStatus {
        cfsr,
        ..FaultStatus::default()
    }
}

/// An access to `address` that the MPU refused.
fn refused(address: usize) -> FaultStatus {
    FaultStatus {
        cfsr: CFSR_DACCVIOL_AT,
        mmfar: address as u32,
        ..FaultStatus::default()
    }
}

/// An access to `address` that the bus refused.
fn bus_refused(address: usize) -> FaultStatus {
    FaultStatus {
        cfsr: CFSR_PRECISE_AT,
        bfar: address as u32,
        ..FaultStatus::default()
    }
}

fn faults(rig: &mut Rig, report: &mut Report) {
    use processes::{branch, floating_point, read, undefined, write};

    let kernel_ram = 0x2000_0000;
    let own_grant = ram() + RAM_SIZE - 4;
    let behind_break = ram() + APP_SIZE;
    expect_fault(
        rig,
        report,
        "read-kernel-ram",
        read,
        kernel_ram,
        refused(kernel_ram),
    );
    expect_fault(
        rig,
        report,
        "write-kernel-ram",
        write,
        kernel_ram,
        refused(kernel_ram),
    );
    expect_fault(
        rig,
        report,
        "read-own-grant",
        read,
        own_grant,
        refused(own_grant),
    );
    expect_fault(
        rig,
        report,
        "write-own-grant",
        write,
        own_grant,
        refused(own_grant),
    );
    expect_fault(
        rig,
        report,
        "read-behind-break",
        read,
        behind_break,
        refused(behind_break),
    );
    expect_fault(rig, report, "write-flash", write, 0x400, refused(0x400));
    expect_fault(
        rig,
        report,
        "read-peripheral",
        read,
        0x4000_2000,
        refused(0x4000_2000),
    );
    expect_fault(
        rig,
        report,
        "write-mpu",
        write,
        0xE000_ED94,
        bus_refused(0xE000_ED94),
    );
    expect_fault(
        rig,
        report,
        "write-nvic",
        write,
        0xE000_E100,
        bus_refused(0xE000_E100),
    );
    expect_fault(
        rig,
        report,
        "read-scb",
        read,
        0xE000_ED00,
        bus_refused(0xE000_ED00),
    );
    expect_fault(
        rig,
        report,
        "branch-kernel-ram",
        branch,
        kernel_ram | 1,
        status(CFSR_IACCVIOL),
    );
    expect_fault(
        rig,
        report,
        "branch-peripheral",
        branch,
        0x4000_0001,
        status(CFSR_IACCVIOL),
    );
    expect_fault(
        rig,
        report,
        "branch-exc-return",
        branch,
        0xFFFF_FFF9,
        status(CFSR_IACCVIOL),
    );
    expect_fault(
        rig,
        report,
        "undefined",
        undefined,
        0,
        status(CFSR_UNDEFINED),
    );
    expect_fault(
        rig,
        report,
        "floating-point",
        floating_point,
        0,
        status(CFSR_NOCP),
    );
}

/// A breakpoint without a debugger is a HardFault of whoever met it.
fn breakpoint(rig: &mut Rig, report: &mut Report) {
    FaultStatus::forget();
    rig.start(processes::breakpoint, [0; 4]);
    let fault = rig.run() == ContextSwitchReason::Fault;
    let hfsr = FaultStatus::last().hfsr;
    report.check("breakpoint", fault && hfsr & HFSR_ANY != 0, hfsr);
}

fn stacks(rig: &mut Rig, report: &mut Report) {
    use processes::{fault_on_stack, push_on_stack, spin_on_stack, svc_on_stack};

    // Nothing below the block is the process's.
    let below = ram();
    let stacking = status(CFSR_MSTKERR);
    expect_fault(
        rig,
        report,
        "svc-stack-below",
        svc_on_stack,
        below,
        stacking,
    );
    expect_fault(
        rig,
        report,
        "svc-stack-kernel",
        svc_on_stack,
        0x2000_1000,
        stacking,
    );
    expect_fault(rig, report, "svc-stack-zero", svc_on_stack, 0, stacking);
    expect_fault(
        rig,
        report,
        "fault-stack-kernel",
        fault_on_stack,
        0x2000_1000,
        status(CFSR_UNDEFINED | CFSR_MSTKERR),
    );
    FaultStatus::forget();
    rig.start(push_on_stack, [below + 8, 0, 0, 0]);
    let fault = rig.run() == ContextSwitchReason::Fault;
    let cfsr = FaultStatus::last().cfsr;
    report.check("push-below", fault && cfsr & 2 != 0, cfsr);

    // The end of the time slice arrives on a stack that cannot take it.
    FaultStatus::forget();
    rig.start(spin_on_stack, [below, 0, 0, 0]);
    start_slice(rig, 200);
    let fault = rig.run() == ContextSwitchReason::Fault;
    rig.timer.reset();
    let cfsr = FaultStatus::last().cfsr;
    report.check(
        "slice-ends-stack-below",
        fault && cfsr == CFSR_MSTKERR,
        cfsr,
    );

    // The frame at which the process would go on is taken away from it.
    rig.start(processes::one_command, [0; 4]);
    let called = matches!(rig.run(), ContextSwitchReason::SyscallFired { .. });
    FaultStatus::forget();
    let (mpu, config) = rig.config();
    let shrunk = mpu
        .update_app_memory_region(
            (ram() + 32) as *const u8,
            (ram() + RAM_SIZE / 2) as *const u8,
            kernel::platform::mpu::Permissions::ReadWriteExecute,
            config,
        )
        .is_ok();
    let fault = rig.run() == ContextSwitchReason::Fault;
    let cfsr = FaultStatus::last().cfsr;
    report.check(
        "resume-without-frame",
        called && shrunk && fault && cfsr & (1 << 3) != 0,
        cfsr,
    );
    let (mpu, config) = rig.config();
    let grown = mpu
        .update_app_memory_region(
            (ram() + APP_SIZE) as *const u8,
            (ram() + APP_SIZE) as *const u8,
            kernel::platform::mpu::Permissions::ReadWriteExecute,
            config,
        )
        .is_ok();
    report.check("regrow", grown, 0);

    // A stack in memory that the MPU grants but that is not the process's RAM.
    let foreign = ram() + 0x4000;
    let (mpu, config) = rig.config();
    let region = mpu.allocate_region(
        foreign as *const u8,
        256,
        256,
        kernel::platform::mpu::Permissions::ReadWriteOnly,
        config,
    );
    rig.start(svc_on_stack, [foreign + 128, 0, 0, 0]);
    let fault = rig.run() == ContextSwitchReason::Fault;
    report.check("svc-stack-shared-region", region.is_some() && fault, 0);
    let (mpu, config) = rig.config();
    let removed = mpu.remove_memory_region(Region::new(foreign as *const u8, 256), config);
    report.check("remove-region", removed.is_ok(), 0);
}

/// The process has lent the memory of its own frame to a driver, which wrote
/// there: whatever it was, the process alone pays for it.
fn overwritten_frames(rig: &mut Rig, report: &mut Report) {
    let thumb = 1 << 24;
    for (name, pc, xpsr) in [
        ("frame-ipsr-5", 0x400, thumb | 5),
        ("frame-ipsr-11", 0x400, thumb | 11),
        ("frame-arm-state", 0x400, 0),
        ("frame-pc-kernel-ram", 0x2000_1000, thumb),
        ("frame-pc-exc-return", 0xFFFF_FFF9, thumb),
        ("frame-all-ones", 0xFFFF_FFFF, 0xFFFF_FFFF),
    ] {
        rig.start(processes::one_command, [0; 4]);
        let called = matches!(rig.run(), ContextSwitchReason::SyscallFired { .. });
        FaultStatus::forget();
        rig.overwrite_frame(pc, xpsr);
        let fault = rig.run() == ContextSwitchReason::Fault;
        let cfsr = FaultStatus::last().cfsr;
        rig.start(processes::raise_rights, [0; 4]);
        let alive = completion_code(rig) == 3;
        report.check(name, called && fault && alive && cfsr != 0, cfsr);
    }
}

fn upcall_to(code: unsafe extern "C" fn()) -> FunctionCall {
    FunctionCall {
        source: FunctionCallSource::Kernel,
        argument0: 1,
        argument1: 2,
        argument2: 3,
        argument3: 4.into(),
        pc: (code as usize).into(),
    }
}

fn upcalls(rig: &mut Rig, report: &mut Report) {
    let is_yield = |reason: ContextSwitchReason| {
        matches!(
            reason,
            ContextSwitchReason::SyscallFired {
                syscall: Syscall::Yield { .. }
            }
        )
    };
    rig.start(processes::yield_in_it_block, [0; 4]);
    let yielded = is_yield(rig.run());
    // SAFETY: nothing refers to the process's memory.
    let set = unsafe { rig.call(upcall_to(processes::upcall)) }.is_ok();
    let sum = completion_code(rig);
    report.check(
        "upcall-from-it-block",
        yielded && set && sum == 10,
        sum as u32,
    );

    rig.start(processes::yield_misaligned, [0; 4]);
    let yielded = is_yield(rig.run());
    // SAFETY: nothing refers to the process's memory.
    let set = unsafe { rig.call(upcall_to(processes::returning_upcall)) }.is_ok();
    let moved = completion_code(rig);
    report.check(
        "upcall-misaligned-stack",
        yielded && set && moved == 0,
        moved as u32,
    );
}

/// Starts the timer so that it fires in `counts` cycles, wherever that is.
fn start_slice(rig: &Rig, counts: u32) {
    rig.timer
        .start(NonZeroU32::new(counts).unwrap_or(NonZeroU32::MIN));
    rig.timer.arm();
}

/// Runs `caller` until `calls` system calls were made, with the timer firing
/// after `counts` cycles again and again, and interrupt line `line` pending
/// whenever the timer has fired. Answers with the calls that were right and
/// the interruptions, or `None` if the process found an error.
fn storm(rig: &mut Rig, counts: u32, calls: u32, line: u32) -> Option<(u32, u32)> {
    // SAFETY: the firmware uses no interrupt line for anything else.
    let line = unsafe { cortexm4::nvic::Nvic::new(line) };
    rig.start(processes::caller, [0; 4]);
    line.enable();
    let mut made = 0;
    let mut interrupted = 0;
    start_slice(rig, counts);
    while made < calls {
        let reason = rig.run();
        if cortexm4::nvic::next_pending_of::<2>().is_some() {
            line.clear_pending();
            line.enable();
        }
        match reason {
            ContextSwitchReason::SyscallFired {
                syscall:
                    Syscall::Command {
                        driver_number: 7,
                        subdriver_number,
                        arg0,
                        arg1,
                    },
            } if subdriver_number == made as usize
                && arg0 == subdriver_number + 1
                && arg1 == subdriver_number + 2 =>
            {
                rig.answer(SyscallReturn::SuccessU32(made + 3)).ok()?;
                made += 1;
            }
            ContextSwitchReason::Interrupted => {
                interrupted += 1;
                start_slice(rig, counts);
                if interrupted % 2 == 0 {
                    line.set_pending();
                }
            }
            _ => return None,
        }
        // A process that never gets far enough to call must not end the trial.
        if interrupted > 64 * calls {
            break;
        }
    }
    line.disable();
    rig.timer.reset();
    Some((made, interrupted))
}

fn interrupts(rig: &mut Rig, report: &mut Report) {
    FaultStatus::forget();
    rig.start(processes::spin_on_stack, [ram() + APP_SIZE, 0, 0, 0]);
    start_slice(rig, 1_000);
    let first = rig.run() == ContextSwitchReason::Interrupted;
    start_slice(rig, 1_000);
    let second = rig.run() == ContextSwitchReason::Interrupted;
    rig.timer.reset();
    report.check("slice-ends", first && second, 0);

    // Every count from "while entering" to "several calls later". The timer
    // starts over by itself, so a count of less than its own handler takes
    // would leave time for nothing else.
    let mut rounds = 0;
    let mut calls = 0;
    let mut interrupted = 0;
    let mut failed = 0;
    for counts in 50..=450 {
        match storm(rig, counts, 20, 21) {
            Some((made, interruptions)) => {
                calls += made;
                interrupted += interruptions;
            }
            None => failed = failed.max(counts),
        }
        rounds += 1;
    }
    report.check("storm-no-call-lost", failed == 0, failed);
    report.check("storm-calls", calls > rounds * 10, calls);
    report.check("storm-interrupted", interrupted > rounds, interrupted);
}
