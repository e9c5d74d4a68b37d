//! Stack pointers that the core or the kernel would follow out of the app.

use super::{place, Own};
use crate::machine::{count_on, recurse, system_call_on};
use crate::target::Verdict;

fn call_on(stack: u32) -> Verdict {
    system_call_on(stack);
    Verdict::Breach("stacked below", stack)
}

fn interrupted_on(stack: u32) -> Verdict {
    count_on(stack);
    Verdict::Breach("stacked below", stack)
}

macro_rules! stacks {
    ($($name:ident: $attack:ident $stack:expr;)*) => {
        $(
            #[doc = concat!("SP at ", stringify!($stack), ".")]
            pub fn $name(_: u32) -> Verdict {
                $attack($stack)
            }
        )*
    };
}

stacks! {
    stack_in_kernel_ram: call_on place::KERNEL_RAM;
    stack_in_other_ram: call_on place::METERING_RAM + 0x1000;
    stack_in_grant: call_on Own::find().ram_end;
    stack_at_ram_start: call_on Own::find().ram_start + 16;
    stack_at_zero: call_on 0;
    stack_in_flash: call_on Own::find().flash_start + 0x400;
    stack_in_peripheral: call_on 0x4000_1000;
    stack_in_kernel_ram_interrupted: interrupted_on place::KERNEL_RAM;
    stack_at_ram_start_interrupted: interrupted_on Own::find().ram_start + 16;
}

/// SP at an odd word, which the core puts right in the frame it makes.
pub fn stack_half_aligned(_: u32) -> Verdict {
    let room = [0u64; 32];
    let end = core::hint::black_box(&room).as_ptr_range().end.addr() as u32;
    let answer = system_call_on(end - 4);
    if answer == super::SUCCESS {
        Verdict::Contained("answered", answer)
    } else {
        Verdict::Breach("answered", answer)
    }
}

/// Recursion without an end.
pub fn stack_overflow(_: u32) -> Verdict {
    Verdict::Breach("recursed", recurse(0))
}
