//! Each kind of fault and its status.

use core::arch::naked_asm;

use super::Report;
use crate::machine::exceptions::Event;
use crate::machine::register::{CCR, CFSR};
use crate::machine::{attempt, change, events, play, read, write, Code};

const UNALIGN_TRP: u32 = 1 << 3;
const DIV_0_TRP: u32 = 1 << 4;

#[unsafe(naked)]
unsafe extern "C" fn undefined() {
    naked_asm!("udf #0", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn undefined_wide() {
    naked_asm!("udf.w #0", "bx lr")
}

/// `vmov s0, r0`
#[unsafe(naked)]
unsafe extern "C" fn floating_point() {
    naked_asm!(".inst.w 0xEE000A10", "bx lr")
}

/// `mcr p5, 0, r0, c0, c0, 0`
#[unsafe(naked)]
unsafe extern "C" fn coprocessor() {
    naked_asm!(".inst.w 0xEE000510", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn branch() {
    naked_asm!("bx r0")
}

#[unsafe(naked)]
unsafe extern "C" fn load_word() {
    naked_asm!("ldr r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn load_halfword() {
    naked_asm!("ldrh r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn store_word() {
    naked_asm!("str r0, [r0]", "dsb", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn load_two() {
    naked_asm!("ldrd r0, r1, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn load_many() {
    naked_asm!("ldm r0, {{r0, r1}}", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn load_exclusive() {
    naked_asm!("ldrex r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn divide() {
    naked_asm!("sdiv r0, r0, r1", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn breakpoint() {
    naked_asm!("bkpt #1", "bx lr")
}

/// Runs `code` and answers with the fault that it caused.
fn fault(code: Code, argument: u32) -> Event {
    attempt(code, [argument, 0, 0]);
    let [event] = events();
    event
}

/// Where in `code` the fault was.
fn offset(event: &Event, code: Code) -> u32 {
    event.pc().wrapping_sub(code as usize as u32 & !1)
}

pub fn run(report: &mut Report) {
    usage(report);
    alignment(report);
    bus(report);

    let event = fault(breakpoint, 0);
    let pass = event.number == 3 && event.hfsr == 1 << 31;
    report.check("breakpoint", pass, event.hfsr);

    // Sticky until ones are written, bit by bit.
    change(crate::machine::register::SHCSR, 7 << 16, 0);
    report.equal("status-clear", read(CFSR), 0);
}

fn usage(report: &mut Report) {
    for (name, code) in [
        ("undefined", undefined as Code),
        ("undefined-wide", undefined_wide),
    ] {
        let event = fault(code, 0);
        let pass = event.number == 6 && event.cfsr == 1 << 16 && offset(&event, code) == 0;
        report.check(name, pass, event.cfsr);
    }
    for (name, code) in [
        ("floating-point-off", floating_point as Code),
        ("coprocessor", coprocessor),
    ] {
        let event = fault(code, 0);
        let pass = event.number == 6 && event.cfsr == 1 << 19 && offset(&event, code) == 0;
        report.check(name, pass, event.cfsr);
    }
    let target = undefined as *const () as u32 & !1;
    let event = fault(branch, target);
    let pass = event.number == 6 && event.cfsr == 1 << 17 && event.pc() == target;
    report.check("branch-to-arm-state", pass, event.cfsr);

    report.equal("divide-by-zero", attempt(divide, [7, 0, 0]), 0);
    change(CCR, 0, DIV_0_TRP);
    let event = fault(divide, 7);
    let pass = event.number == 6 && event.cfsr == 1 << 25;
    report.check("divide-by-zero-trap", pass, event.cfsr);
    report.equal(
        "divide-overflow",
        attempt(divide, [1 << 31, !0, 0]),
        1 << 31,
    );
}

fn alignment(report: &mut Report) {
    write(play(), 0x4433_2211);
    write(play() + 4, 0x8877_6655);
    report.equal(
        "unaligned-word",
        attempt(load_word, [play() + 1, 0, 0]),
        0x5544_3322,
    );
    report.equal(
        "unaligned-halfword",
        attempt(load_halfword, [play() + 3, 0, 0]),
        0x5544,
    );

    for (name, code) in [
        ("unaligned-word-trap", load_word as Code),
        ("unaligned-halfword-trap", load_halfword),
    ] {
        change(CCR, 0, UNALIGN_TRP);
        let event = fault(code, play() + 1);
        // The compiler's code for the log does unaligned accesses.
        change(CCR, UNALIGN_TRP, 0);
        let pass = event.number == 6 && offset(&event, code) == 0;
        report.check(name, pass && event.cfsr == 1 << 24, event.cfsr);
    }

    for (name, code) in [
        ("unaligned-ldrd", load_two as Code),
        ("unaligned-ldm", load_many),
        ("unaligned-ldrex", load_exclusive),
    ] {
        let event = fault(code, play() + 2);
        let pass = event.number == 6 && event.cfsr == 1 << 24 && offset(&event, code) == 0;
        report.check(name, pass, event.cfsr);
    }
}

fn bus(report: &mut Report) {
    let nowhere = 0x7000_0000;
    let event = fault(load_word, nowhere);
    let pass = event.number == 5 && event.cfsr == 0x8200 && event.bfar == nowhere;
    report.check("bus-read", pass, event.cfsr);

    // A buffered write may be reported late and without an address.
    let event = fault(store_word, nowhere);
    let pass = event.number == 5 && matches!(event.cfsr, 0x8200 | 0x0400);
    report.check("bus-write", pass, event.cfsr);

    let event = fault(branch, nowhere | 1);
    let pass = event.number == 5 && event.cfsr == 1 << 8 && event.pc() == nowhere;
    report.check("bus-execute", pass, event.cfsr);
}
