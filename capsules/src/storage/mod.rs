//! Storage: encrypted and authenticated records on external flash, for the applications that the policy names (driver 0x80000006).

pub mod policy;
