//! Every wall that meter.toml puts up, one by one, for whoever tries them on the running image.
//!
//! A *wall* is one rule of isolation: whether one app may do one thing (call a command,
//! use a key in one way in one state, send into a channel, and so on). The manifest
//! decides it either way; a wall that lets an app through is *open*, the others are
//! *shut*.
//!
//! Each list of [`Walls`] has all combinations there are, open and shut: it is as long as
//! the product of what the manifest declares, and no combination is left out.
//! [`opening`] makes manifests in which one wall more is open.

#![forbid(unsafe_code)]

pub mod opening;

use drivers::key_store;
use manifest::{App, Kind, Manifest, Operation, State};

/// One app and one command of one driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandWall<'a> {
    /// Name of the app.
    pub app: &'a str,
    /// Its ShortId.
    pub short_id: u32,
    /// Name of the driver.
    pub driver: &'a str,
    /// Its number.
    pub driver_number: u32,
    /// Whether the driver answers no guest.
    pub restricted: bool,
    /// Name of the command.
    pub command: &'a str,
    /// Its number.
    pub command_number: u32,
    /// Whether the manifest lets it through.
    pub allowed: bool,
}

/// What decides about an operation with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is granted.
    Granted,
    /// The app has no grant for the key at all: to it the key does not exist.
    UnknownKey,
    /// No key of this kind has the operation.
    WrongKind,
    /// The app may use the key, but not so.
    OtherOperation,
    /// The app may do so, but not in this state.
    OtherState,
}

/// One app, one key, one operation, one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyWall<'a> {
    /// Name of the app.
    pub app: &'a str,
    /// Its ShortId.
    pub short_id: u32,
    /// Name of the key.
    pub key: &'a str,
    /// Its object number.
    pub object: u16,
    /// What the key is.
    pub kind: Kind,
    /// The operation that is asked for.
    pub operation: Operation,
    /// Number of the key-store command that asks for it; none if the driver has none.
    pub command_number: Option<u32>,
    /// The state of the meter.
    pub state: State,
    /// What the manifest says.
    pub decision: Decision,
}

impl KeyWall<'_> {
    /// Returns whether the manifest lets it through.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.decision == Decision::Granted
    }
}

/// One app and one operation with a session key that came out of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionWall<'a> {
    /// Name of the app.
    pub app: &'a str,
    /// Its ShortId.
    pub short_id: u32,
    /// Name of the key that the session key came out of.
    pub parent: &'a str,
    /// Object number of that key.
    pub object: u16,
    /// The operation that is asked for.
    pub operation: Operation,
    /// Whether the manifest lets it through.
    pub allowed: bool,
}

/// One app and one step from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransitionWall<'a> {
    /// Name of the app.
    pub app: &'a str,
    /// Its ShortId.
    pub short_id: u32,
    /// State before.
    pub from: State,
    /// State that is asked for; it may be the same one or an earlier one.
    pub to: State,
    /// Whether the manifest lets it through.
    pub allowed: bool,
}

/// Which way data goes through a channel or partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Send into the channel, append to the partition.
    Write,
    /// Receive, or read.
    Read,
}

/// One app and one way through one channel or partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataWall<'a> {
    /// Name of the app.
    pub app: &'a str,
    /// Its ShortId.
    pub short_id: u32,
    /// Name of the channel or partition.
    pub name: &'a str,
    /// Its number.
    pub number: u16,
    /// Which way.
    pub access: Access,
    /// Whether the manifest lets it through.
    pub allowed: bool,
}

/// The walls of a manifest, kind by kind.
pub trait Walls {
    /// Returns app x driver x command, command 0 excepted, which gives nothing away.
    #[must_use]
    fn command_walls(&self) -> Vec<CommandWall<'_>>;

    /// Returns app x key x operation x state.
    #[must_use]
    fn key_walls(&self) -> Vec<KeyWall<'_>>;

    /// Returns app x key that it may make session keys from x operation of a session slot.
    #[must_use]
    fn session_walls(&self) -> Vec<SessionWall<'_>>;

    /// Returns app x state x state.
    #[must_use]
    fn transition_walls(&self) -> Vec<TransitionWall<'_>>;

    /// Returns app x channel x way.
    #[must_use]
    fn channel_walls(&self) -> Vec<DataWall<'_>>;

    /// Returns app x partition x way.
    #[must_use]
    fn storage_walls(&self) -> Vec<DataWall<'_>>;
}

impl Walls for Manifest {
    fn command_walls(&self) -> Vec<CommandWall<'_>> {
        let mut walls = Vec::new();
        for app in &self.apps {
            for (driver, entry) in self.drivers_by_number() {
                for (command, number) in entry.commands_by_number() {
                    walls.push(CommandWall {
                        app: &app.name,
                        short_id: app.short_id,
                        driver,
                        driver_number: entry.number,
                        restricted: entry.restricted,
                        command,
                        command_number: number,
                        allowed: app.may_call(driver, command),
                    });
                }
            }
        }
        walls
    }

    fn key_walls(&self) -> Vec<KeyWall<'_>> {
        let mut walls = Vec::new();
        for app in &self.apps {
            for (key, entry) in self.keys_by_number() {
                for operation in Operation::ALL {
                    for state in State::ALL {
                        walls.push(KeyWall {
                            app: &app.name,
                            short_id: app.short_id,
                            key,
                            object: entry.number,
                            kind: entry.kind,
                            operation,
                            command_number: key_command(self, operation, entry.kind),
                            state,
                            decision: decide(app, key, entry.kind, operation, state),
                        });
                    }
                }
            }
        }
        walls
    }

    fn session_walls(&self) -> Vec<SessionWall<'_>> {
        let mut walls = Vec::new();
        for app in &self.apps {
            for (parent, entry) in self.keys_by_number() {
                let Some(grant) = app.keys.get(parent) else {
                    continue;
                };
                if grant.session.is_empty() {
                    continue;
                }
                for operation in Operation::SESSION {
                    walls.push(SessionWall {
                        app: &app.name,
                        short_id: app.short_id,
                        parent,
                        object: entry.number,
                        operation,
                        allowed: grant.session.contains(&operation),
                    });
                }
            }
        }
        walls
    }

    fn transition_walls(&self) -> Vec<TransitionWall<'_>> {
        let mut walls = Vec::new();
        for app in &self.apps {
            for from in State::ALL {
                for to in State::ALL {
                    walls.push(TransitionWall {
                        app: &app.name,
                        short_id: app.short_id,
                        from,
                        to,
                        allowed: self
                            .transitions
                            .iter()
                            .any(|step| step.app == app.name && step.from == from && step.to == to),
                    });
                }
            }
        }
        walls
    }

    fn channel_walls(&self) -> Vec<DataWall<'_>> {
        let mut walls = Vec::new();
        for app in &self.apps {
            for (name, channel) in self.channels_by_number() {
                let writes = channel.writer == app.name;
                let reads = channel.readers.contains(&app.name);
                push_both_ways(&mut walls, app, name, channel.number, writes, reads);
            }
        }
        walls
    }

    fn storage_walls(&self) -> Vec<DataWall<'_>> {
        let mut walls = Vec::new();
        for app in &self.apps {
            for (name, partition) in self.partitions_by_number() {
                let owns = partition.owner == app.name;
                let reads = owns || partition.readers.contains(&app.name);
                push_both_ways(&mut walls, app, name, partition.number, owns, reads);
            }
        }
        walls
    }
}

/// Returns the number of the key-store command that asks for an operation, if the manifest
/// has the driver.
fn key_command(manifest: &Manifest, operation: Operation, kind: Kind) -> Option<u32> {
    let there = manifest.drivers.contains_key(key_store::DRIVER.name);
    there.then(|| operation.command(kind).number())
}

fn decide(app: &App, key: &str, kind: Kind, operation: Operation, state: State) -> Decision {
    match app.keys.get(key) {
        None => Decision::UnknownKey,
        Some(_) if !kind.list_of_operations().contains(&operation) => Decision::WrongKind,
        Some(grant) if !grant.operations.contains(&operation) => Decision::OtherOperation,
        Some(grant) if !grant.states.contains(&state) => Decision::OtherState,
        Some(_) => Decision::Granted,
    }
}

fn push_both_ways<'a>(
    walls: &mut Vec<DataWall<'a>>,
    app: &'a App,
    name: &'a str,
    number: u16,
    writes: bool,
    reads: bool,
) {
    for (access, allowed) in [(Access::Write, writes), (Access::Read, reads)] {
        walls.push(DataWall {
            app: &app.name,
            short_id: app.short_id,
            name,
            number,
            access,
            allowed,
        });
    }
}
