//! The positive control: an image with walls open on purpose, which the audit must name.

use manifest::ManifestError;
use manifest::{Manifest, Operation, State};
use walls::opening::{open_wall, Opening};

use super::finding::{Finding, Topic};
use super::part::Progress;
use super::scope::Scope;
use crate::specimen::firmware::Firmware;

/// A wall that is open, and how the audit names it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What was written into the manifest.
    pub opening: Opening,
    /// The app that may now.
    pub app: &'static str,
    /// The chapter and the name of the wall.
    pub wall: (Topic, &'static str),
    /// What else that entry of the manifest opens: a call that it takes, or another
    /// answer to what is still refused.
    pub beside: &'static [(Topic, &'static str)],
}

impl Opened {
    /// Returns whether the finding is about this wall itself.
    pub fn is_named_by(&self, finding: &Finding) -> bool {
        finding.subject == self.app && self.wall == (finding.topic, &finding.wall)
    }

    /// Returns whether the finding is the wall, or a consequence of its being open.
    pub fn explains(&self, finding: &Finding) -> bool {
        let about = |wall: &(Topic, &str)| *wall == (finding.topic, &finding.wall);
        self.is_named_by(finding) || finding.subject == self.app && self.beside.iter().any(about)
    }
}

/// Returns the walls that are open, one of each kind.
pub fn openings() -> Vec<Opened> {
    vec![
        Opened {
            opening: Opening::Key {
                app: "tls".into(),
                key: "dlms_signing".into(),
                operation: Operation::Sign,
                state: State::Operational,
            },
            app: "tls",
            wall: (Topic::Keys, "sign with dlms_signing when operational"),
            // To an app with a grant the key exists: it is told what no such key can do.
            beside: &[
                (Topic::Keys, "hmac with dlms_signing when operational"),
                (Topic::Keys, "verify with dlms_signing when operational"),
                (Topic::Keys, "store with dlms_signing when operational"),
                (Topic::Keys, "read with dlms_signing when operational"),
            ],
        },
        Opened {
            opening: Opening::ChannelReader {
                app: "update".into(),
                channel: "readings".into(),
            },
            app: "update",
            wall: (Topic::Channels, "read readings"),
            beside: &[
                (Topic::Commands, "channel.receive"),
                (Topic::Commands, "channel: subscribe"),
                (Topic::Commands, "channel: lend a buffer"),
                (Topic::Commands, "channel: share a buffer"),
                (Topic::Commands, "channel: share a buffer for both to read"),
            ],
        },
        Opened {
            opening: Opening::StorageReader {
                app: "update".into(),
                partition: "load_profile".into(),
            },
            app: "update",
            wall: (Topic::Storage, "read load_profile"),
            beside: &[
                (Topic::Commands, "storage.read"),
                (Topic::Commands, "storage: subscribe"),
                (Topic::Commands, "storage: lend a buffer"),
                (Topic::Commands, "storage: share a buffer"),
                (Topic::Commands, "storage: share a buffer for both to read"),
            ],
        },
        Opened {
            opening: Opening::Command {
                app: "tls".into(),
                driver: "meter_adc".into(),
                command: "geometry".into(),
            },
            app: "tls",
            wall: (Topic::Commands, "meter_adc.geometry"),
            beside: &[
                (Topic::Commands, "meter_adc: subscribe"),
                (Topic::Commands, "meter_adc: lend a buffer"),
                (Topic::Commands, "meter_adc: share a buffer"),
                (
                    Topic::Commands,
                    "meter_adc: share a buffer for both to read",
                ),
            ],
        },
    ]
}

/// Returns the text of a manifest with all of [`openings`] in it, made of the text of
/// meter.toml.
///
/// # Errors
/// The text is no manifest that they can be opened in.
pub fn opened_manifest(truth: &str) -> Result<String, ManifestError> {
    openings()
        .iter()
        .try_fold(truth.to_owned(), |text, opened| {
            open_wall(&text, &opened.opening)
        })
}

/// Returns the part of the manifest that shows them, with an app beside whose walls stand.
pub fn scope() -> Scope {
    Scope {
        apps: vec!["tls", "dlms", "update"],
        states: vec![State::Operational],
        topics: vec![
            Topic::Commands,
            Topic::Keys,
            Topic::Channels,
            Topic::Storage,
        ],
        words: vec![
            "dlms_signing",
            "device_identity",
            "meter_adc",
            "energy_store",
            "channel",
            "storage",
            "readings",
            "load_profile",
            "event_log",
        ],
        metering: false,
    }
}

/// Audits a firmware by the true manifest, as far as [`scope`] goes.
///
/// # Panics
/// When the images are not built.
pub fn audit(
    firmware: &Firmware,
    truth: &Manifest,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Vec<Finding> {
    super::audit(firmware, truth, &scope(), tell)
}

/// Returns what is wrong with an audit of the opened image: a wall that it does not name,
/// or one that it names and that is not open.
pub fn shortcomings(findings: &[Finding]) -> Vec<String> {
    let openings = openings();
    let failures = || findings.iter().filter(|finding| !finding.held);
    let unnoticed = openings
        .iter()
        .filter(|opened| !failures().any(|finding| opened.is_named_by(finding)))
        .map(|opened| format!("not noticed: {}", opened.opening));
    let unexplained = failures()
        .filter(|finding| !openings.iter().any(|opened| opened.explains(finding)))
        .map(|finding| format!("not open, but failed: {finding}"));
    unnoticed.chain(unexplained).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use walls::Walls;

    fn failed(opened: &Opened) -> Finding {
        let (topic, wall) = opened.wall;
        Finding::new(topic, opened.app, wall, "NODEVICE", "success", false)
    }

    #[test]
    fn all_that_is_open_must_be_named_and_nothing_else() {
        let findings: Vec<Finding> = openings().iter().map(failed).collect();
        assert_eq!(shortcomings(&findings), [""; 0]);
        for missing in 0..findings.len() {
            let mut fewer = findings.clone();
            fewer[missing].held = true;
            assert_eq!(shortcomings(&fewer).len(), 1, "{}", findings[missing]);
        }
        let mut other = findings[0].clone();
        other.subject = "dlms".into();
        let more = [findings, vec![other]].concat();
        assert_eq!(shortcomings(&more).len(), 1);
    }

    #[test]
    fn the_opened_manifest_is_a_manifest() {
        let truth = include_str!("../../boards/nrf52840-meter/meter.toml");
        let opened = opened_manifest(truth).expect("they can be opened");
        let manifest = Manifest::parse(&opened).expect("a sound manifest");
        let shut = Manifest::parse(truth).expect("a sound manifest");
        let sign = |manifest: &Manifest| {
            let walls = manifest.key_walls();
            walls
                .iter()
                .filter(|wall| wall.app == "tls" && wall.key == "dlms_signing" && wall.allowed())
                .count()
        };
        assert_eq!((sign(&shut), sign(&manifest)), (0, 1));
    }
}
