//! The metering app: samples to energy registers and load profile.

fn main() {}
