//! Where the kernel's debug output goes.

pub mod rtt;
