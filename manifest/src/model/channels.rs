//! Channels from app to app.

use serde::Deserialize;

/// What happens to a message for which a reader's queue has no room.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Overflow {
    /// The oldest message in that queue gives way.
    Oldest,
    /// It is refused, and the writer waits.
    Refuse,
}

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
    pub overflow: Overflow,
}
