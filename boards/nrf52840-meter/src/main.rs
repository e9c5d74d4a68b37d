//! The image that is flashed: the meter's wiring on an nRF52840.

fn main() {}
