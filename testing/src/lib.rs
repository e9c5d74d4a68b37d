//! Test your capsule on the host: the real kernel, with a chip, processes and hardware that tests play.
//!
//! This is a capsule and its test, which takes thirty lines. `docs/guides/test-a-capsule.md`
//! writes them from nothing and says what happens in them.
//!
//! ```
#![doc = include_str!("../examples/kitchen_timer.rs")]
//! ```
//!
//! # What there is
//!
//! - [`HostKernel`]: the kernel with drivers, and processes that make the system calls that the
//!   test has them make. [`syscalls`] has their constructors, [`App`] the objects that processes
//!   are loaded from, [`loading`] the loader that checks who they are.
//! - [`Clock`]: a clock with an alarm.
//! - [`random`]: random numbers from a seed, and entropy that the test gives.
//! - [`uart`], [`pin`], [`front_end`], [`supply`]: a serial port, a pin, the meter's front end,
//!   its supply.
//! - [`words_in_ram`], [`word_cells`], [`sector_flash`]: flash.
//! - [`on_kernel_thread`]: where tests of capsules with deferred calls run.
//! - [`probe`]: drivers that try what the kernel offers, for tests of the kernel itself.
//!
//! # Why there are two word flashes and one of sectors
//!
//! Capsules call a driver, and hear later of the end of what they have started.
//! [`WordsInRam`](words_in_ram::WordsInRam) is such a driver: its operations last until the test
//! ends them, and tests look at its content and change it.
//! [`WordCells`](word_cells::WordCells) are what lies under a driver: cells that count their
//! writes, can be cut at any operation, and then read as they like. Logs that decide what is
//! written next are tested on them without a driver, because they are copied and cut millions of
//! times. The driver of sectors, [`SectorsInRam`](sector_flash::SectorsInRam), has such cells
//! within: the code under test reads it by the driver only.
//!
//! # What it does not depend on
//!
//! The crates `capsules-core`, `capsules-metering` and `capsules-trust` use this one in their own
//! unit tests, so it depends on none of them; traits that doubles implement are the kernel's or
//! those of `meter-hil`.

#![allow(
    clippy::test_attr_in_doctest,
    reason = "the example is a target of its own, which runs its test"
)]

pub mod app;
pub mod clock;
pub mod front_end;
pub mod host;
pub mod kernel_thread;
pub mod loading;
pub mod memory;
pub mod pin;
pub mod power;
pub mod probe;
pub mod random;
pub mod retry;
pub mod sector_flash;
pub mod supply;
pub mod syscalls;
pub mod uart;
pub mod word_cells;
pub mod words_in_ram;

pub use app::App;
pub use clock::Clock;
pub use host::{
    bare_kernel, round_robin, Drivers, Event, FakeChip, HostKernel, Slots, Step, Thread, SLOTS,
    WAKE,
};
pub use kernel_thread::on_kernel_thread;
pub use memory::{forever, peek, poke, ram};
pub use power::{Always, Power, Woken};

use capsules_support::allowance::Rate;

/// An allowance that no test uses up.
pub const AMPLE: Rate = Rate {
    per_week: u32::MAX,
    most: u16::MAX,
};
