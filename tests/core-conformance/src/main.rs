//! Bare-metal firmware that checks an ARMv7-M core and MPU.

fn main() {}
