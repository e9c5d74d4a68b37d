//! Electrical measurement from samples: no I/O, no floating point on the meter.

#![no_std]
#![forbid(unsafe_code)]
