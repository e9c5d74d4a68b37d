//! What a user of the scans asks for and gets.

use super::hardware::AdcChannel;
use kernel::ErrorCode;

/// What is scanned.
pub struct ScanConfig {
    /// The inputs, in the order in which they are converted. At most eight; with `reference`
    /// the last is one more voltage up to 3.6 V, which proves the order of the others.
    pub inputs: &'static [AdcChannel],
    /// Whether the last input is a reference.
    pub reference: bool,
}

/// Buffers that a refused start gives back, and why.
pub type StartRefused = (ErrorCode, &'static mut [u8], &'static mut [u8]);
