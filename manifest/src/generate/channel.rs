//! The channels' table, as Rust constants.

use std::fmt::Write;

use super::{short_ids, MARK};
use crate::model::Manifest;

/// Returns the Rust source of `CHANNELS`, a slice of `capsules_trust::channel::policy::Channel`.
#[must_use]
pub fn channel_table(manifest: &Manifest) -> String {
    let mut out = format!(
        "// {MARK}\n\n\
         use capsules_trust::channel::policy::Channel;\n"
    );
    if !manifest.channels.is_empty() {
        out.push_str("use capsules_trust::channel::policy::Overflow;\n");
    }
    out.push_str(
        "\n/// The channels of meter.toml, by number.\npub const CHANNELS: &[Channel] = &[\n",
    );
    for (name, channel) in manifest.channels_by_number() {
        let _ = writeln!(
            out,
            "    // {name}: {} to {}\n    Channel {{\n        \
             number: {},\n        writer: {},\n        readers: &[{}],\n        \
             message: {},\n        depth: {},\n        overflow: Overflow::{:?},\n    }},",
            channel.writer,
            channel.readers.join(", "),
            channel.number,
            manifest.short_id(&channel.writer),
            short_ids(manifest, &channel.readers),
            channel.message,
            channel.depth,
            channel.overflow,
        );
    }
    out.push_str("];\n");
    out
}
