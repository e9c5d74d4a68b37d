//! Attacks that take more than one call, by apps that are who they say, while the meter measures.

mod confusion;
mod exhaustion;
mod flooding;
mod identity;
pub mod life;
mod pointers;
mod races;
mod recorder;
mod records;
mod replay;
mod request;
mod restarts;
mod slots;

use self::recorder::Recorder;
use super::finding::Topic;
use super::fixture::Fixture;
use super::meters::{Metering, Meters};
use super::part::Part;
use super::scope::Scope;
use crate::specimen::scripted_app::Silent;

/// The attacks of one chapter on a meter.
type Theme = fn(&mut Fixture, &mut Recorder<'_>) -> Result<(), Silent>;

/// Each begins with the meter as it was brought into service, and the meter measures on.
const IN_SERVICE: [(Topic, &str, Theme); 7] = [
    (Topic::Races, "buffers changed in use", races::attack),
    (Topic::Pointers, "addresses of others", pointers::attack),
    (Topic::Slots, "session slots", slots::attack),
    (Topic::Confusion, "keys confused", confusion::attack),
    (
        Topic::Flooding,
        "channels, by readers",
        flooding::by_readers,
    ),
    (Topic::Exhaustion, "memory and queues", exhaustion::attack),
    (Topic::Restarts, "apps that crash", restarts::attack),
];

/// Each begins with a meter in the factory state that has a scripted app in the place of
/// metering: it owns the channel and the partitions. What an attack on those does to
/// metering itself, the others show.
const BY_OWNER: [(Topic, &str, Theme); 2] = [
    (
        Topic::Records,
        "records on the external flash",
        records::attack,
    ),
    (
        Topic::Flooding,
        "a channel, by its writer",
        flooding::by_writer,
    ),
];

/// Returns the attacks of the scope.
pub fn parts<'a>(meters: &'a Meters<'a>, scope: &Scope) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    if scope.covers(Topic::Replay) {
        parts.push(Part::new(
            Topic::Replay,
            "the key store's flash",
            move |findings| {
                let mut recorder = Recorder::new(Topic::Replay, findings);
                let mut fixture = meters.in_service(Metering::Itself)?;
                replay::attack(&mut fixture, meters.firmware, &mut recorder)
            },
        ));
    }
    if scope.covers(Topic::Identity) {
        for (name, attack) in identity::ATTACKS {
            parts.push(Part::new(Topic::Identity, name, move |findings| {
                attack(meters, &mut Recorder::new(Topic::Identity, findings))
            }));
        }
    }
    for (topic, name, theme) in BY_OWNER {
        if scope.covers(topic) {
            parts.push(Part::new(topic, name, move |findings| {
                let mut fixture = meters.from_factory(Metering::Scripted)?;
                theme(&mut fixture, &mut Recorder::new(topic, findings))
            }));
        }
    }
    for (topic, name, theme) in IN_SERVICE {
        if scope.covers(topic) {
            parts.push(Part::new(topic, name, move |findings| {
                let mut recorder = Recorder::new(topic, findings);
                let mut fixture = meters.in_service(Metering::Itself)?;
                theme(&mut fixture, &mut recorder)?;
                life::measures_on(&mut fixture, &mut recorder)
            }));
        }
    }
    parts
}
