//! What yield-no-wait reports.

/// Whether yield-no-wait ran an upcall. The kernel writes the byte 0 or 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum YieldNoWaitReturn {
    /// Nothing was pending.
    NoUpcall = 0,
    /// One upcall was run.
    Upcall = 1,
}
