//! Which faults happen on purpose, and where.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where the power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cut {
    /// In the flash operation with this number, counted from 1 since the
    /// machine was made: a word write, an erase or a part of one. The word or
    /// the page is left torn.
    FlashOperation(u64),
    /// After this many instructions since the machine was made.
    Instruction(u64),
    /// At this virtual time since the machine was made. A flash operation that
    /// is under way then is torn, if it began after the cut was placed.
    Time(Duration),
}

/// An instruction that is left out, as a glitch would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Its address.
    pub address: u32,
    /// The first arrival at it that is left out, counted from 1.
    pub first: u64,
    /// How many arrivals are left out from then on.
    pub count: u64,
}
