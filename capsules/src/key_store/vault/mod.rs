//! Vault.
pub mod format;
pub mod index;
pub mod log;
pub mod scan;
pub mod seal;

#[cfg(test)]
mod tests;
