//! Every system-call driver, defined once: numbers, names, errors.
//!
//! A driver is a contract between a capsule, the library of the apps, the manifest that
//! grants its commands, and the pages in docs/syscalls. Each of them takes numbers and
//! names from here, one file a driver, so that none of them can mean another command than
//! the others do:
//!
//! - capsules match a driver's `Command` without a wildcard, so that a command without a
//!   handler does not compile;
//! - apps name the same `Command`;
//! - meter.toml gives names, which [`by_name`] knows;
//! - the tests of this crate hold the pages against [`ALL`], and every number against a
//!   table of its own: numbers are never given anew.
//!
//! What stands in [`ALL`] is for tools on the host. On the meter nobody names it, and the
//! linker leaves it out.
//!
//! # A driver
//!
//! ```
//! use drivers::energy_store::{upcall, Command, DRIVER, NUMBER};
//! use drivers::ErrorCode;
//!
//! assert_eq!(NUMBER, 0x8000_0002);
//! assert_eq!(Command::Newest.number(), 2);
//! assert_eq!(Command::from_number(2), Some(Command::Newest));
//! assert!(Command::Newest.errors().contains(&ErrorCode::UNINSTALLED));
//! assert_eq!(upcall::COUNT, 1);
//! assert_eq!(drivers::by_name("energy_store").unwrap().number, DRIVER.number);
//! ```

#![no_std]
#![forbid(unsafe_code)]

mod definition;
pub mod description;
mod error_code;
mod named;

pub mod adc;
pub mod alarm;
pub mod button;
pub mod channel;
pub mod console;
pub mod energy_store;
pub mod key_store;
pub mod led;
pub mod low_level_debug;
pub mod meter_adc;
pub mod rng;
pub mod storage;
pub mod supply;
pub mod temperature;

pub use description::Driver;
pub use error_code::ErrorCode;
pub use named::Named;

/// What a command that writes flash answers when the app has used up what the manifest lets it
/// write, for now or for ever.
pub const OVER_BUDGET: ErrorCode = ErrorCode::RESERVE;

/// The first of the numbers that are this project's own; those below are upstream Tock's.
pub const FIRST_OWN_NUMBER: u32 = 0x8000_0000;

/// Numbers that are promised to drivers to come, with their names.
pub const RESERVED: &[(&str, u32)] = &[("disconnect", 0x8000_0003)];

/// All drivers, by number.
pub static ALL: [&Driver; 14] = [
    &alarm::DRIVER,
    &console::DRIVER,
    &led::DRIVER,
    &button::DRIVER,
    &adc::DRIVER,
    &low_level_debug::DRIVER,
    &rng::DRIVER,
    &temperature::DRIVER,
    &meter_adc::DRIVER,
    &energy_store::DRIVER,
    &key_store::DRIVER,
    &channel::DRIVER,
    &storage::DRIVER,
    &supply::DRIVER,
];

/// The driver with this name, as meter.toml has it.
pub fn by_name(name: &str) -> Option<&'static Driver> {
    ALL.into_iter().find(|driver| driver.name == name)
}
