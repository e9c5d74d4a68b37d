//! How much of meter.toml an audit tries.

use manifest::State;

use super::finding::Topic;

/// The slots in which a scripted app stands; metering runs as it is.
pub const SLOTS: [&str; 4] = ["tls", "dlms", "update", "factory"];

/// A part of the manifest, or all of it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whose walls are tried.
    pub apps: Vec<&'static str>,
    /// In which states of the meter.
    pub states: Vec<State>,
    /// Which chapters.
    pub topics: Vec<Topic>,
    /// Walls of the manifest whose names have one of these words in them; all, if there
    /// is no word.
    pub words: Vec<&'static str>,
    /// Whether metering's own walls are tried as well, by an app in its place.
    pub metering: bool,
}

impl Scope {
    /// Covers all that the manifest says.
    pub fn everything() -> Self {
        Self {
            apps: SLOTS.to_vec(),
            states: State::ALL.to_vec(),
            topics: Topic::ALL.to_vec(),
            words: Vec::new(),
            metering: true,
        }
    }

    /// Returns whether the chapter belongs to it.
    pub fn covers(&self, topic: Topic) -> bool {
        self.topics.contains(&topic)
    }

    /// Returns whether a wall of this name is tried.
    pub fn tries(&self, wall: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| wall.contains(word))
    }
}
