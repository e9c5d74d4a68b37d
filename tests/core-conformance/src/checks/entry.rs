//! Exception entry and return: frames, EXC_RETURN, IT state, local monitor.

use core::arch::naked_asm;

use super::Report;
use crate::machine::exceptions::{
    event_count, sequence, set_hook, start_process_at, THUMB, TO_HANDLER, TO_MAIN, TO_PROCESS,
};
use crate::machine::register::{CCR, CPACR, FPCCR, NVIC_IPR, NVIC_ISPR, VTOR};
use crate::machine::{
    attempt, barrier, change, events, forget_events, play, read, run_process, write, Code, Process,
};

/// A privileged process on the middle of the play memory.
fn process(code: Code, arguments: [u32; 4]) -> Process {
    Process {
        code,
        arguments,
        stack: play() + 0x1000,
        privileged: true,
        xpsr: THUMB,
    }
}

#[unsafe(naked)]
unsafe extern "C" fn svc_2() {
    naked_asm!("svc 2", "bx lr")
}

/// Fills r0 to r3, r12, lr, r4 to r11, calls the handler, and counts the
/// registers that are not what they were.
#[unsafe(naked)]
unsafe extern "C" fn svc_with_registers() {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "movw r0, #0x1000",
        "movw r1, #0x1001",
        "movw r2, #0x1002",
        "movw r3, #0x1003",
        "movw r4, #0x1004",
        "movw r8, #0x1008",
        "movw r11, #0x100B",
        "movw r12, #0x100C",
        "movw lr, #0x100E",
        "svc 2",
        "movw r5, #0x1000",
        "sub r0, r0, r5",
        "sub r1, r1, r5",
        "sub r2, r2, r5",
        "sub r3, r3, r5",
        "sub r4, r4, r5",
        "sub r6, r8, r5",
        "sub r7, r11, r5",
        "sub r9, r12, r5",
        "sub r10, lr, r5",
        // 0 1 2 3 4 8 11 12 14: their sum is 55.
        "add r0, r0, r1",
        "add r0, r0, r2",
        "add r0, r0, r3",
        "add r0, r0, r4",
        "add r0, r0, r6",
        "add r0, r0, r7",
        "add r0, r0, r9",
        "add r0, r0, r10",
        "pop {{r4-r11, pc}}",
    )
}

/// Misaligns its stack by four, calls, and answers with the stack pointer's
/// movement.
#[unsafe(naked)]
unsafe extern "C" fn svc_misaligned() {
    naked_asm!(
        "push {{r4, lr}}",
        "sub sp, sp, #4",
        "mov r4, sp",
        "svc 2",
        "mov r0, sp",
        "subs r0, r4, r0",
        "add sp, sp, #4",
        "pop {{r4, pc}}",
    )
}

/// In an IT block: call, then one instruction that runs and one that does not.
#[unsafe(naked)]
unsafe extern "C" fn svc_in_it_block() {
    naked_asm!(
        "movs r0, #0",
        "cmp r0, #0",
        "ittte eq",
        "addeq r0, r0, #1",
        "svceq 2",
        "addeq r0, r0, #2",
        "addne r0, r0, #4",
        "bx lr",
    )
}

/// Faults in an IT block, with two more instructions to go.
#[unsafe(naked)]
unsafe extern "C" fn fault_in_it_block() {
    naked_asm!(
        "movs r0, #0",
        "cmp r0, #0",
        "ittt eq",
        "ldreq r1, [r2]",
        "addeq r0, r0, #2",
        "addeq r0, r0, #4",
        "bx lr",
    )
}

/// LDREX, STREX: 0 if the store happened.
#[unsafe(naked)]
unsafe extern "C" fn exclusive() {
    naked_asm!(
        "ldrex r1, [r0]",
        "strex r2, r1, [r0]",
        "mov r0, r2",
        "bx lr"
    )
}

#[unsafe(naked)]
unsafe extern "C" fn exclusive_cleared() {
    naked_asm!(
        "ldrex r1, [r0]",
        "clrex",
        "strex r2, r1, [r0]",
        "mov r0, r2",
        "bx lr"
    )
}

#[unsafe(naked)]
unsafe extern "C" fn exclusive_interrupted() {
    naked_asm!(
        "ldrex r1, [r0]",
        "svc 2",
        "strex r2, r1, [r0]",
        "mov r0, r2",
        "bx lr"
    )
}

#[unsafe(naked)]
unsafe extern "C" fn store_exclusive_alone() {
    naked_asm!("strex r2, r1, [r0]", "mov r0, r2", "bx lr")
}

/// `vmov s0, r0`, a call, `vmov r0, s0`.
#[unsafe(naked)]
unsafe extern "C" fn floating_point_call() {
    naked_asm!(
        "movw r0, #0x1234",
        ".inst.w 0xEE000A10",
        "svc 2",
        ".inst.w 0xEE100A10",
        "bx lr",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn nothing() {
    naked_asm!("bx lr")
}

pub fn run(report: &mut Report) {
    frames(report);
    returns(report);
    states(report);
    monitor(report);
    floating_point(report);
}

fn frames(report: &mut Report) {
    attempt(svc_2, [0; 3]);
    let [event] = events();
    let pass = event.number == 11 && event.exception_return == TO_MAIN;
    report.check("svc-main-stack", pass, event.exception_return);

    attempt(svc_2, [0; 3]);
    let [event] = events();
    let offset = event.pc().wrapping_sub(svc_2 as *const () as u32 & !1);
    report.equal("svc-return-address", offset, 2);

    run_process(process(svc_2, [0; 4]));
    let [_, event] = events();
    let pass = event.number == 11 && event.exception_return == TO_PROCESS;
    report.check("svc-process-stack", pass, event.exception_return);

    let sum = attempt(svc_with_registers, [0; 3]);
    report.equal("registers-survive", sum, 55);

    attempt(svc_with_registers, [0; 3]);
    let [event] = events();
    let [r0, r1, r2, r3, r12, lr, ..] = event.words;
    let pass = [r0, r1, r2, r3, r12, lr] == [0x1000, 0x1001, 0x1002, 0x1003, 0x100C, 0x100E];
    report.check("frame-order", pass, r12);

    change(CCR, 0, 1 << 9);
    let moved = run_process(process(svc_misaligned, [0; 4]));
    let [_, event] = events();
    let aligned = event.frame % 8 == 0 && event.xpsr() & (1 << 9) != 0;
    report.check("stkalign-pads", moved == Some(0) && aligned, event.xpsr());

    let aligned = run_process(process(svc_2, [0; 4])).is_some();
    let [_, event] = events();
    let pass = aligned && event.xpsr() & (1 << 9) == 0;
    report.check("stkalign-no-pad", pass, event.xpsr());

    // The table moved to RAM; its words are those in flash.
    for word in 0..64 {
        write(play() + 4 * word, read(4 * word));
    }
    write(VTOR, play());
    barrier();
    attempt(svc_2, [0; 3]);
    report.equal("vector-table-moves", event_count(), 1);
}

fn returns(report: &mut Report) {
    // Line 20 at 0x80 makes line 21 at 0x40 pending.
    write(NVIC_IPR + 20, 0x8080_4080);
    set_hook(Some(|number, _| {
        if number == 16 + 20 {
            write(NVIC_ISPR, 1 << 21);
            barrier();
        }
        0
    }));
    write(NVIC_ISPR, 1 << 20);
    barrier();
    let [first, second] = events();
    let pass = first.number == 36 && second.number == 37 && second.exception_return == TO_HANDLER;
    report.check("nested-return", pass, second.exception_return);

    set_hook(Some(|number, _| if number == 11 { 0xFFFF_FFF3 } else { 0 }));
    attempt(svc_2, [0; 3]);
    let [_, event] = events();
    let pass = event.number == 6 && event.cfsr == 1 << 18;
    report.check("invalid-exc-return", pass, event.cfsr);

    // Thread mode with an exception number in the stacked xPSR.
    set_hook(Some(|number, frame| {
        if number == 11 {
            write(frame + 28, THUMB | 5);
        }
        0
    }));
    attempt(svc_2, [0; 3]);
    let [_, event] = events();
    let pass = event.number == 6 && event.cfsr == 1 << 18;
    report.check("invalid-stacked-ipsr", pass, event.cfsr);

    // Handler mode asked for where nothing is left to return to.
    set_hook(Some(|number, _| if number == 11 { TO_HANDLER } else { 0 }));
    attempt(svc_2, [0; 3]);
    let [_, event] = events();
    let pass = event.number == 6 && event.cfsr == 1 << 18;
    report.check("invalid-return-to-handler", pass, event.cfsr);

    run_process(Process {
        xpsr: 0,
        ..process(nothing, [0; 4])
    });
    let [_, event] = events();
    let pass = event.number == 6 && event.cfsr == 1 << 17;
    report.check("stacked-thumb-bit-clear", pass, event.cfsr);
}

fn states(report: &mut Report) {
    let done = attempt(svc_in_it_block, [0; 3]);
    report.equal("it-block-resumes", done, 3);

    attempt(svc_in_it_block, [0; 3]);
    let [event] = events();
    // Two instructions to go, condition EQ: IT[7:0] = 0000_0x1x.
    let it = (event.xpsr() >> 25 & 3) | (event.xpsr() >> 10 & 0x3F) << 2;
    report.check("it-state-stacked", it != 0 && it >> 5 == 0, it);

    attempt(fault_in_it_block, [0, 0, 0x7000_0000]);
    let [event] = events();
    let it = (event.xpsr() >> 25 & 3) | (event.xpsr() >> 10 & 0x3F) << 2;
    report.check("it-state-of-fault", event.number == 5 && it != 0, it);

    // What the handler stacked is what the process had: N, Z, C, V, Q, GE.
    let psp = play() + 0x800;
    for (word, value) in [
        0,
        0,
        0,
        0,
        0,
        0,
        svc_2 as *const () as u32 & !1,
        0xF80F_0000 | THUMB,
    ]
    .into_iter()
    .enumerate()
    {
        write(psp + 4 * word as u32, value);
    }
    // It returns to lr = 0, where the stack pointer's value ends it.
    start_process_at(psp, true);
    let [_, event] = events();
    report.equal("flags-survive", event.xpsr() & 0xF80F_0000, 0xF80F_0000);

    forget_events();
    attempt(svc_2, [0; 3]);
    attempt(svc_2, [0; 3]);
    report.equal("sequence", sequence(), 0xBB);
}

fn monitor(report: &mut Report) {
    let at = [play(), 0, 0];
    report.equal("exclusive-stores", attempt(exclusive, at), 0);
    report.equal("exclusive-clrex", attempt(exclusive_cleared, at), 1);
    report.equal("exclusive-exception", attempt(exclusive_interrupted, at), 1);
    attempt(exclusive_cleared, at);
    report.equal("exclusive-alone", attempt(store_exclusive_alone, at), 1);
}

fn floating_point(report: &mut Report) {
    change(CPACR, 0, 0xF << 20);
    write(FPCCR, 3 << 30);
    barrier();
    let kept = attempt(floating_point_call, [0; 3]);
    let [event] = events();
    let pass = event.exception_return == 0xFFFF_FFE9 && kept == 0x1234;
    report.check("floating-point-frame", pass, event.exception_return);
    // CONTROL.FPCA is the next check's business no more.
    // SAFETY: privileged thread mode on the main stack, as before.
    unsafe { core::arch::asm!("msr control, {}", "isb", in(reg) 0, options(nomem, nostack)) };
}
