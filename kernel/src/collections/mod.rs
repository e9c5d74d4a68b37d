//! Data structures that need no allocation.

pub mod list;
pub mod queue;
pub mod ring_buffer;
