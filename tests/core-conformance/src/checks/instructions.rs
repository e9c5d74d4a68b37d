//! Instructions that the metrology lives on, against values computed by hand
//! from the manual's pseudocode.

use core::arch::asm;

use super::Report;

/// One instruction of the form `op rd, ra, rb`.
macro_rules! two {
    ($op:literal, $a:expr, $b:expr) => {{
        let result: u32;
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!(concat!($op, " {}, {}, {}"), out(reg) result, in(reg) $a as u32, in(reg) $b as u32,
                options(nomem, nostack));
        }
        result
    }};
}

/// One instruction of the form `op rd, ra, rb, rc`.
macro_rules! three {
    ($op:literal, $a:expr, $b:expr, $c:expr) => {{
        let result: u32;
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!(concat!($op, " {}, {}, {}, {}"), out(reg) result, in(reg) $a as u32,
                in(reg) $b as u32, in(reg) $c as u32, options(nomem, nostack));
        }
        result
    }};
}

/// One instruction of the form `op rd, ra`, with an optional rest.
macro_rules! one {
    ($op:literal, $a:expr $(, $rest:literal)?) => {{
        let result: u32;
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!(concat!($op, " {}, {}" $(, $rest)?), out(reg) result, in(reg) $a as u32,
                options(nomem, nostack));
        }
        result
    }};
}

/// Saturation to an immediate: `op rd, #n, ra`.
macro_rules! saturate {
    ($op:literal, $a:expr) => {{
        let result: u32;
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!(concat!($op, ", {1}"), out(reg) result, in(reg) $a as u32, options(nomem, nostack));
        }
        result
    }};
}

/// Long multiplication: `op lo, hi, ra, rb`, with the old value of lo and hi.
macro_rules! long {
    ($op:literal, $sum:expr, $a:expr, $b:expr) => {{
        let sum: u64 = $sum;
        let mut low = sum as u32;
        let mut high = (sum >> 32) as u32;
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!(concat!($op, " {}, {}, {}, {}"), inout(reg) low, inout(reg) high,
                in(reg) $a as u32, in(reg) $b as u32, options(nomem, nostack));
        }
        u64::from(high) << 32 | u64::from(low)
    }};
}

impl Report {
    /// A 64-bit result; the line shows its halves folded.
    fn equal_long(&mut self, name: &str, value: u64, expected: u64) {
        let folded = (value ^ value >> 32) as u32;
        self.check(name, value == expected, folded);
    }
}

/// The Q flag, which is then cleared.
fn saturated() -> bool {
    let flags: u32;
    // SAFETY: reads and clears a flag.
    unsafe {
        asm!("mrs {0}, apsr", "msr apsr_nzcvq, {1}", out(reg) flags, in(reg) 0,
            options(nomem, nostack));
    }
    flags & 1 << 27 != 0
}

pub fn run(report: &mut Report) {
    long_multiplication(report);
    dual_multiplication(report);
    saturation(report);
    bits(report);
    parallel(report);
}

fn long_multiplication(report: &mut Report) {
    report.equal_long(
        "smull",
        long!("smull", 0, -3i32, 0x4000_0000),
        (-0xC000_0000i64) as u64,
    );
    report.equal_long(
        "umull",
        long!("umull", 0, !0u32, !0u32),
        0xFFFF_FFFE_0000_0001,
    );
    let sum = 0x7FFF_FFFF_FFFF_0000;
    report.equal_long(
        "smlal",
        long!("smlal", sum, -1i32, 0x7FFF_FFFF),
        0x7FFF_FFFF_7FFF_0001,
    );
    report.equal_long(
        "umlal",
        long!("umlal", 0xFFFF_FFFF_0000_0001u64, 0x1_0000, 0x1_0000),
        1,
    );
    report.equal_long(
        "umaal",
        long!("umaal", 0xFFFF_FFFF_FFFF_FFFFu64, !0u32, !0u32),
        0xFFFF_FFFF_FFFF_FFFF,
    );
    report.equal("mla", three!("mla", 0x1_0001, 0x1_0001, 7), 0x0002_0008);
    report.equal("mls", three!("mls", 3, 5, 7), -8i32 as u32);
    report.equal(
        "smmul",
        two!("smmul", 0x8000_0000u32, 0x4000_0000),
        0xE000_0000,
    );
    report.equal("smmulr", two!("smmulr", 3, 0x4000_0000), 1);
    report.equal(
        "smmla",
        three!("smmla", 0x4000_0000, 16, -5i32),
        -1i32 as u32,
    );
    report.equal("sdiv", two!("sdiv", -7i32, 2), -3i32 as u32);
    report.equal("udiv", two!("udiv", 0xFFFF_FFF9u32, 2), 0x7FFF_FFFC);
}

fn dual_multiplication(report: &mut Report) {
    // Halfwords: a = (-2, 3), b = (5, -7), highest first.
    let a = 0xFFFE_0003u32;
    let b = 0x0005_FFF9u32;
    report.equal("smulbb", two!("smulbb", a, b), -21i32 as u32);
    report.equal("smultb", two!("smultb", a, b), 14);
    report.equal("smultt", two!("smultt", a, b), -10i32 as u32);
    report.equal(
        "smulwb",
        two!("smulwb", 0x4000_0000, b),
        (-7i32 * 0x4000) as u32,
    );
    report.equal("smlabb", three!("smlabb", a, b, 100), 79);
    report.equal("smuad", two!("smuad", a, b), -31i32 as u32);
    report.equal("smusd", two!("smusd", a, b), -11i32 as u32);
    report.equal("smlad", three!("smlad", a, b, 1_000), 969);
    report.equal("smladx", three!("smladx", a, b, 0), 29);
    report.equal_long("smlald", long!("smlald", 0, a, b), (-31i64) as u64);
    report.equal_long("smlalbb", long!("smlalbb", 0, a, b), (-21i64) as u64);
    let _ = saturated();
    let sum = three!("smlabb", 0x7FFF, 0x7FFF, 0x7FFF_FFFF);
    let pass = saturated() && sum == 0xBFFF_0000;
    report.check("smlabb-q", pass, sum);
}

fn saturation(report: &mut Report) {
    let _ = saturated();
    report.equal(
        "ssat-inside",
        saturate!("ssat {0}, #12", -2_000i32),
        -2_000i32 as u32,
    );
    report.check("ssat-inside-q", !saturated(), 0);
    let value = saturate!("ssat {0}, #12", 2_048);
    report.check("ssat-above", saturated() && value == 2_047, value);
    let value = saturate!("ssat {0}, #12", -2_049i32);
    report.check("ssat-below", saturated() && value as i32 == -2_048, value);
    let value = saturate!("usat {0}, #8", -1i32);
    report.check("usat-below", saturated() && value == 0, value);
    let value = saturate!("usat {0}, #8", 256);
    report.check("usat-above", saturated() && value == 255, value);
    let value = saturate!("ssat16 {0}, #4", 0x0010_FFF0u32);
    report.check("ssat16", saturated() && value == 0x0007_FFF8, value);
    let value = two!("qadd", 0x7FFF_FFFF, 1);
    report.check("qadd", saturated() && value == 0x7FFF_FFFF, value);
    let value = two!("qsub", 0x8000_0000u32, 1);
    report.check("qsub", saturated() && value == 0x8000_0000, value);
    let value = two!("qdadd", 1, 0x4000_0000);
    report.check("qdadd", saturated() && value == 0x7FFF_FFFF, value);
}

fn bits(report: &mut Report) {
    report.equal("clz", one!("clz", 0x0001_0000), 15);
    report.equal("clz-zero", one!("clz", 0), 32);
    report.equal("rbit", one!("rbit", 0x0000_0013), 0xC800_0000);
    report.equal("rev", one!("rev", 0x1122_3344), 0x4433_2211);
    report.equal("rev16", one!("rev16", 0x1122_3344), 0x2211_4433);
    report.equal("revsh", one!("revsh", 0x0000_3380), 0xFFFF_8033);
    report.equal("ubfx", one!("ubfx", 0x1234_5678, ", #8, #12"), 0x456);
    report.equal("sbfx", one!("sbfx", 0x0000_0F80, ", #7, #5"), -1i32 as u32);
    let mut word = 0xFFFF_FFFFu32;
    // SAFETY: arithmetic on registers.
    unsafe {
        asm!("bfi {}, {}, #8, #16", inout(reg) word, in(reg) 0x1234, options(nomem, nostack))
    };
    report.equal("bfi", word, 0xFF12_34FF);
    // SAFETY: arithmetic on registers.
    unsafe { asm!("bfc {}, #4, #8", inout(reg) word, options(nomem, nostack)) };
    report.equal("bfc", word, 0xFF12_300F);
    report.equal(
        "sxtb-rotated",
        one!("sxtb", 0x0080_0000, ", ror #16"),
        0xFFFF_FF80,
    );
    report.equal("uxtah", three_rotated(), 0x0001_1233);
    report.equal(
        "pkhbt",
        two!("pkhbt", 0x1111_2222, 0x3333_4444),
        0x3333_2222,
    );
    report.equal("shift-by-32", two!("lsl", 1, 32), 0);
    report.equal("shift-by-256", two!("lsl", 1, 256), 1);
    report.equal("asr-by-40", two!("asr", 0x8000_0000u32, 40), !0);
    report.equal("rrx-adc", carry_chain(), 0x8000_0001);
}

/// `uxtah`: a sum with a rotated halfword.
fn three_rotated() -> u32 {
    let result: u32;
    // SAFETY: arithmetic on registers.
    unsafe {
        asm!("uxtah {}, {}, {}, ror #8", out(reg) result, in(reg) 0x0000_FFFF, in(reg) 0x0012_3400,
            options(nomem, nostack));
    }
    result
}

/// Carry out of an addition, through RRX, into an addition.
fn carry_chain() -> u32 {
    let result: u32;
    // SAFETY: arithmetic on registers.
    unsafe {
        asm!(
            "adds {0}, {1}, {1}",
            "rrx {0}, {0}",
            "adc {0}, {0}, #0",
            out(reg) result, in(reg) 0x8000_0000u32, options(nomem, nostack)
        );
    }
    result
}

fn parallel(report: &mut Report) {
    let a = 0x7F80_01FFu32;
    let b = 0x0180_0101u32;
    report.equal("sadd8", two!("sadd8", a, b), 0x8000_0200);
    report.equal("qadd8", two!("qadd8", a, b), 0x7F80_0200);
    report.equal("uqadd8", two!("uqadd8", a, b), 0x80FF_02FF);
    report.equal("uhadd8", two!("uhadd8", a, b), 0x4080_0180);
    report.equal(
        "sadd16",
        two!("sadd16", 0x7FFF_FFFF, 0x0001_0001),
        0x8000_0000,
    );
    report.equal(
        "qadd16",
        two!("qadd16", 0x7FFF_FFFF, 0x0001_0001),
        0x7FFF_0000,
    );
    report.equal(
        "qsub16",
        two!("qsub16", 0x8000_0005u32, 0x0001_0006),
        0x8000_FFFF,
    );
    report.equal("usad8", two!("usad8", 0x0102_03FF, 0x0201_0300), 257);
    // GE from an addition chooses the bytes of SEL.
    let chosen: u32;
    // SAFETY: arithmetic on registers.
    unsafe {
        asm!("uadd8 {0}, {1}, {2}", "sel {0}, {3}, {4}", out(reg) chosen,
            in(reg) 0xFF01_FF01u32, in(reg) 0x0101_0101, in(reg) 0xAAAA_AAAAu32,
            in(reg) 0x5555_5555, options(nomem, nostack));
    }
    report.equal("sel", chosen, 0xAA55_AA55);
}
