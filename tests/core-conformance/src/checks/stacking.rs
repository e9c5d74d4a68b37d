//! Faults of the hardware's own stacking and unstacking.

use core::arch::naked_asm;

use super::Report;
use crate::machine::exceptions::{
    sequence, set_hook, start_process_at, THUMB, TO_MAIN, TO_PROCESS,
};
use crate::machine::mpu::{load, open, FLASH, WITH_BACKGROUND};
use crate::machine::register::{ICSR, SHPR1, SHPR2, SYST_CSR, SYST_CVR, SYST_RVR};
use crate::machine::{events, play, run_process, write, Code, Process};

const MSTKERR: u32 = 1 << 4;
const MUNSTKERR: u32 = 1 << 3;
const SVCALL_PENDED: u32 = 1 << 15;

#[unsafe(naked)]
unsafe extern "C" fn svc_on_stack() {
    naked_asm!("mov sp, r0", "svc 2", "b .")
}

#[unsafe(naked)]
unsafe extern "C" fn undefined_on_stack() {
    naked_asm!("mov sp, r0", "udf #0", "b .")
}

#[unsafe(naked)]
unsafe extern "C" fn push_on_stack() {
    naked_asm!("mov sp, r0", "push {{r0-r7}}", "b .")
}

#[unsafe(naked)]
unsafe extern "C" fn spin_on_stack() {
    naked_asm!("mov sp, r0", "1:", "adds r1, #1", "b 1b")
}

/// An unprivileged process with 1 KB of RAM.
fn unprivileged(code: Code, argument: u32) -> Option<u32> {
    load(&[FLASH, open(play(), 10)], WITH_BACKGROUND);
    run_process(Process {
        code,
        arguments: [argument, 0, 0, 0],
        stack: play() + 0x200,
        privileged: false,
        xpsr: THUMB,
    })
}

pub fn run(report: &mut Report) {
    // The frame would lie below the process's RAM, wholly or in part.
    for (name, stack) in [
        ("stacking-below", play()),
        ("stacking-partly-below", play() + 16),
        ("stacking-above", play() + 0x420),
        ("stacking-kernel", 0x2000_1000),
        ("stacking-nowhere", 0x7000_0000),
    ] {
        unprivileged(svc_on_stack, stack);
        let [_, event] = events();
        let pass =
            event.number == 4 && event.exception_return == TO_PROCESS && event.cfsr == MSTKERR;
        report.check(name, pass, event.cfsr);
    }

    // The system call is still pending in the fault's handler, and comes
    // behind it unless it is taken back.
    unprivileged(svc_on_stack, play());
    let [_, fault, call] = events();
    let pending = fault.shcsr & SVCALL_PENDED != 0;
    let pass = pending && call.number == 11 && call.exception_return == TO_MAIN;
    report.check("svc-behind-its-fault", pass, sequence());

    // The same when SVCall has the priority of the fault: no order is promised.
    write(SHPR2, 0);
    unprivileged(svc_on_stack, play());
    let [_, first, second] = events();
    let pass = matches!((first.number, second.number), (4, 11) | (11, 4));
    report.check("svc-fault-same-priority", pass, sequence());

    // ... and when SVCall is more urgent: then the fault comes behind.
    write(SHPR2, 0);
    write(SHPR1, 0x0020_2020);
    unprivileged(svc_on_stack, play());
    let [_, first, second] = events();
    let pass = (first.number, second.number) == (11, 4);
    report.check("svc-before-its-fault", pass, sequence());

    unprivileged(undefined_on_stack, play());
    let [_, event] = events();
    let known = event.number == 4 || event.number == 6;
    let pass = known && event.cfsr & MSTKERR != 0 && event.cfsr & 1 << 16 != 0;
    report.check("fault-with-bad-stack", pass, event.cfsr);

    unprivileged(push_on_stack, play() + 8);
    let [_, event] = events();
    let pass = event.number == 4 && event.cfsr & 2 != 0;
    report.check("push-with-bad-stack", pass, event.cfsr);

    // SysTick on a bad stack: the fault first, then SysTick.
    write(SYST_RVR, 2_000);
    write(SYST_CVR, 0);
    write(SYST_CSR, 7);
    unprivileged(spin_on_stack, play());
    let [_, fault, tick] = events();
    let pass = fault.number == 4 && fault.cfsr == MSTKERR && tick.number == 15;
    report.check("interrupt-stacking", pass, sequence());

    // Unstacking: the process's frame is where it has no rights.
    for (name, psp) in [
        ("unstacking-kernel", 0x2000_1800),
        ("unstacking-partly-above", play() + 0x3F0),
        ("unstacking-nowhere", 0x7000_0000),
    ] {
        load(&[FLASH, open(play(), 10)], WITH_BACKGROUND);
        start_process_at(psp, false);
        let [_, event] = events();
        let pass =
            event.number == 4 && event.exception_return == TO_PROCESS && event.cfsr == MUNSTKERR;
        report.check(name, pass, event.cfsr);
    }

    // An exception that is chained behind the kernel's return to a process:
    // not one instruction of the process runs, and nPRIV is already set.
    set_hook(Some(|_, _| TO_MAIN));
    load(&[FLASH, open(play(), 10)], WITH_BACKGROUND);
    crate::machine::exceptions::before_start(Some(|| write(ICSR, 1 << 28)));
    run_process(Process {
        code: svc_on_stack,
        arguments: [play() + 0x200, 0, 0, 0],
        stack: play() + 0x200,
        privileged: false,
        xpsr: THUMB,
    });
    crate::machine::exceptions::before_start(None);
    let [_, event] = events();
    let untouched = event.pc() == svc_on_stack as *const () as u32 & !1;
    let pass = event.number == 14 && event.exception_return == TO_PROCESS && untouched;
    report.check(
        "chained-before-process",
        pass && event.control & 1 == 1,
        event.control,
    );
    // The hook sent the processor back to the kernel; so must CONTROL be.
    // SAFETY: privileged thread mode on the main stack, as before.
    unsafe { core::arch::asm!("msr control, {}", "isb", in(reg) 0, options(nomem, nostack)) };
}
