//! Every wall of meter.toml, tried by an app that is who it says, in every state of the meter.

use drivers::key_store::Command;
use drivers::{channel, storage};
use manifest::{Manifest, Operation, State};
use walls::{Access, DataWall, Decision, KeyWall, Walls};

use super::errors::{describe, NODEVICE, NOSUPPORT, OFF};
use super::finding::{Finding, Topic};
use super::fixture::Fixture;
use super::probe::{self, slot_of, CHANNEL, KEY_STORE, SLOTS};
use super::scope::Scope;
use crate::specimen::scripted_app::{Answer, Call, Silent};

const LET_THROUGH: &str = "let through";
/// An app that may ask in which state the meter is.
const TELLS: &str = "update";

/// Tries all walls of the scope on a meter in this state, with scripted apps in the slots
/// of its apps.
///
/// # Errors
/// A scripted app falls silent.
pub fn in_state(
    fixture: &mut Fixture,
    scope: &Scope,
    state: State,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    for app in &scope.apps {
        if scope.covers(Topic::Transitions) {
            transitions(fixture, app, state, findings)?;
        }
        if scope.covers(Topic::Keys) {
            keys(fixture, scope, app, state, findings)?;
            undeclared(fixture, scope, app, state, findings)?;
        }
        if state == State::Operational && scope.covers(Topic::Sessions) {
            sessions(fixture, app, findings)?;
        }
    }
    if state != State::Operational {
        return Ok(());
    }
    for app in &scope.apps {
        if scope.covers(Topic::Sessions) {
            foreign_slots(fixture, app, findings)?;
        }
    }
    for app in &scope.apps {
        data(fixture, scope, app, findings)?;
        no_data(fixture, scope, app, findings)?;
        // With a session key in the app's slot, made above.
        if scope.covers(Topic::Commands) {
            commands(fixture, scope, app, findings)?;
            other_calls(fixture, scope, app, findings)?;
        }
    }
    Ok(())
}

/// NODEVICE if it is shut; if it is open, whatever the driver has to say.
fn open_or_shut(topic: Topic, app: &str, wall: String, allowed: bool, answer: &Answer) -> Finding {
    let found = describe(answer);
    let shut = answer.error() == Some(NODEVICE);
    let expected = if allowed { LET_THROUGH } else { "NODEVICE" };
    Finding::new(topic, app, wall, expected, found, shut != allowed)
}

fn commands(
    fixture: &mut Fixture,
    scope: &Scope,
    app: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = fixture.manifest.clone();
    let walls: Vec<_> = manifest
        .command_walls()
        .into_iter()
        .filter(|wall| wall.app == app)
        .map(|wall| (format!("{}.{}", wall.driver, wall.command), wall))
        .filter(|(name, _)| scope.tries(name))
        .collect();
    let calls: Vec<Call> = walls
        .iter()
        .map(|(_, wall)| probe::command(&manifest, wall))
        .collect();
    let answers = fixture.make(app, &calls)?;
    for ((name, wall), answer) in walls.into_iter().zip(&answers) {
        findings.push(open_or_shut(
            Topic::Commands,
            app,
            name,
            wall.allowed,
            answer,
        ));
    }
    Ok(())
}

/// Subscribe and the ways to share a buffer, with each driver: a driver of which an app
/// may call nothing is not there for it.
fn other_calls(
    fixture: &mut Fixture,
    scope: &Scope,
    app: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    const CLASSES: [(u32, &str); 4] = [
        (1, "subscribe"),
        (3, "lend a buffer"),
        (4, "share a buffer"),
        (7, "share a buffer for both to read"),
    ];
    let manifest = fixture.manifest.clone();
    let granted = manifest.app(app).map(|app| &app.drivers);
    let mut tries = Vec::new();
    for (name, driver) in &manifest.drivers {
        let commands = granted.and_then(|granted| granted.get(name));
        let allowed = commands.is_some_and(|commands| !commands.is_empty());
        for (class, what) in CLASSES {
            let wall = format!("{name}: {what}");
            if scope.tries(&wall) {
                // No function and no buffer: it changes nothing where it is let through.
                tries.push((wall, allowed, Call::class(class, [driver.number, 0, 0, 0])));
            }
        }
    }
    let calls: Vec<Call> = tries.iter().map(|(.., call)| *call).collect();
    let answers = fixture.make(app, &calls)?;
    for ((wall, allowed, _), answer) in tries.into_iter().zip(&answers) {
        let finding = open_or_shut(Topic::Commands, app, wall, allowed, answer);
        findings.push(finding);
    }
    Ok(())
}

/// Whether all of several calls answer NODEVICE.
fn all_refused(
    topic: Topic,
    app: &str,
    wall: String,
    calls: &[Call],
    answers: &[Answer],
) -> Finding {
    let others: Vec<String> = calls
        .iter()
        .zip(answers)
        .filter(|(_, answer)| answer.error() != Some(NODEVICE))
        .map(|(call, answer)| format!("{call:?}: {}", describe(answer)))
        .collect();
    let held = others.is_empty();
    let found = match held {
        true => format!("NODEVICE, {} times", answers.len()),
        false => others.join(", "),
    };
    Finding::new(topic, app, wall, "NODEVICE", found, held)
}

/// Numbers that no object of the manifest has: beside those that there are, the kernel's
/// own, session slots that do not exist, and numbers that become known ones when their
/// upper half is lost.
fn undeclared(
    fixture: &mut Fixture,
    scope: &Scope,
    app: &str,
    state: State,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    const OBJECTS: [u32; 14] = [
        0,
        1,
        0x100,
        0x106,
        0x205,
        0x304,
        0x404,
        0x504,
        0x700,
        0x7FFF,
        0x8008,
        0xFFFF,
        0x1_0101,
        u32::MAX,
    ];
    let of_objects = |command: &&Command| {
        let others = [Command::Exists, Command::State, Command::AdvanceState];
        !others.contains(command)
    };
    let commands = Command::ALL.iter().filter(of_objects);
    let known = fixture.manifest.app(app);
    let slot = known.map_or(0, |app| slot_of(app.short_id));
    for object in OBJECTS {
        let wall = format!("all commands with object {object:#x}, which is none, when {state}");
        if !scope.tries(&wall) {
            continue;
        }
        let call = |command: &Command| {
            let second = probe::second_argument(*command, slot);
            Call::command(KEY_STORE, *command, object, second)
        };
        let calls: Vec<Call> = commands.clone().map(call).collect();
        let answers = fixture.make(app, &calls)?;
        findings.push(all_refused(Topic::Keys, app, wall, &calls, &answers));
    }
    Ok(())
}

fn keys(
    fixture: &mut Fixture,
    scope: &Scope,
    app: &str,
    state: State,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = fixture.manifest.clone();
    let walls = manifest.key_walls();
    let tried: Vec<(&KeyWall<'_>, Call)> = walls
        .iter()
        .filter(|wall| wall.app == app && wall.state == state && scope.tries(wall.key))
        .filter_map(|wall| Some((wall, probe::key(&manifest, wall)?)))
        .collect();
    let calls: Vec<Call> = tried.iter().map(|(_, call)| *call).collect();
    let answers = fixture.make(app, &calls)?;
    for ((wall, _), answer) in tried.iter().zip(&answers) {
        let name = format!("{} with {} when {state}", wall.operation, wall.key);
        let error = answer.error();
        let found = describe(answer);
        let (expected, held) = match expected_error(&manifest, wall) {
            Some(expected) => (super::errors::name(expected), error == Some(expected)),
            None => {
                let refused = [NODEVICE, NOSUPPORT, OFF].map(Some).contains(&error);
                (LET_THROUGH.to_owned(), !refused)
            }
        };
        findings.push(Finding::new(Topic::Keys, app, name, expected, found, held));
    }
    Ok(())
}

/// With what error the wall must answer; none if it is open.
fn expected_error(manifest: &Manifest, wall: &KeyWall<'_>) -> Option<u32> {
    let commands = manifest.command_walls();
    let may_call = commands.iter().any(|command| {
        command.app == wall.app
            && command.driver_number == KEY_STORE
            && Some(command.command_number) == wall.command_number
            && command.allowed
    });
    if !may_call {
        return Some(NODEVICE);
    }
    // What it would be unwrapped or sealed with comes first.
    if let Some(partner) = probe::partner(manifest, wall) {
        let grants = manifest.app(wall.app).map(|app| &app.keys[partner.key]);
        if grants.is_some_and(|grant| !grant.states.contains(&wall.state)) {
            return Some(OFF);
        }
    }
    match wall.decision {
        Decision::Granted => None,
        Decision::UnknownKey | Decision::OtherOperation => Some(NODEVICE),
        Decision::WrongKind => Some(NOSUPPORT),
        Decision::OtherState => Some(OFF),
    }
}

fn sessions(fixture: &mut Fixture, app: &str, findings: &mut Vec<Finding>) -> Result<(), Silent> {
    let manifest = fixture.manifest.clone();
    let session_walls = manifest.session_walls();
    let walls: Vec<_> = session_walls
        .iter()
        .filter(|wall| wall.app == app)
        .collect();
    let Some((parent, object)) = fixture.agreement_key(app) else {
        return Ok(());
    };
    let agreed = fixture.agree(app, object)?;
    let wall = format!("agree with {parent}");
    let found = describe(&agreed);
    let held = agreed.succeeded();
    findings.push(Finding::new(
        Topic::Sessions,
        app,
        wall,
        LET_THROUGH,
        found,
        held,
    ));
    let walls: Vec<_> = walls.iter().filter(|wall| wall.parent == parent).collect();
    let calls: Vec<Call> = walls
        .iter()
        .map(|wall| {
            let slot = slot_of(wall.short_id);
            probe::session(&manifest, app, wall.operation, slot)
        })
        .collect();
    let answers = fixture.make(app, &calls)?;
    for (wall, answer) in walls.iter().zip(&answers) {
        let name = format!("{} with a key out of {parent}", wall.operation);
        findings.push(open_or_shut(
            Topic::Sessions,
            app,
            name,
            wall.allowed,
            answer,
        ));
    }
    Ok(())
}

/// Slots of other apps, and those that nobody uses.
fn foreign_slots(
    fixture: &mut Fixture,
    app: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = fixture.manifest.clone();
    let own = manifest.app(app).map_or(0, |app| slot_of(app.short_id));
    let mut tries = Vec::new();
    for slot in SLOTS.filter(|slot| *slot != own) {
        let owner = manifest
            .apps
            .iter()
            .find(|other| slot_of(other.short_id) == slot);
        let whose = owner.map_or("nobody", |owner| owner.name.as_str());
        for operation in Operation::SESSION {
            let call = probe::session(&manifest, app, operation, slot);
            tries.push((
                format!("{operation} with the slot of {whose} ({slot:#x})"),
                call,
            ));
        }
        let call = Call::command(KEY_STORE, Command::Close, slot, 0);
        tries.push((format!("close the slot of {whose} ({slot:#x})"), call));
    }
    let calls: Vec<Call> = tries.iter().map(|(_, call)| *call).collect();
    let answers = fixture.make(app, &calls)?;
    for ((name, _), answer) in tries.into_iter().zip(&answers) {
        findings.push(open_or_shut(Topic::Sessions, app, name, false, answer));
    }
    Ok(())
}

/// Every step of the meter's life from this state on; the meter stays in it.
fn transitions(
    fixture: &mut Fixture,
    app: &str,
    state: State,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = fixture.manifest.clone();
    let before = fixture.machine.save();
    for wall in manifest.transition_walls() {
        if wall.app != app || wall.from != state {
            continue;
        }
        let name = format!("{} to {}", wall.from, wall.to);
        let call = Call::command(KEY_STORE, Command::AdvanceState, wall.to as u32, 0).and_wait();
        let answer = fixture.call(app, call)?;
        let found = describe(&answer);
        let now = fixture.state(TELLS)?;
        if answer.succeeded() || now != state {
            // For the next attempt it has not happened.
            let restored = fixture.machine.restore(&before);
            restored.map_err(|error| error.to_string())?;
        }
        let (expected, held) = match wall.allowed {
            true => (LET_THROUGH, answer.succeeded() && now == wall.to),
            false => ("refused", !answer.succeeded() && now == state),
        };
        let found = format!("{found}, then {now}");
        findings.push(Finding::new(
            Topic::Transitions,
            app,
            name,
            expected,
            found,
            held,
        ));
    }
    Ok(())
}

fn data(
    fixture: &mut Fixture,
    scope: &Scope,
    app: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = fixture.manifest.clone();
    let mut tries = Vec::new();
    for wall in manifest.channel_walls() {
        let number = u32::from(wall.number);
        let call = match wall.access {
            Access::Write => Call::command(CHANNEL, channel::Command::Send, number, u32::MAX),
            Access::Read => Call::command(CHANNEL, channel::Command::Receive, number, 0),
        };
        tries.push((Topic::Channels, wall, call));
    }
    for wall in manifest.storage_walls() {
        let command = match wall.access {
            Access::Write => storage::Command::Append,
            Access::Read => storage::Command::Read,
        };
        let call = probe::storage(command, wall.number.into());
        tries.push((Topic::Storage, wall, call));
    }
    tries.retain(|(topic, wall, _)| {
        wall.app == app && scope.covers(*topic) && scope.tries(wall.name)
    });
    let calls: Vec<Call> = tries.iter().map(|(_, _, call)| *call).collect();
    let answers = fixture.make(app, &calls)?;
    for ((topic, wall, _), answer) in tries.iter().zip(&answers) {
        findings.push(open_or_shut(
            *topic,
            app,
            name_of(wall),
            wall.allowed,
            answer,
        ));
    }
    Ok(())
}

/// Channels and partitions that the manifest does not have.
fn no_data(
    fixture: &mut Fixture,
    scope: &Scope,
    app: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    const NUMBERS: [u32; 5] = [0, 3, 0x1_0001, 0x8000_0001, u32::MAX];
    for number in NUMBERS {
        let of_channels = channel::Command::ALL[1..].iter();
        let of_channels = of_channels.map(|command| Call::command(CHANNEL, *command, number, 0));
        let of_storage = storage::Command::ALL[1..].iter();
        let of_storage = of_storage.map(|command| probe::storage(*command, number));
        let tries: [(Topic, &str, Vec<Call>); 2] = [
            (Topic::Channels, "channel", of_channels.collect()),
            (Topic::Storage, "partition", of_storage.collect()),
        ];
        for (topic, what, calls) in tries {
            let wall = format!("all commands with {what} {number:#x}, which is none");
            if scope.covers(topic) && scope.tries(&wall) {
                let answers = fixture.make(app, &calls)?;
                findings.push(all_refused(topic, app, wall, &calls, &answers));
            }
        }
    }
    Ok(())
}

fn name_of(wall: &DataWall<'_>) -> String {
    let way = match wall.access {
        Access::Write => "write",
        Access::Read => "read",
    };
    format!("{way} {}", wall.name)
}
