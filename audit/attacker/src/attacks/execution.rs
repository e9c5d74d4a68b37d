//! Code where none may run, special registers, and instructions.

use super::{command, place, Own, CLASS_SUBSCRIBE, CLASS_YIELD};
use crate::machine::{self, load, system_call};
use crate::target::Verdict;

/// `bx lr`.
const RETURN: u32 = 0x4770_4770;

fn execute(address: u32) -> Verdict {
    machine::call(address);
    Verdict::Breach("executed", address)
}

/// Calls code that was written to the attacker's own RAM.
pub fn execute_ram(_: u32) -> Verdict {
    let code = [RETURN; 2];
    execute(core::hint::black_box(&code).as_ptr().addr() as u32 | 1)
}

/// Calls into the kernel.
pub fn execute_kernel(argument: u32) -> Verdict {
    execute(
        if argument == 0 {
            place::KERNEL_FLASH
        } else {
            argument
        } | 1,
    )
}

/// Calls into another app.
pub fn execute_other_app(_: u32) -> Verdict {
    execute(place::METERING_FLASH + 0x81)
}

/// Calls into a peripheral.
pub fn execute_peripheral(_: u32) -> Verdict {
    execute(0x4000_0001)
}

/// Calls into the core's own space.
pub fn execute_system_space(_: u32) -> Verdict {
    execute(0xE000_ED01)
}

/// Calls into the window of the external flash.
pub fn execute_external_flash(_: u32) -> Verdict {
    execute(0x1200_0001)
}

/// Calls into what the kernel keeps in the attacker's own block.
pub fn execute_own_block_end(_: u32) -> Verdict {
    execute(Own::find().ram_end - 63)
}

/// Calls into the attacker's own flash where its signature ends.
pub fn own_footer_execute(_: u32) -> Verdict {
    execute(Own::find().binary_end() | 1)
}

/// Returns from an exception that is none, to an app.
pub fn execute_exception_return(_: u32) -> Verdict {
    machine::pop_into_pc(0xFFFF_FFFD);
    Verdict::Breach("returned", 0xFFFF_FFFD)
}

/// Returns from an exception that is none, to the kernel's handler mode.
pub fn execute_exception_return_to_handler(_: u32) -> Verdict {
    machine::call(0xFFFF_FFF1);
    Verdict::Breach("returned", 0xFFFF_FFF1)
}

/// Calls own code with the state bit of another instruction set.
pub fn execute_arm_state(_: u32) -> Verdict {
    let code = machine::nothing as *const () as u32;
    execute(code & !1)
}

/// Subscribes with a function in RAM, which the ABI allows, and has it called.
pub fn upcall_in_ram(_: u32) -> Verdict {
    let code = [RETURN; 2];
    let function = core::hint::black_box(&code).as_ptr().addr() as u32 | 1;
    let answer = system_call::<CLASS_SUBSCRIBE>([0, 0, function, 0]);
    if answer[0] < super::SUCCESS {
        return Verdict::Breach("subscribe failed: no attack", answer[1]);
    }
    // An alarm that is due at once.
    let _ = command(0, 5, 1, 0);
    system_call::<CLASS_YIELD>([1, 0, 0, 0]);
    Verdict::Breach("executed", function)
}

macro_rules! then_kernel_read {
    ($($name:ident: $change:ident;)*) => {
        $(
            #[doc = concat!("Reads the kernel's RAM after `", stringify!($change), "`.")]
            pub fn $name(_: u32) -> Verdict {
                machine::$change();
                Verdict::Breach("read", load(place::KERNEL_RAM))
            }
        )*
    };
}

then_kernel_read! {
    control_then_kernel_read: clear_control;
    primask_then_kernel_read: set_primask;
    basepri_then_kernel_read: set_basepri;
    faultmask_then_kernel_read: set_faultmask;
}

/// Reads the kernel's stack pointer.
pub fn main_stack_pointer_read(_: u32) -> Verdict {
    match machine::main_stack_pointer() {
        0 => Verdict::Contained("read", 0),
        pointer => Verdict::Breach("read", pointer),
    }
}

/// Moves the kernel's stack pointer into the attacker's RAM, and looks whether
/// the kernel has left anything there after a few system calls.
pub fn main_stack_pointer_write(_: u32) -> Verdict {
    let trap = [super::MARK; 64];
    let trap = core::hint::black_box(&trap);
    machine::set_main_stack_pointer(trap.as_ptr_range().end.addr() as u32);
    for _ in 0..100 {
        let _ = command(8, 0, 0, 0);
    }
    let address = trap.as_ptr().addr() as u32;
    for word in 0..64 {
        let value = load(address + 4 * word);
        if value != super::MARK {
            return Verdict::Breach("kernel pushed", value);
        }
    }
    Verdict::Contained("pushed", 0)
}

/// Looks after each of endless system calls whether it came back privileged: a
/// system call that meets an interrupt is where kernels have slipped.
pub fn privilege_after_system_calls(_: u32) -> Verdict {
    loop {
        let _ = command(8, 0, 0, 0);
        let control = machine::control();
        if control & 1 == 0 {
            return Verdict::Breach("privileged", control);
        }
    }
}

macro_rules! must_fault {
    ($($name:ident: $instruction:ident;)*) => {
        $(
            #[doc = concat!("Executes `", stringify!($instruction), "`.")]
            pub fn $name(_: u32) -> Verdict {
                machine::$instruction();
                Verdict::Breach("executed", 0)
            }
        )*
    };
}

must_fault! {
    undefined_instruction: undefined;
    breakpoint: breakpoint;
    floating_point: floating_point;
    coprocessor: coprocessor;
    crash_for_ever: undefined;
}

/// Divides by zero: a fault, or zero.
pub fn divide_by_zero(_: u32) -> Verdict {
    match machine::divide_by_zero() {
        0 => Verdict::Contained("quotient", 0),
        quotient => Verdict::Breach("quotient", quotient),
    }
}

/// Loads a word that is not aligned, which this core can.
pub fn unaligned_load(_: u32) -> Verdict {
    let words = [0x4433_2211u32, 0x8877_6655];
    let address = core::hint::black_box(&words).as_ptr().addr() as u32 + 1;
    match load(address) {
        0x5544_3322 => Verdict::Contained("loaded", 0x5544_3322),
        value => Verdict::Breach("loaded", value),
    }
}

/// Loads two words that are not aligned, which this core cannot.
pub fn unaligned_load_double(_: u32) -> Verdict {
    let address = Own::find().ram_start + 1;
    Verdict::Breach("loaded", machine::load_double(address))
}

macro_rules! for_ever {
    ($($name:ident: $instruction:ident;)*) => {
        $(
            #[doc = concat!("Repeats `", stringify!($instruction), "` for ever.")]
            pub fn $name(_: u32) -> Verdict {
                loop {
                    machine::$instruction();
                }
            }
        )*
    };
}

for_ever! {
    wait_for_interrupt: wait_for_interrupt;
    wait_for_event: wait_for_event;
    disable_interrupts: set_primask;
    spin: nothing;
}

/// Makes a system call where the core is in the middle of an IT block.
pub fn system_call_in_it_block(_: u32) -> Verdict {
    match machine::system_call_in_it_block() {
        0 => Verdict::Contained("state kept", 0),
        wrong => Verdict::Breach("state lost", wrong),
    }
}
