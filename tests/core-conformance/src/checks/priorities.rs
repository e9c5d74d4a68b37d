//! Priorities, masks, tail-chaining and escalation.

use core::arch::naked_asm;

use super::Report;
use crate::machine::exceptions::{event_count, sequence, set_hook, TO_MAIN};
use crate::machine::register::{
    AIRCR, ICSR, NVIC_ICER, NVIC_IPR, NVIC_ISER, NVIC_ISPR, SHCSR, SHPR1, SHPR2, SHPR3,
};
use crate::machine::{
    attempt, barrier, events, read, set_basepri, set_faultmask, set_primask, write,
};

const PENDSV: u32 = 1 << 28;
const SYSTICK: u32 = 1 << 26;

#[unsafe(naked)]
unsafe extern "C" fn svc_2() {
    naked_asm!("svc 2", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn undefined() {
    naked_asm!("udf #0", "bx lr")
}

/// Makes interrupt lines pending at the same moment.
fn pend(lines: u32) {
    set_primask(true);
    write(NVIC_ISPR, lines);
    barrier();
    set_primask(false);
}

fn priorities_of_20_to_23(priorities: [u8; 4]) {
    write(NVIC_IPR + 20, u32::from_le_bytes(priorities));
    barrier();
}

pub fn run(report: &mut Report) {
    bits(report);
    order(report);
    masking(report);
    escalation(report);
}

fn bits(report: &mut Report) {
    write(NVIC_IPR + 20, !0);
    report.equal("priority-bits-irq", read(NVIC_IPR + 20), 0xE0E0_E0E0);
    write(SHPR2, !0);
    report.equal("priority-bits-svcall", read(SHPR2), 0xE000_0000);
    write(SHPR3, !0);
    let value = read(SHPR3) & 0xFFFF_0000;
    report.equal("priority-bits-systick", value, 0xE0E0_0000);
    write(SHPR1, 0x00E0_E0E0);
    report.equal("priority-bits-faults", read(SHPR1), 0x00E0_E0E0);
    write(NVIC_ICER, 1 << 20);
    let off = read(NVIC_ISER) & 1 << 20 == 0;
    write(NVIC_ISER, 1 << 20);
    report.check("line-enables", off && read(NVIC_ISER) & 1 << 20 != 0, 0);
}

fn order(report: &mut Report) {
    priorities_of_20_to_23([0x80, 0x40, 0x80, 0x20]);
    pend(0xF << 20);
    let numbers = events::<4>().map(|event| event.number);
    report.check("order-by-priority", numbers == [39, 37, 36, 38], sequence());

    pend(0xF << 20);
    let chained = events::<4>();
    let same_frame = chained.iter().all(|event| event.frame == chained[0].frame);
    let to_main = chained
        .iter()
        .all(|event| event.exception_return == TO_MAIN);
    report.check("tail-chain", same_frame && to_main, event_count());

    // The same priority does not pre-empt.
    set_hook(Some(|number, _| {
        if number == 37 {
            write(NVIC_ISPR, 1 << 20);
            barrier();
        }
        0
    }));
    pend(1 << 21);
    let [first, second] = events();
    let pass = (first.number, second.number) == (37, 36) && second.exception_return == TO_MAIN;
    report.check("same-priority-waits", pass, second.exception_return);

    // 0x40 and 0x60 are one group when two bits count, so no pre-emption,
    // though it would be served first if both waited.
    write(AIRCR, 0x05FA_0500);
    priorities_of_20_to_23([0x40, 0x60, 0x80, 0x80]);
    set_hook(Some(|number, _| {
        if number == 37 {
            write(NVIC_ISPR, 1 << 20);
            barrier();
        }
        0
    }));
    pend(1 << 21);
    let [_, second] = events();
    let pass = second.number == 36 && second.exception_return == TO_MAIN;
    report.check("priority-group", pass, second.exception_return);

    set_hook(Some(|number, _| {
        if number == 11 {
            write(ICSR, PENDSV);
            barrier();
        }
        0
    }));
    attempt(svc_2, [0; 3]);
    let [svc, pendsv] = events();
    let pass = pendsv.number == 14 && svc.frame == pendsv.frame;
    report.check("pendsv-behind-svc", pass, sequence());

    set_hook(Some(|number, _| {
        if number == 11 {
            write(NVIC_ISPR, 1 << 20);
            write(ICSR, PENDSV | SYSTICK);
            barrier();
        }
        0
    }));
    attempt(svc_2, [0; 3]);
    report.equal("system-call-order", sequence(), 0xB4EF);
}

fn masking(report: &mut Report) {
    set_primask(true);
    write(NVIC_ISPR, 1 << 20);
    barrier();
    let masked = event_count() == 0 && read(NVIC_ISPR) & 1 << 20 != 0;
    set_primask(false);
    barrier();
    report.check("primask", masked && event_count() == 1, event_count());

    set_faultmask(true);
    write(NVIC_ISPR, 1 << 20);
    barrier();
    let masked = event_count() == 0;
    set_faultmask(false);
    barrier();
    report.check("faultmask", masked && event_count() == 1, event_count());

    set_basepri(0x80);
    write(NVIC_ISPR, 1 << 20);
    barrier();
    let masked = event_count() == 0;
    set_basepri(0xA0);
    barrier();
    report.check("basepri", masked && event_count() == 1, event_count());

    // BASEPRI_MAX only raises, and zero raises nothing.
    set_basepri(0x60);
    // SAFETY: no handler is needed meanwhile.
    unsafe {
        core::arch::asm!("msr basepri_max, {}", in(reg) 0x80, options(nostack));
        core::arch::asm!("msr basepri_max, {}", in(reg) 0, options(nostack));
    }
    report.equal("basepri-max", crate::machine::masks() >> 8, 0x60);

    // The register has as many bits as the priorities.
    set_basepri(0xFF);
    report.equal("basepri-bits", crate::machine::masks() >> 8, 0xE0);
}

fn escalation(report: &mut Report) {
    set_primask(true);
    attempt(svc_2, [0; 3]);
    set_primask(false);
    let [event] = events();
    let pass = event.number == 3 && event.hfsr == 1 << 30;
    report.check("svc-masked", pass, event.hfsr);

    set_primask(true);
    attempt(undefined, [0; 3]);
    set_primask(false);
    let [event] = events();
    let pass = event.number == 3 && event.hfsr == 1 << 30 && event.cfsr == 1 << 16;
    report.check("fault-masked", pass, event.cfsr);

    write(SHCSR, 0);
    attempt(undefined, [0; 3]);
    let [event] = events();
    let pass = event.number == 3 && event.hfsr == 1 << 30 && event.cfsr == 1 << 16;
    report.check("fault-disabled", pass, event.cfsr);

    // A fault at the priority of the handler it happens in.
    write(SHPR2, 0);
    write(SHPR1, 0);
    set_hook(Some(|number, _| {
        if number == 11 {
            // SAFETY: the fault is recorded and passed over.
            unsafe { core::arch::asm!("udf #0") };
        }
        0
    }));
    attempt(svc_2, [0; 3]);
    let [_, event] = events();
    let pass = event.number == 3 && event.hfsr == 1 << 30;
    report.check("fault-in-handler", pass, event.exception_return);
}
