//! The attacks, by what they are against.

mod execution;
mod memory;
mod pointers;
mod resources;
mod stack;
mod sweeps;

pub use execution::*;
pub use memory::*;
pub use pointers::*;
pub use resources::*;
pub use stack::*;
pub use sweeps::*;

use crate::machine::{load, system_call};

/// Places of the memory map (meter.toml).
mod place {
    pub const KERNEL_RAM: u32 = 0x2000_4000;
    pub const KERNEL_STACK: u32 = 0x2000_0800;
    pub const KERNEL_FLASH: u32 = 0x0001_0200;
    pub const CRASH_LOG: u32 = 0x2000_F800;
    pub const VECTOR_TABLE: u32 = 0;
    pub const DEVICE_SECRET: u32 = 0x0000_F000;
    pub const ANCHOR: u32 = 0x000F_6000;
    pub const KEY_STORE: u32 = 0x000F_0000;
    pub const ENERGY_STORE: u32 = 0x000F_8000;
    pub const METERING_RAM: u32 = 0x2002_0000;
    pub const METERING_FLASH: u32 = 0x0008_0100;
}

/// A word that is easy to see in a dump.
const MARK: u32 = 0xA77A_C4ED;

/// Tag of a successful answer, and first tag of the success variants.
const SUCCESS: u32 = 128;

const CLASS_YIELD: u32 = 0;
const CLASS_SUBSCRIBE: u32 = 1;
const CLASS_COMMAND: u32 = 2;
const CLASS_ALLOW_RW: u32 = 3;
const CLASS_ALLOW_RO: u32 = 4;
const CLASS_MEMOP: u32 = 5;
const CLASS_EXIT: u32 = 6;
const CLASS_ALLOW_READABLE: u32 = 7;

/// A memop; the value if it succeeds.
fn memop(operation: u32, argument: u32) -> Result<u32, u32> {
    match system_call::<CLASS_MEMOP>([operation, argument, 0, 0]) {
        [tag, value, ..] if tag >= SUCCESS => Ok(value),
        [_, error, ..] => Err(error),
    }
}

/// A command; whether it succeeded, and the first value or the error.
fn command(driver: u32, number: u32, first: u32, second: u32) -> Result<u32, u32> {
    match system_call::<CLASS_COMMAND>([driver, number, first, second]) {
        [tag, value, ..] if tag >= SUCCESS => Ok(value),
        [_, error, ..] => Err(error),
    }
}

/// The attacker's own memory, as the kernel tells it.
struct Own {
    ram_start: u32,
    ram_end: u32,
    flash_start: u32,
    flash_end: u32,
    grant_start: u32,
    /// End of what the app may use.
    app_break: u32,
}

impl Own {
    fn find() -> Own {
        let ask = |operation| memop(operation, 0).unwrap_or(0);
        Own {
            ram_start: ask(2),
            ram_end: ask(3),
            flash_start: ask(4),
            flash_end: ask(5),
            grant_start: ask(6),
            app_break: ask(1),
        }
    }
    /// Where the binary ends, and the footers begin that no signature covers: the fourth word
    /// of the header's program element.
    fn binary_end(&self) -> u32 {
        const FIRST_ELEMENT: u32 = 16;
        const PROGRAM: u32 = 9;
        let header_end = self.flash_start + (load(self.flash_start) >> 16);
        let mut at = self.flash_start + FIRST_ELEMENT;
        while at < header_end {
            let element = load(at);
            if element & 0xFFFF == PROGRAM {
                return self.flash_start + load(at + 4 + 12);
            }
            at += 4 + (element >> 16).next_multiple_of(4);
        }
        self.flash_start
    }
}
