//! What unprivileged code may not do.

use core::arch::naked_asm;

use super::Report;
use crate::machine::exceptions::THUMB;
use crate::machine::mpu::{self, WITH_BACKGROUND};
use crate::machine::register::{
    CCR, CFSR, CPACR, DWT_CTRL, ICSR, MPU_CTRL, MPU_RASR, NVIC_ISER, SHCSR, STIR, SYST_CSR, VTOR,
};
use crate::machine::{attempt, change, events, masks, play, read, run_process, Code, Process};

#[unsafe(naked)]
unsafe extern "C" fn clear_control() {
    naked_asm!(
        "movs r0, #0",
        "msr control, r0",
        "isb",
        "mrs r0, control",
        "bx lr"
    )
}

#[unsafe(naked)]
unsafe extern "C" fn mask() {
    naked_asm!(
        "cpsid i",
        "cpsid f",
        "movs r0, #0x40",
        "msr basepri, r0",
        "msr basepri_max, r0",
        "movs r0, #1",
        "msr primask, r0",
        "msr faultmask, r0",
        "isb",
        "bx lr",
    )
}

/// What the special registers say to unprivileged code, or'ed together.
#[unsafe(naked)]
unsafe extern "C" fn read_special() {
    naked_asm!(
        "mrs r0, msp",
        "mrs r1, psp",
        "orrs r0, r1",
        "mrs r1, ipsr",
        "orrs r0, r1",
        "bx lr",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn move_stacks() {
    naked_asm!(
        "movw r0, #0x1000",
        "msr msp, r0",
        "msr psp, r0",
        "mov r0, sp",
        "bx lr",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn load() {
    naked_asm!("ldr r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn store() {
    naked_asm!("str r1, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn load_unprivileged() {
    naked_asm!("ldrt r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn load_halfword_unprivileged() {
    naked_asm!("ldrht r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn store_unprivileged() {
    naked_asm!("strt r1, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn enable_interrupts_then_svc() {
    naked_asm!("cpsie i", "mrs r0, control", "bx lr")
}

/// An unprivileged process that may execute the flash and use 4 KB of RAM.
fn unprivileged(code: Code, arguments: [u32; 4]) -> Option<u32> {
    mpu::load(&[mpu::FLASH, mpu::open(play(), 12)], WITH_BACKGROUND);
    run_process(Process {
        code,
        arguments,
        stack: play() + 0x800,
        privileged: false,
        xpsr: THUMB,
    })
}

pub fn run(report: &mut Report) {
    let control = unprivileged(clear_control, [0; 4]).unwrap_or(!0);
    report.equal("control-write-ignored", control, 3);

    let control = unprivileged(enable_interrupts_then_svc, [0; 4]).unwrap_or(!0);
    let [_, event] = events();
    report.check(
        "control-in-handler",
        control == 3 && event.control & 1 == 1,
        event.control,
    );

    let ended = unprivileged(mask, [0; 4]).is_some();
    report.check("mask-writes-ignored", ended && masks() == 0, masks());

    let seen = unprivileged(read_special, [0; 4]);
    report.check("stack-pointers-hidden", seen == Some(0), seen.unwrap_or(!0));

    let sp = unprivileged(move_stacks, [0; 4]).unwrap_or(!0);
    report.check("stack-pointer-write-ignored", sp == play() + 0x800, sp);

    for (name, address) in [
        ("read-nvic", NVIC_ISER),
        ("read-systick", SYST_CSR),
        ("read-icsr", ICSR),
        ("read-vtor", VTOR),
        ("read-cfsr", CFSR),
        ("read-mpu", MPU_CTRL),
        ("read-dwt", DWT_CTRL),
    ] {
        let value = unprivileged(load, [address, 0, 0, 0]);
        let [_, event] = events();
        let pass = value.is_none() && event.number == 5 && event.cfsr == 0x8200;
        report.check(name, pass && event.bfar == address, event.cfsr);
    }

    for (name, address) in [
        ("write-nvic", NVIC_ISER),
        ("write-systick", SYST_CSR),
        ("write-vtor", VTOR),
        ("write-mpu", MPU_CTRL),
        ("write-rasr", MPU_RASR),
        ("write-shcsr", SHCSR),
        ("write-ccr", CCR),
        ("write-cpacr", CPACR),
        ("write-stir", STIR),
    ] {
        let before = match address {
            STIR => 0,
            _ => read(address),
        };
        let ended = unprivileged(store, [address, !before, 0, 0]).is_some();
        let [_, event] = events();
        // Where the MPU itself is on, that is what `unprivileged` has done.
        let unchanged = match address {
            STIR => true,
            MPU_CTRL => read(address) == WITH_BACKGROUND,
            MPU_RASR => read(address) != !before,
            _ => read(address) == before,
        };
        let pass = !ended && event.number == 5 && unchanged;
        report.check(name, pass, event.cfsr);
    }

    // USERSETMPEND lets unprivileged code trigger interrupts, and nothing else.
    change(CCR, 0, 1 << 1);
    let ended = unprivileged(store, [STIR, 20, 0, 0]).is_some();
    let [_, event] = events();
    report.check(
        "write-stir-allowed",
        ended && event.number == 36,
        event.number,
    );

    for (name, code, argument) in [
        ("ldrt-refused", load_unprivileged as Code, play() + 0x2000),
        ("ldrht-refused", load_halfword_unprivileged, play() + 0x2000),
        ("strt-refused", store_unprivileged, play() + 0x2000),
    ] {
        mpu::load(&[mpu::FLASH, mpu::open(play(), 12)], WITH_BACKGROUND);
        attempt(code, [argument, 0, 0]);
        let [event] = events();
        let pass = event.number == 4 && event.cfsr == 0x82 && event.mmfar == argument;
        report.check(name, pass, event.cfsr);
    }
    mpu::load(&[mpu::FLASH, mpu::open(play(), 12)], WITH_BACKGROUND);
    let flash = attempt(
        load_halfword_unprivileged,
        [load as *const () as u32 & !1, 0, 0],
    );
    // `ldr r0, [r0]`
    report.equal("ldrht-allowed", flash, 0x6800);
}
