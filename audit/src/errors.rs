//! Tock's error numbers, by name.

use crate::specimen::scripted_app::Answer;

/// Something went wrong, such as a tag that is not right.
pub const FAIL: u32 = 1;
/// In use.
pub const BUSY: u32 = 2;
/// It has to be reserved first; or the app's budget is used up.
pub const RESERVE: u32 = 5;
/// An argument is out of range.
pub const INVAL: u32 = 6;
/// Too long or too short.
pub const SIZE: u32 = 7;
/// No memory, or no message.
pub const NOMEM: u32 = 9;
/// Permitted, but not in this state of the meter.
pub const OFF: u32 = 4;
/// Objects of this kind cannot do that.
pub const NOSUPPORT: u32 = 10;
/// What a driver answers to those who have no business with it.
pub const NODEVICE: u32 = 11;
/// Not there.
pub const UNINSTALLED: u32 = 12;

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

/// Returns an error's name.
pub fn name(error: u32) -> String {
    let known = NAMES.get(error as usize).map(ToString::to_string);
    known.unwrap_or_else(|| format!("error {error}"))
}

/// Returns what a call came to.
pub fn describe(answer: &Answer) -> String {
    name(answer.error().unwrap_or(0))
}
