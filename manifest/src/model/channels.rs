//! Channels from app to app.

pub use drivers::channel::Overflow;
use serde::Deserialize;

use super::by_name;

/// A queue of messages from one app to others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Number in system calls.
    pub number: u16,
    /// The app that sends.
    pub writer: String,
    /// The apps that receive, each from a queue of its own.
    pub readers: Vec<String>,
    /// Bytes of the longest message.
    pub message: u16,
    /// Messages in each reader's queue.
    pub depth: u8,
    /// What happens when a queue is full.
    #[serde(deserialize_with = "by_name::one")]
    pub overflow: Overflow,
}
