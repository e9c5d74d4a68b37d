//! The metering app: samples to energy registers and load profile.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod target {
    use core::fmt::Write;
    use libtock::console::Console;
    libtock::runtime::set_main!(main);
    fn main() {
        let _ = writeln!(Console::writer(), "hello");
    }
}

#[cfg(not(target_os = "none"))]
fn main() {}
