//! Bare-metal firmware that tries to break the kernel's context switch.
//!
//! It runs hostile processes under crate `cortexm4`, without a kernel around
//! it, and checks what each of them got. The last check lets SysTick fire at
//! every possible instruction of a process that makes system calls, enters and
//! leaves the kernel, and looks after each of them for a lost call, a wrong
//! answer or privilege.

#![cfg_attr(all(target_arch = "arm", target_os = "none"), no_std, no_main)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[path = "../log.rs"]
mod log;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod processes;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod rig;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod trials;

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn main() {
    println!("this is firmware: build it for thumbv7em-none-eabi");
}
