//! One `svc` for each measured call, at a place with a name.

use core::arch::global_asm;

/// A function `$name(r0, r1, r2, r3) -> r0` around one `svc #$class`, between
/// the symbols `$name_svc` and `$name_after`.
macro_rules! measured_call {
    ($name:ident, $class:literal) => {
        global_asm!(
            concat!(
                ".pushsection .text.",
                stringify!($name),
                ", \"ax\", %progbits"
            ),
            ".balign 4",
            concat!(".global ", stringify!($name)),
            concat!(".type ", stringify!($name), ", %function"),
            concat!(".global ", stringify!($name), "_svc"),
            concat!(".global ", stringify!($name), "_after"),
            ".thumb_func",
            concat!(stringify!($name), ":"),
            "push {{r4, lr}}",
            concat!(stringify!($name), "_svc:"),
            concat!("svc #", $class),
            concat!(stringify!($name), "_after:"),
            "nop",
            "pop {{r4, pc}}",
            ".popsection",
        );
        extern "C" {
            pub fn $name(r0: usize, r1: usize, r2: usize, r3: usize) -> usize;
        }
    };
}

measured_call!(null_command, 2);
measured_call!(missing_driver, 2);
measured_call!(yield_no_wait, 0);
measured_call!(subscribe, 1);
measured_call!(unsubscribe, 1);
measured_call!(allow, 3);
measured_call!(memop, 5);
measured_call!(alarm_set, 2);
measured_call!(alarm_sleep, 0);
