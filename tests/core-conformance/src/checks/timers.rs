//! SysTick, the cycle counter, waiting for interrupts, and instructions that
//! an interrupt may break off.

use core::arch::naked_asm;

use super::Report;
use crate::machine::exceptions::{event_count, set_hook, THUMB};
use crate::machine::register::{DEMCR, DWT_CTRL, DWT_CYCCNT, ICSR, SYST_CSR, SYST_CVR, SYST_RVR};
use crate::machine::{
    attempt, barrier, change, events, play, read, run_process, set_primask, write, Process,
};

const COUNTFLAG: u32 = 1 << 16;
/// On, at the CPU's clock.
const RUN: u32 = 0b101;
/// On, with interrupts.
const TICK: u32 = 0b111;

/// r0 loops of two instructions.
#[unsafe(naked)]
unsafe extern "C" fn spin() {
    naked_asm!("1:", "subs r0, #1", "bne 1b", "bx lr")
}

/// r0 times: eight words from r1 into r2 to r9 and back with `ldm`, `stm`,
/// `push` and `pop`, adding them up in r0.
#[unsafe(naked)]
unsafe extern "C" fn move_many() {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "mov r12, r0",
        "movs r0, #0",
        "1:",
        "ldm r1, {{r2-r9}}",
        "push {{r2-r9}}",
        "pop {{r2-r9}}",
        "stm r1, {{r2-r9}}",
        "add r0, r0, r2",
        "add r0, r0, r3",
        "add r0, r0, r4",
        "add r0, r0, r5",
        "add r0, r0, r6",
        "add r0, r0, r7",
        "add r0, r0, r8",
        "add r0, r0, r9",
        "ldm r1!, {{r2, r3}}",
        "subs r1, #8",
        "add r0, r0, r3",
        "subs r12, #1",
        "bne 1b",
        "pop {{r4-r11, pc}}",
    )
}

fn start(reload: u32, control: u32) {
    write(SYST_CSR, 0);
    write(SYST_RVR, reload);
    write(SYST_CVR, 0);
    write(SYST_CSR, control);
}

pub fn run(report: &mut Report) {
    systick(report);
    waiting(report);
    counter(report);
    interrupted(report);
}

fn systick(report: &mut Report) {
    start(100_000, RUN);
    attempt(spin, [100, 0, 0]);
    let first = read(SYST_CVR);
    attempt(spin, [1_000, 0, 0]);
    let second = read(SYST_CVR);
    let pass = first > second && second > 0 && first <= 100_000;
    report.check("systick-counts-down", pass, u32::from(first > second));

    start(500, RUN);
    let before = read(SYST_CSR) & COUNTFLAG != 0;
    attempt(spin, [2_000, 0, 0]);
    let flag = read(SYST_CSR) & COUNTFLAG != 0;
    let pass = !before && flag && event_count() == 0;
    report.check("systick-countflag", pass, event_count());

    start(100_000, RUN);
    write(SYST_RVR, 0xFFFF_FFFF);
    report.equal("systick-24-bits", read(SYST_RVR), 0x00FF_FFFF);

    start(500, RUN);
    attempt(spin, [2_000, 0, 0]);
    write(SYST_CVR, 5);
    let cleared = read(SYST_CSR) & COUNTFLAG == 0;
    report.check("systick-write-clears", cleared, 0);

    start(1_000, TICK);
    attempt(spin, [5_000, 0, 0]);
    write(SYST_CSR, 0);
    let [event] = events();
    let pass = event.number == 15 && event_count() >= 3;
    report.check("systick-interrupts", pass, event.number);
}

fn waiting(report: &mut Report) {
    // WFI ends with PRIMASK set, and the interrupt comes when it is cleared.
    set_primask(true);
    start(2_000, TICK);
    // SAFETY: SysTick ends the wait.
    unsafe { core::arch::asm!("wfi", options(nostack)) };
    let none_yet = event_count() == 0;
    let pending = read(ICSR) & 1 << 26 != 0;
    write(SYST_CSR, 0);
    set_primask(false);
    barrier();
    let pass = none_yet && pending && event_count() == 1;
    report.check("wfi-masked", pass, event_count());

    // WFE after SEV does not wait.
    // SAFETY: the event register is set by the instruction before.
    unsafe { core::arch::asm!("sev", "wfe", options(nomem, nostack)) };
    report.check("wfe-after-sev", true, 0);

    // A pending exception can be taken back.
    set_primask(true);
    write(ICSR, 1 << 28);
    barrier();
    write(ICSR, 1 << 27);
    barrier();
    set_primask(false);
    barrier();
    report.equal("pendsv-taken-back", event_count(), 0);
}

fn counter(report: &mut Report) {
    change(DEMCR, 0, 1 << 24);
    change(DWT_CTRL, 0, 1);
    let before = read(DWT_CYCCNT);
    attempt(spin, [1_000, 0, 0]);
    let cycles = read(DWT_CYCCNT).wrapping_sub(before);
    report.check(
        "cycle-counter",
        (1_000..20_000).contains(&cycles),
        u32::from(cycles > 0),
    );

    write(DWT_CYCCNT, 0);
    let value = read(DWT_CYCCNT);
    report.check(
        "cycle-counter-reset",
        value < 1_000,
        u32::from(value < 1_000),
    );
}

fn interrupted(report: &mut Report) {
    // Restarted or continued (ICI): the sum is the same either way.
    const WORDS: [u32; 8] = [3, 5, 7, 11, 13, 17, 19, 23];
    let sum = WORDS.iter().sum::<u32>() + WORDS[1];
    let mut wrong = 0;
    let mut ticks = 0;
    // Long enough for the handler itself, and a different place each time.
    for round in 0..60 {
        for (word, value) in WORDS.into_iter().enumerate() {
            write(play() + 4 * word as u32, value);
        }
        set_hook(None);
        start(1_501 + 3 * round, TICK);
        let result = run_process(Process {
            code: move_many,
            arguments: [200, play(), 0, 0],
            stack: play() + 0x1000,
            privileged: true,
            xpsr: THUMB,
        });
        write(SYST_CSR, 0);
        ticks += event_count();
        wrong += u32::from(result != Some(200 * sum));
        crate::machine::exceptions::reset();
    }
    report.check("load-store-multiple", wrong == 0, wrong);
    report.check("load-store-interrupted", ticks > 60, u32::from(ticks > 60));
}
