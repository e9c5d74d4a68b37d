//! Bare-metal firmware that checks an ARMv7-M core and MPU.

#![cfg_attr(all(target_arch = "arm", target_os = "none"), no_std, no_main)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod checks;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod log;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod machine;

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn main() {
    println!("this is firmware: build it for thumbv7em-none-eabi");
}
