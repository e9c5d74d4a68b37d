//! Every wall of meter.toml, tried by an app that is who it says, in every state of the meter.

use board_manifest::walls::{Access, DataWall, Decision, KeyWall};
use board_manifest::{Manifest, Operation, State};

use super::errors::{describe, NODEVICE, NOSUPPORT, OFF};
use super::finding::{Finding, Topic};
use super::probe::{self, slot_of, CHANNEL, KEY_STORE, SLOTS};
use super::puppet::{Answer, Call, Silent};
use super::scenarios::life::bring_into_service;
use super::scope::Scope;
use super::stage::Stage;

const LET_THROUGH: &str = "let through";

/// Tries all walls of the scope from the factory state on; the stage has puppets in
/// the slots of its apps and in those of the apps that change the state.
///
/// # Errors
/// A puppet falls silent, or the meter cannot be brought into a state.
pub fn all(stage: &mut Stage, scope: &Scope) -> Result<Vec<Finding>, Silent> {
    let mut findings = Vec::new();
    for state in State::ALL {
        if !scope.reaches(state) {
            break;
        }
        match state {
            State::Factory => {}
            // What else the attempts in the factory state make.
            State::Operational if !scope.states.contains(&State::Factory) => {
                bring_into_service(stage)?;
            }
            _ => stage.advance_to(state)?,
        }
        if scope.states.contains(&state) {
            in_state(stage, scope, state, &mut findings)?;
        }
    }
    findings.sort_by_key(|finding| finding.topic);
    Ok(findings)
}

fn in_state(
    stage: &mut Stage,
    scope: &Scope,
    state: State,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    for app in &scope.apps {
        if scope.covers(Topic::Transitions) {
            transitions(stage, app, state, findings)?;
        }
        if scope.covers(Topic::Keys) {
            keys(stage, scope, app, state, findings)?;
        }
        if state == State::Operational && scope.covers(Topic::Sessions) {
            sessions(stage, app, findings)?;
        }
    }
    if state != State::Operational {
        return Ok(());
    }
    for app in &scope.apps {
        if scope.covers(Topic::Sessions) {
            foreign_slots(stage, app, findings)?;
        }
    }
    for app in &scope.apps {
        data(stage, scope, app, findings)?;
        // With a session key in the app's slot, made above.
        if scope.covers(Topic::Commands) {
            commands(stage, scope, app, findings)?;
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
    stage: &mut Stage,
    scope: &Scope,
    app: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = stage.manifest.clone();
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
    let answers = stage.make(app, &calls)?;
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

fn keys(
    stage: &mut Stage,
    scope: &Scope,
    app: &str,
    state: State,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = stage.manifest.clone();
    let walls = manifest.key_walls();
    let tried: Vec<(&KeyWall<'_>, Call)> = walls
        .iter()
        .filter(|wall| wall.app == app && wall.state == state && scope.tries(wall.key))
        .filter_map(|wall| Some((wall, probe::key(&manifest, wall)?)))
        .collect();
    let calls: Vec<Call> = tried.iter().map(|(_, call)| *call).collect();
    let answers = stage.make(app, &calls)?;
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

fn sessions(stage: &mut Stage, app: &str, findings: &mut Vec<Finding>) -> Result<(), Silent> {
    let manifest = stage.manifest.clone();
    let session_walls = manifest.session_walls();
    let walls: Vec<_> = session_walls
        .iter()
        .filter(|wall| wall.app == app)
        .collect();
    let Some((parent, object)) = stage.agreement_key(app) else {
        return Ok(());
    };
    let agreed = stage.agree(app, object)?;
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
    let answers = stage.make(app, &calls)?;
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
fn foreign_slots(stage: &mut Stage, app: &str, findings: &mut Vec<Finding>) -> Result<(), Silent> {
    let manifest = stage.manifest.clone();
    let commands = &manifest.drivers["key_store"].commands;
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
        let call = Call::command(KEY_STORE, commands["close"], slot, 0);
        tries.push((format!("close the slot of {whose} ({slot:#x})"), call));
    }
    let calls: Vec<Call> = tries.iter().map(|(_, call)| *call).collect();
    let answers = stage.make(app, &calls)?;
    for ((name, _), answer) in tries.into_iter().zip(&answers) {
        findings.push(open_or_shut(Topic::Sessions, app, name, false, answer));
    }
    Ok(())
}

/// What is refused in this state; what is granted happens on the way to the next.
fn transitions(
    stage: &mut Stage,
    app: &str,
    state: State,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = stage.manifest.clone();
    let advance = manifest.drivers["key_store"].commands["advance_state"];
    for wall in manifest.transition_walls() {
        if wall.app != app || wall.from != state {
            continue;
        }
        let name = format!("{} to {}", wall.from, wall.to);
        if wall.allowed {
            // The stage fails if it is not let through.
            let found = "done on the way to the next state";
            findings.push(Finding::new(
                Topic::Transitions,
                app,
                name,
                LET_THROUGH,
                found,
                true,
            ));
            continue;
        }
        let call = Call::command(KEY_STORE, advance, wall.to as u32, 0).and_wait();
        let answer = stage.call(app, call)?;
        let found = describe(&answer);
        let held = !answer.succeeded();
        findings.push(Finding::new(
            Topic::Transitions,
            app,
            name,
            "refused",
            found,
            held,
        ));
        if !held {
            return Err(format!("{app} has made a {} meter {}", wall.from, wall.to));
        }
    }
    Ok(())
}

fn data(
    stage: &mut Stage,
    scope: &Scope,
    app: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Silent> {
    let manifest = stage.manifest.clone();
    let mut tries = Vec::new();
    for wall in manifest.channel_walls() {
        let number = u32::from(wall.number);
        let call = match wall.access {
            Access::Write => Call::command(CHANNEL, 1, number, u32::MAX),
            Access::Read => Call::command(CHANNEL, 2, number, 0),
        };
        tries.push((Topic::Channels, wall, call));
    }
    for wall in manifest.storage_walls() {
        let command = match wall.access {
            Access::Write => 1,
            Access::Read => 2,
        };
        let call = probe::storage(command, wall.number.into());
        tries.push((Topic::Storage, wall, call));
    }
    tries.retain(|(topic, wall, _)| {
        wall.app == app && scope.covers(*topic) && scope.tries(wall.name)
    });
    let calls: Vec<Call> = tries.iter().map(|(_, _, call)| *call).collect();
    let answers = stage.make(app, &calls)?;
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

fn name_of(wall: &DataWall<'_>) -> String {
    let way = match wall.access {
        Access::Write => "write",
        Access::Read => "read",
    };
    format!("{way} {}", wall.name)
}
