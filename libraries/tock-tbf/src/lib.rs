//! Parser of the Tock Binary Format, header and footers.

#![no_std]
#![forbid(unsafe_code)]
