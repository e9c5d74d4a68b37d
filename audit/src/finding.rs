//! One wall, and what became of it.

use std::fmt;

use serde::Serialize;

/// What a wall is about; the chapters of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Flash, RAM, MPU and locks of the running machine against the memory map.
    Machine,
    /// App x driver x command.
    Commands,
    /// App x key x operation x state.
    Keys,
    /// Operations of session keys, and whose they are.
    Sessions,
    /// App x state x state.
    Transitions,
    /// App x channel x way.
    Channels,
    /// App x partition x way.
    Storage,
    /// Who may run at all.
    Identity,
    /// A channel flooded, spoofed, and fed with forged lengths.
    Flooding,
    /// Session slots of others, closed ones, all of them.
    Slots,
    /// One key for another, one operation for another.
    Confusion,
    /// Addresses of others in system calls.
    Pointers,
    /// Buffers changed while the kernel works on them.
    Races,
    /// Memory, grants, queues of upcalls and flash used up.
    Exhaustion,
    /// Apps that crash for ever.
    Restarts,
    /// Older, altered and foreign flash of the key store.
    Replay,
    /// Records moved and altered on the external flash.
    Records,
    /// The catalogue of attacks against kernel, memory and time.
    Catalogue,
}

impl Topic {
    /// All of them, in the order of the report.
    pub const ALL: [Topic; 18] = [
        Topic::Machine,
        Topic::Commands,
        Topic::Keys,
        Topic::Sessions,
        Topic::Transitions,
        Topic::Channels,
        Topic::Storage,
        Topic::Identity,
        Topic::Flooding,
        Topic::Slots,
        Topic::Confusion,
        Topic::Pointers,
        Topic::Races,
        Topic::Exhaustion,
        Topic::Restarts,
        Topic::Replay,
        Topic::Records,
        Topic::Catalogue,
    ];

    /// Returns whether it compares the machine with the manifest, wall by wall.
    pub fn is_of_the_manifest(self) -> bool {
        self <= Topic::Storage
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Topic::Machine => "Running machine against meter.toml",
            Topic::Commands => "App x driver x command",
            Topic::Keys => "App x key x operation x state",
            Topic::Sessions => "Session keys",
            Topic::Transitions => "States of the meter",
            Topic::Channels => "Channels",
            Topic::Storage => "Storage partitions",
            Topic::Identity => "Who may run",
            Topic::Flooding => "Channels flooded and spoofed",
            Topic::Slots => "Session slots of others",
            Topic::Confusion => "Keys confused",
            Topic::Pointers => "Addresses of others in calls",
            Topic::Races => "Buffers changed in use",
            Topic::Exhaustion => "Memory, queues and flash used up",
            Topic::Restarts => "Apps that crash for ever",
            Topic::Replay => "Key store put back or altered",
            Topic::Records => "External flash altered",
            Topic::Catalogue => "Attacks on kernel, memory and time",
        })
    }
}

/// What was tried and seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The chapter.
    pub topic: Topic,
    /// The app that tried, or what was looked at.
    pub subject: String,
    /// The wall: what it tried, in the words of meter.toml.
    pub wall: String,
    /// What meter.toml, or the attack's nature, demands.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Whether the one is the other.
    pub held: bool,
}

impl Finding {
    /// Makes a finding whose verdict is known.
    pub fn new(
        topic: Topic,
        subject: impl Into<String>,
        wall: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        held: bool,
    ) -> Self {
        Self {
            topic,
            subject: subject.into(),
            wall: wall.into(),
            expected: expected.into(),
            found: found.into(),
            held,
        }
    }

    /// Makes a finding of what must hold, in words, and whether it does.
    pub fn check(
        topic: Topic,
        subject: &str,
        wall: &str,
        found: impl Into<String>,
        held: bool,
    ) -> Self {
        Self::new(topic, subject, wall, "holds", found, held)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}: expected {}, found {}",
            self.subject, self.wall, self.expected, self.found
        )
    }
}
