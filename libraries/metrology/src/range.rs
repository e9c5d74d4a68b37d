//! The two current channels, between which the meter chooses.

/// The two current channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The low-gain channel, up to 107 A peak.
    Low = 0,
    /// The high-gain channel, up to 6.7 A peak.
    High = 1,
}
