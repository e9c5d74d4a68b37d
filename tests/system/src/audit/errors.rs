//! Tock's error numbers, by name.

use super::puppet::Answer;

/// Permitted, but not in this state of the meter.
pub const OFF: u32 = 4;
/// Objects of this kind cannot do that.
pub const NOSUPPORT: u32 = 10;
/// What a driver answers to those who have no business with it.
pub const NODEVICE: u32 = 11;

const NAMES: [&str; 14] = [
    "success",
    "FAIL",
    "BUSY",
    "ALREADY",
    "OFF",
    "RESERVE",
    "INVAL",
    "SIZE",
    "CANCEL",
    "NOMEM",
    "NOSUPPORT",
    "NODEVICE",
    "UNINSTALLED",
    "NOACK",
];

/// An error's name.
pub fn name(error: u32) -> String {
    let known = NAMES.get(error as usize).map(ToString::to_string);
    known.unwrap_or_else(|| format!("error {error}"))
}

/// What a call came to.
pub fn describe(answer: &Answer) -> String {
    name(answer.error().unwrap_or(0))
}
