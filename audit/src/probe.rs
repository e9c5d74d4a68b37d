//! The call that tries a wall: one that changes nothing where it is let through.

use drivers::key_store::{self, Command};
use drivers::storage;
use manifest::{Kind, Manifest, Operation};
use walls::{CommandWall, KeyWall, Walls};

use crate::specimen::scripted_app::Call;

/// Driver number of the random numbers.
pub const RNG: u32 = drivers::rng::NUMBER;
/// Driver number of the key store.
pub const KEY_STORE: u32 = drivers::key_store::NUMBER;
/// Driver number of the channels.
pub const CHANNEL: u32 = drivers::channel::NUMBER;
/// Driver number of the storage.
pub const STORAGE: u32 = drivers::storage::NUMBER;
/// Session slots, and the first one's number.
pub const SLOTS: std::ops::Range<u32> = {
    let first = key_store::FIRST_SLOT as u32;
    first..first + key_store::SLOTS as u32
};

/// No driver has an index, rate or kind like this.
const NONSENSE: u32 = 99;
const TAG: u32 = 16;

/// Returns the session slot that an app of meter.toml uses here: each its own.
pub fn slot_of(short_id: u32) -> u32 {
    SLOTS.start + short_id % SLOTS.len() as u32
}

/// Returns an operation asked of an object or slot. It is given no input, so all that take
/// one end with SIZE once they are permitted.
///
/// - `other`: slot or key that is the other one
pub fn operation(operation: Operation, command: Command, object: u32, other: u32) -> Call {
    let second = match operation {
        Operation::Encrypt | Operation::Decrypt => TAG,
        Operation::Authenticate => TAG | other << 16,
        Operation::Agree | Operation::Wrap | Operation::Unwrap => other,
        Operation::Replace => object,
        _ => 0,
    };
    let call = Call::command(KEY_STORE, command, object, second);
    match operation {
        // Without inputs these would begin; counters answer at once.
        Operation::Read if command == Command::Counter => call,
        _ => call.and_wait(),
    }
}

/// Returns a key's wall; none if no command asks for it, or if it can only be reached
/// through another key.
///
/// To be replaced, a key needs a wrapped one that another key opens, and to
/// authenticate, a text that another key seals: the call names that other key,
/// where the app has one.
pub fn key(manifest: &Manifest, wall: &KeyWall<'_>) -> Option<Call> {
    wall.command_number?;
    let command = wall.operation.command(wall.kind);
    let object = u32::from(wall.object);
    if let Operation::Replace | Operation::Authenticate = wall.operation {
        let partner = partner(manifest, wall);
        let partner = partner.map_or(object, |partner| u32::from(partner.object));
        let with = match wall.operation {
            Operation::Replace => Operation::Unwrap,
            other => other,
        };
        return Some(operation(with, command, partner, object));
    }
    let slot = slot_of(wall.short_id);
    Some(operation(wall.operation, command, object, slot))
}

/// Returns the first wall of an app that lets it use another key, where what it asks for
/// takes two.
pub fn partner<'a>(manifest: &'a Manifest, asked: &KeyWall<'_>) -> Option<KeyWall<'a>> {
    let operation = match asked.operation {
        Operation::Replace => Operation::Unwrap,
        Operation::Authenticate => Operation::Encrypt,
        _ => return None,
    };
    let mut walls = manifest.key_walls().into_iter();
    walls.find(|wall| wall.app == asked.app && wall.operation == operation && wall.allowed())
}

/// Returns an operation with a session slot, in the name of an app.
pub fn session(manifest: &Manifest, app: &str, asked: Operation, slot: u32) -> Call {
    let command = asked.command(Kind::Aes128);
    let walls = manifest.key_walls();
    let authenticates =
        |wall: &&KeyWall<'_>| wall.app == app && wall.operation == asked && wall.allowed();
    let other = match asked {
        Operation::Authenticate => walls.iter().find(authenticates),
        _ => None,
    };
    let other = other.map_or(slot, |wall| u32::from(wall.object));
    operation(asked, command, slot, other)
}

/// Returns a driver's command. The arguments are such that the driver itself does not
/// answer NODEVICE where the command is let through: that answer is the filter's. The
/// session slot of the app must be in use.
pub fn command(manifest: &Manifest, wall: &CommandWall<'_>) -> Call {
    let number = wall.command_number;
    match wall.driver_number {
        KEY_STORE => key_store_command(manifest, wall),
        CHANNEL => Call::command(CHANNEL, number, channel_of(manifest, wall.app), u32::MAX),
        STORAGE => {
            let command = storage::Command::from_number(number as usize);
            let command = command.expect("a manifest names defined commands");
            storage(command, partition_of(manifest, wall.app))
        }
        driver => Call::command(driver, number, NONSENSE, 0),
    }
}

/// Returns a command of the storage that appends nothing.
pub fn storage(command: storage::Command, partition: u32) -> Call {
    match command {
        storage::Command::Append => Call::command(STORAGE, command, partition, u32::MAX),
        storage::Command::Read => Call::command(STORAGE, command, partition, 0).and_wait(),
        other => Call::command(STORAGE, other, partition, 0),
    }
}

fn key_store_command(manifest: &Manifest, wall: &CommandWall<'_>) -> Call {
    let command = Command::from_number(wall.command_number as usize);
    let command = command.expect("a manifest names defined commands");
    let slot = slot_of(wall.short_id);
    match command {
        // Reads the state, or asks for one that is none.
        Command::Exists | Command::State | Command::AdvanceState => {
            return Call::command(KEY_STORE, command, NONSENSE, 0);
        }
        Command::Close => return Call::command(KEY_STORE, command, slot, 0),
        _ => {}
    }
    let granted = manifest.key_walls().into_iter().find(|key| {
        key.app == wall.app
            && key.command_number == Some(wall.command_number)
            && ![Operation::Replace, Operation::Authenticate].contains(&key.operation)
            && key.allowed()
    });
    let Some(key) = granted else {
        // Only a session key may be used so, or none.
        return Call::command(KEY_STORE, command, slot, second_argument(command, slot));
    };
    operation(key.operation, command, u32::from(key.object), slot)
}

/// Returns what a command of the key store may take beside an object, so that it is not
/// refused for that.
pub fn second_argument(command: Command, slot: u32) -> u32 {
    match command {
        Command::Encrypt | Command::Decrypt => TAG,
        Command::Agree | Command::Wrap | Command::Unwrap => slot,
        _ => 0,
    }
}

fn channel_of(manifest: &Manifest, app: &str) -> u32 {
    let walls = manifest.channel_walls();
    let own = walls.iter().find(|wall| wall.app == app && wall.allowed);
    own.map_or(1, |wall| u32::from(wall.number))
}

fn partition_of(manifest: &Manifest, app: &str) -> u32 {
    let walls = manifest.storage_walls();
    let own = walls.iter().find(|wall| wall.app == app && wall.allowed);
    own.map_or(1, |wall| u32::from(wall.number))
}
