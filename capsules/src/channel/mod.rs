//! Channels: bounded messages by copy between the applications that the policy names (driver 0x80000005).

pub mod policy;
