//! Parser of the Tock Binary Format (TBF v2): the header before an app's binary, the footers after it.
//!
//! A TBF object is whatever lies in flash, so all of it is a claim. Parsing
//! checks every claim once (lengths, sums, counts, UTF-8, ranges inside the
//! object); the accessors of a parsed header cannot fail or panic afterwards.
//! Nothing is copied out of flash except the fixed-size fields.

#![no_std]
#![forbid(unsafe_code)]

mod bytes;
pub mod parse;
pub mod types;
