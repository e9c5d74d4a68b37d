// Generated from meter.toml; do not edit.

use capsules::channel::policy::Channel;
use capsules::channel::policy::Overflow;

/// The channels of meter.toml, by number.
pub const CHANNELS: &[Channel] = &[
    // readings: metering to tls, dlms
    Channel {
        number: 1,
        writer: 2,
        readers: &[1, 3],
        message: 128,
        depth: 4,
        overflow: Overflow::Oldest,
    },
];
