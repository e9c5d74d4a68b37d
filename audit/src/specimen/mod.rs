//! The meter that is audited or tested: its flash image, built and changed, and its machine.

pub mod artifacts;
pub mod firmware;
pub mod meter;
pub mod scripted_app;
pub mod signed;
