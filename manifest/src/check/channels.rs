//! Channels of bounded size between apps that may call for them.

use drivers::channel::{Command, DRIVER};

use super::rules::{check_name, distinct_numbers, known_apps, named, refuse_if, Refusal};
use crate::model::Manifest;
use crate::place::Place;

/// Bytes of the longest message that a channel can carry.
const MESSAGE_MAXIMUM: u16 = 512;
/// Messages of the deepest queue.
const DEPTH_MAXIMUM: u8 = 16;

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    let channels = Place::at("channels");
    distinct_numbers(
        &channels,
        "channels",
        manifest
            .channels
            .iter()
            .map(|(name, channel)| (name, u32::from(channel.number))),
    )?;
    for (name, channel) in &manifest.channels {
        let place = channels.key(name);
        check_name(&place, "channel", name)?;
        let entry = format!("channels.{name}");
        known_apps(manifest, &place, &entry, std::iter::once(&channel.writer))?;
        known_apps(manifest, &place, &entry, channel.readers.iter())?;
        refuse_if!(channel.readers.is_empty(), place, "{entry} has no reader");
        refuse_if!(
            channel.readers.contains(&channel.writer),
            place,
            "{entry}: its writer {} cannot be a reader too",
            channel.writer
        );
        refuse_if!(
            !(1..=MESSAGE_MAXIMUM).contains(&channel.message),
            place,
            "{entry}: message must be 1 to {MESSAGE_MAXIMUM} bytes"
        );
        refuse_if!(
            !(1..=DEPTH_MAXIMUM).contains(&channel.depth),
            place,
            "{entry}: depth must be 1 to {DEPTH_MAXIMUM} messages"
        );
    }
    for (number, app) in manifest.apps.iter().enumerate() {
        let name = &app.name;
        let writes = manifest.channels.values().any(|c| c.writer == *name);
        let reads = manifest.channels.values().any(|c| c.readers.contains(name));
        for (does, command, role) in [
            (writes, Command::Send.name(), "write"),
            (reads, Command::Receive.name(), "read"),
        ] {
            let may = app.may_call(DRIVER.name, command);
            refuse_if!(
                does && !may,
                named("app", number),
                "app {name}: a channel has it {role}, but it is not granted channel.{command}"
            );
            refuse_if!(
                may && !does,
                named("app", number),
                "app {name}: channel.{command} is granted, but no channel has it {role}"
            );
        }
        refuse_if!(
            app.may_call(DRIVER.name, Command::State.name()) && !writes && !reads,
            named("app", number),
            "app {name}: channel.state is granted, but it is on no channel"
        );
    }
    Ok(())
}
