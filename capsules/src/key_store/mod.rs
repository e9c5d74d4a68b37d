//! Key store: keys, trust anchors, certificates and counters that apps use and never read (driver 0x80000004).
pub mod access;
pub mod app_versions;
mod driver;
pub mod operations;
pub mod policy;
pub mod sessions;
pub mod vault;

pub use app_versions::AppVersions;
pub use driver::{App, AppGrant, KeyStore, DRIVER_NUM};
pub use vault::{Condition, Usage, Vault};
