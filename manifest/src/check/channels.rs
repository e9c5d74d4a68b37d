//! Channels of bounded size between apps that may call for them.

use super::{check_name, distinct_numbers, known_apps, refuse_if, ManifestError};
use crate::model::Manifest;

/// Bytes of the longest message that a channel can carry.
const MESSAGE_MAXIMUM: u16 = 512;
/// Messages of the deepest queue.
const DEPTH_MAXIMUM: u8 = 16;

pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    distinct_numbers(
        "channels",
        manifest
            .channels
            .iter()
            .map(|(name, channel)| (name, u32::from(channel.number))),
    )?;
    for (name, channel) in &manifest.channels {
        check_name("channel", name)?;
        let entry = format!("channels.{name}");
        known_apps(manifest, &entry, std::iter::once(&channel.writer))?;
        known_apps(manifest, &entry, channel.readers.iter())?;
        refuse_if!(channel.readers.is_empty(), "{entry} has no reader");
        refuse_if!(
            channel.readers.contains(&channel.writer),
            "{entry}: its writer {} cannot be a reader too",
            channel.writer
        );
        refuse_if!(
            !(1..=MESSAGE_MAXIMUM).contains(&channel.message),
            "{entry}: message must be 1 to {MESSAGE_MAXIMUM} bytes"
        );
        refuse_if!(
            !(1..=DEPTH_MAXIMUM).contains(&channel.depth),
            "{entry}: depth must be 1 to {DEPTH_MAXIMUM} messages"
        );
    }
    for app in &manifest.apps {
        let name = &app.name;
        let writes = manifest.channels.values().any(|c| c.writer == *name);
        let reads = manifest.channels.values().any(|c| c.readers.contains(name));
        for (does, command, role) in [(writes, "send", "write"), (reads, "receive", "read")] {
            let may = app.may_call("channel", command);
            refuse_if!(
                does && !may,
                "app {name}: a channel has it {role}, but it is not granted channel.{command}"
            );
            refuse_if!(
                may && !does,
                "app {name}: channel.{command} is granted, but no channel has it {role}"
            );
        }
        refuse_if!(
            app.may_call("channel", "state") && !writes && !reads,
            "app {name}: channel.state is granted, but it is on no channel"
        );
    }
    Ok(())
}
