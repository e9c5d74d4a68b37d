//! Key store: keys, trust anchors, certificates and counters that apps use and never read (driver 0x80000004).

pub mod policy;
pub mod vault;
