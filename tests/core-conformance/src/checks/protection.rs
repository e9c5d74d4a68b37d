//! The MPU: regions, subregions, overlaps, permissions, execution.

use core::arch::naked_asm;

use super::Report;
use crate::machine::exceptions::THUMB;
use crate::machine::mpu::{
    self, load, open, Region, ALL, FLASH, KERNEL, KERNEL_RAM, NONE, WITHOUT_BACKGROUND,
    WITH_BACKGROUND,
};
use crate::machine::register::{MPU_CTRL, MPU_RASR, MPU_RBAR, MPU_RNR, MPU_TYPE};
use crate::machine::{
    attempt, barrier, events, forget_events, play, read, run_process, set_faultmask, write, Code,
    Process,
};

#[unsafe(naked)]
unsafe extern "C" fn read_word() {
    naked_asm!("ldr r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn write_word() {
    naked_asm!("str r0, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn call() {
    naked_asm!(
        "push {{r4, lr}}",
        "orr r0, r0, #1",
        "blx r0",
        "pop {{r4, pc}}"
    )
}

#[unsafe(naked)]
unsafe extern "C" fn read_two() {
    naked_asm!("ldrd r0, r1, [r0]", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn write_four() {
    naked_asm!("stm r0, {{r0-r3}}", "bx lr")
}

#[unsafe(naked)]
unsafe extern "C" fn write_halfword() {
    naked_asm!("strh r0, [r0]", "bx lr")
}

/// Eight words from r0 go into the registers from r1 with one instruction.
#[unsafe(naked)]
unsafe extern "C" fn copy_burst() {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "ldm r0, {{r2-r9}}",
        "stm r1, {{r2-r9}}",
        "pop {{r4-r11, pc}}",
    )
}

/// The process's own stack, in the last 4 KB of the play memory, apart from
/// what the regions under test cover.
fn stack() -> Region {
    open(play() + 0x7000, 12)
}

/// Whether unprivileged code may do this at `address`. The regions are loaded.
fn user_may(code: Code, address: u32) -> bool {
    forget_events();
    run_process(Process {
        code,
        arguments: [address, 0, 0, 0],
        stack: play() + 0x8000,
        privileged: false,
        xpsr: THUMB,
    })
    .is_some()
}

/// Whether the kernel may do this at `address`.
fn kernel_may(code: Code, address: u32) -> bool {
    forget_events();
    attempt(code, [address, 0, 0]);
    events::<1>()[0].number == 0
}

/// Bit by bit: whether a process can read the words at `count` addresses,
/// `step` apart.
fn readable(start: u32, step: u32, count: u32) -> u32 {
    (0..count)
        .filter(|index| user_may(read_word, start + index * step))
        .fold(0, |bits, index| bits | 1 << index)
}

pub fn run(report: &mut Report) {
    registers(report);
    background(report);
    permissions(report);
    geometry(report);
    execution(report);
    straddling(report);
}

fn registers(report: &mut Report) {
    report.equal("mpu-regions", read(MPU_TYPE), 0x0000_0800);

    write(MPU_RNR, 2);
    write(MPU_RBAR, 0x2000_4000 | 1 << 4 | 5);
    report.equal("rbar-valid-selects", read(MPU_RNR), 5);
    let value = read(MPU_RBAR);
    report.equal("rbar-reads-region", value, 0x2000_4000 | 5);

    // Four regions with one store, through the aliases.
    for pair in 0..4 {
        write(
            play() + 8 * pair,
            (0x2000_0000 + 0x1000 * pair) | (1 << 4) | (4 + pair),
        );
        write(play() + 8 * pair + 4, 0x0302_0017 + 0x100 * pair);
    }
    attempt(copy_burst, [play(), MPU_RBAR, 0]);
    let taken = (0..4).filter(|pair| {
        write(MPU_RNR, 4 + pair);
        read(MPU_RBAR) & !0x1F == 0x2000_0000 + 0x1000 * pair
            && read(MPU_RASR) == 0x0302_0017 + 0x100 * pair
    });
    report.equal("alias-burst", taken.count() as u32, 4);
    mpu::load(&[], 0);
}

fn background(report: &mut Report) {
    load(&[FLASH, stack()], WITH_BACKGROUND);
    let kernel = kernel_may(read_word, play()) && kernel_may(write_word, play());
    report.check("background-kernel", kernel, 0);

    load(&[FLASH, stack()], WITH_BACKGROUND);
    let user = user_may(read_word, play());
    let [_, event] = events();
    let pass = !user && event.number == 4 && event.cfsr == 0x82 && event.mmfar == play();
    report.check("background-user", pass, event.cfsr);

    load(&[FLASH, KERNEL_RAM], WITHOUT_BACKGROUND);
    let kernel = kernel_may(read_word, play());
    let [event] = events();
    let pass = !kernel && event.cfsr == 0x82 && event.mmfar == play();
    report.check("no-background-kernel", pass, event.cfsr);

    // The system control space is outside the MPU.
    load(&[FLASH, KERNEL_RAM], WITHOUT_BACKGROUND);
    let kernel = kernel_may(read_word, MPU_CTRL);
    report.check("no-background-control-space", kernel, 0);

    // HFNMIENA = 0: the MPU is off at FAULTMASK's priority.
    let closed = Region {
        access: NONE,
        ..open(play(), 12)
    };
    load(&[FLASH, closed], WITH_BACKGROUND);
    let thread = kernel_may(read_word, play());
    set_faultmask(true);
    let masked = kernel_may(read_word, play());
    set_faultmask(false);
    report.check("faultmask-off", !thread && masked, u32::from(masked));
}

fn permissions(report: &mut Report) {
    // (privileged write, privileged read, user write, user read) for each AP.
    let expected = [
        0b0000, 0b1100, 0b1101, 0b1111, 0b0000, 0b0100, 0b0101, 0b0101,
    ];
    let names = [
        "access-0", "access-1", "access-2", "access-3", "", "access-5", "access-6", "access-7",
    ];
    for (access, (name, expected)) in names.into_iter().zip(expected).enumerate() {
        // AP = 4 is reserved.
        if name.is_empty() {
            continue;
        }
        let region = Region {
            access: access as u32,
            ..open(play(), 12)
        };
        load(&[FLASH, stack(), region], WITH_BACKGROUND);
        let rights = u32::from(kernel_may(write_word, play())) << 3
            | u32::from(kernel_may(read_word, play())) << 2
            | u32::from(user_may(write_word, play())) << 1
            | u32::from(user_may(read_word, play()));
        report.equal(name, rights, expected);
    }
}

fn geometry(report: &mut Report) {
    load(&[FLASH, stack(), open(play() + 0x20, 5)], WITH_BACKGROUND);
    let bits = readable(play(), 4, 24);
    report.equal("region-32-bytes", bits, 0x0000_FF00);

    let striped = Region {
        off: 0xAA,
        ..open(play() + 0x100, 8)
    };
    load(&[FLASH, stack(), striped], WITH_BACKGROUND);
    let bits = readable(play() + 0x100, 0x20, 8) | readable(play() + 0x11C, 0x20, 8) << 8;
    report.equal("subregions-256-bytes", bits, 0x5555);

    let upper = Region {
        off: 0x0F,
        ..open(play(), 12)
    };
    load(&[FLASH, stack(), upper], WITH_BACKGROUND);
    let bits = readable(play(), 0x200, 8);
    report.equal("subregions-4-kbytes", bits, 0xF0);

    // A higher number wins, where its subregion is on.
    let hole = Region {
        access: KERNEL,
        off: 0xF0,
        ..open(play(), 12)
    };
    load(&[FLASH, stack(), open(play(), 13), hole], WITH_BACKGROUND);
    let bits = readable(play(), 0x200, 16);
    report.equal("overlap-higher-wins", bits, 0xFFF0);

    load(&[FLASH, stack(), hole, open(play(), 13)], WITH_BACKGROUND);
    let bits = readable(play(), 0x200, 16);
    report.equal("overlap-open-on-top", bits, 0xFFFF);

    // Two adjacent halves, nine sixteenths on: how a process's RAM is made.
    let low = open(play(), 11);
    let high = Region {
        off: 0xFE,
        ..open(play() + 0x800, 11)
    };
    load(&[FLASH, stack(), low, high], WITH_BACKGROUND);
    let bits = readable(play(), 0x100, 16);
    report.equal("two-halves", bits, 0x01FF);

    // A region that changes while the MPU is on changes at once.
    load(&[FLASH, stack(), open(play(), 12)], WITH_BACKGROUND);
    let before = user_may(read_word, play());
    write(MPU_RNR, 2);
    write(MPU_RASR, 0);
    barrier();
    let after = user_may(read_word, play());
    report.check("change-while-on", before && !after, 0);
}

fn execution(report: &mut Report) {
    // `bx lr`, twice, in RAM.
    let put_code = || {
        write(play(), 0x4770_4770);
        barrier();
    };
    put_code();
    load(&[FLASH, stack(), open(play(), 12)], WITH_BACKGROUND);
    report.check("execute-allowed", user_may(call, play()), 0);

    put_code();
    let data = Region {
        never_execute: true,
        ..open(play(), 12)
    };
    load(&[FLASH, stack(), data], WITH_BACKGROUND);
    let ran = user_may(call, play());
    let [_, event] = events();
    let pass = !ran && event.number == 4 && event.cfsr == 1 && event.pc() == play();
    report.check("execute-never", pass, event.cfsr);

    put_code();
    load(&[FLASH, stack(), data], WITH_BACKGROUND);
    let ran = kernel_may(call, play());
    report.check("execute-never-kernel", !ran, events::<1>()[0].cfsr);

    put_code();
    let unreadable = Region {
        access: KERNEL,
        ..open(play(), 12)
    };
    load(&[FLASH, stack(), unreadable], WITH_BACKGROUND);
    let ran = user_may(call, play());
    let [_, event] = events();
    report.check("execute-needs-read", !ran && event.cfsr == 1, event.cfsr);

    // Peripherals and the control space are never executable, MPU or not.
    attempt(call, [0x4000_0000, 0, 0]);
    report.equal("execute-peripheral", events::<1>()[0].cfsr, 1);
    attempt(call, [0xE000_E000, 0, 0]);
    report.equal("execute-control-space", events::<1>()[0].cfsr, 1);

    // The first instruction behind a region: a 32-bit one that starts in it.
    // `b.w .+4` would be 0xF000 0xB800; at the last two bytes it straddles.
    write(play() + 0xFC, 0xF000_BF00);
    write(play() + 0x100, 0x4770_B800);
    barrier();
    load(&[FLASH, stack(), open(play(), 8)], WITH_BACKGROUND);
    let ran = user_may(call, play() + 0xFE);
    let [_, event] = events();
    report.check("execute-straddling", !ran && event.cfsr == 1, event.cfsr);
}

fn straddling(report: &mut Report) {
    let window = |read_only: bool| Region {
        access: if read_only { mpu::READ } else { ALL },
        ..open(play() + 0x100, 8)
    };
    for (name, code, offset) in [
        ("straddle-read-end", read_word as Code, 0x1FE),
        ("straddle-read-start", read_word, 0x0FE),
        ("straddle-write-end", write_word, 0x1FD),
        ("straddle-write-start", write_word, 0x0FF),
        ("straddle-halfword", write_halfword, 0x1FF),
        ("straddle-ldrd", read_two, 0x1FC),
        ("straddle-stm", write_four, 0x1F8),
    ] {
        load(&[FLASH, stack(), window(false)], WITH_BACKGROUND);
        let done = user_may(code, play() + offset);
        let [_, event] = events();
        let pass = !done && event.number == 4 && event.cfsr == 0x82;
        report.check(name, pass, event.mmfar.wrapping_sub(play()));
    }

    // What lies behind the region is untouched by a write that starts in it.
    write(play() + 0x200, 0x5A5A_5A5A);
    load(&[FLASH, stack(), window(false)], WITH_BACKGROUND);
    user_may(write_word, play() + 0x1FD);
    report.equal("straddle-write-nothing", read(play() + 0x200), 0x5A5A_5A5A);

    load(&[FLASH, stack(), window(true)], WITH_BACKGROUND);
    let inside = user_may(read_word, play() + 0x1FC) && user_may(read_word, play() + 0x101);
    report.check("unaligned-inside", inside, 0);
}
