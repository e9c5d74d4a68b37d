//! Schedulers: which process executes next, and for how long.

pub mod priority;
pub mod round_robin;

/// A process whose remaining slice is shorter than this, in microseconds, is not
/// resumed for it.
const MIN_QUANTA_THRESHOLD_US: u32 = 500;
