//! A manifest with one wall open differs from the meter's in that wall, and in no other.

use manifest::{Manifest, Operation, State};
use walls::opening::{open_drivers, open_wall, Opening};
use walls::Walls;

const METER: &str = include_str!("../../../boards/nrf52840-meter/meter.toml");

fn meter() -> Manifest {
    Manifest::parse(METER).expect("meter.toml is sound")
}

fn opened(opening: &Opening) -> Manifest {
    let text = open_wall(METER, opening).unwrap_or_else(|error| panic!("{opening}: {error}"));
    Manifest::parse(&text).expect("an opened manifest is a manifest")
}

/// Every wall that the manifest lets through, as text.
fn open_walls(manifest: &Manifest) -> Vec<String> {
    let mut walls = Vec::new();
    walls.extend(
        manifest
            .command_walls()
            .iter()
            .filter(|wall| wall.allowed)
            .map(|wall| format!("{} {}.{}", wall.app, wall.driver, wall.command)),
    );
    walls.extend(
        manifest
            .key_walls()
            .iter()
            .filter(|wall| wall.allowed())
            .map(|wall| {
                format!(
                    "{} {} {} {}",
                    wall.app, wall.key, wall.operation, wall.state
                )
            }),
    );
    walls.extend(
        manifest
            .session_walls()
            .iter()
            .filter(|wall| wall.allowed)
            .map(|wall| format!("{} {} session {}", wall.app, wall.parent, wall.operation)),
    );
    walls.extend(
        manifest
            .transition_walls()
            .iter()
            .filter(|wall| wall.allowed)
            .map(|wall| format!("{} {} -> {}", wall.app, wall.from, wall.to)),
    );
    for data in [manifest.channel_walls(), manifest.storage_walls()] {
        walls.extend(
            data.iter()
                .filter(|wall| wall.allowed)
                .map(|wall| format!("{} {} {:?}", wall.app, wall.name, wall.access)),
        );
    }
    walls
}

/// What is open with `opening` and was shut without.
fn difference(opening: &Opening) -> Vec<String> {
    let before = open_walls(&meter());
    let after = open_walls(&opened(opening));
    assert!(before.iter().all(|wall| after.contains(wall)), "{opening}");
    after
        .into_iter()
        .filter(|wall| !before.contains(wall))
        .collect()
}

#[test]
fn a_command_is_opened_alone() {
    let opening = Opening::Command {
        app: "dlms".into(),
        driver: "meter_adc".into(),
        command: "take_block".into(),
    };
    assert_eq!(difference(&opening), ["dlms meter_adc.take_block"]);
}

#[test]
fn a_key_operation_is_opened_with_its_command() {
    let opening = Opening::Key {
        app: "update".into(),
        key: "device_identity".into(),
        operation: Operation::Sign,
        state: State::Operational,
    };
    assert_eq!(
        difference(&opening),
        [
            "update key_store.sign",
            "update device_identity sign operational"
        ]
    );
    let opening = Opening::Key {
        app: "dlms".into(),
        key: "dlms_signing".into(),
        operation: Operation::Agree,
        state: State::Operational,
    };
    assert_eq!(
        difference(&opening),
        [
            "dlms dlms_signing agree operational",
            "dlms dlms_signing session encrypt"
        ]
    );
}

#[test]
fn an_app_without_keys_can_be_given_one() {
    let opening = Opening::Key {
        app: "metering".into(),
        key: "enrolment_secret".into(),
        operation: Operation::Hmac,
        state: State::Operational,
    };
    assert_eq!(
        difference(&opening),
        [
            "metering key_store.hmac",
            "metering enrolment_secret hmac operational"
        ]
    );
}

#[test]
fn transitions_channels_and_partitions_are_opened() {
    let opening = Opening::Transition {
        app: "tls".into(),
        from: State::Operational,
        to: State::Decommissioned,
    };
    assert_eq!(
        difference(&opening),
        [
            "tls key_store.advance_state",
            "tls operational -> decommissioned"
        ]
    );
    let opening = Opening::ChannelReader {
        app: "update".into(),
        channel: "readings".into(),
    };
    assert_eq!(
        difference(&opening),
        ["update channel.receive", "update readings Read"]
    );
    let opening = Opening::StorageReader {
        app: "update".into(),
        partition: "event_log".into(),
    };
    assert_eq!(
        difference(&opening),
        ["update storage.read", "update event_log Read"]
    );
}

#[test]
fn a_driver_is_opened_to_guests() {
    let manifest = opened(&Opening::Unrestricted {
        driver: "meter_adc".into(),
    });
    assert!(!manifest.drivers["meter_adc"].restricted);
    assert_eq!(open_walls(&manifest), open_walls(&meter()));
}

#[test]
fn signatures_are_made_optional() {
    let manifest = opened(&Opening::Unsigned);
    assert!(meter().signing.required && !manifest.signing.required);
    assert_eq!(open_walls(&manifest), open_walls(&meter()));
}

#[test]
fn what_is_open_or_unknown_or_never_allowed_is_refused() {
    let refused = |opening: Opening| open_wall(METER, &opening).expect_err("must be refused").0;
    let error = refused(Opening::Command {
        app: "metering".into(),
        driver: "meter_adc".into(),
        command: "start".into(),
    });
    assert!(error.contains("already"), "{error}");
    let error = refused(Opening::Command {
        app: "nobody".into(),
        driver: "meter_adc".into(),
        command: "start".into(),
    });
    assert!(error.contains("no app nobody"), "{error}");
    let error = refused(Opening::Key {
        app: "tls".into(),
        key: "dlms_master".into(),
        operation: Operation::Import,
        state: State::Operational,
    });
    assert!(
        error.contains("no command") || error.contains("factory"),
        "{error}"
    );
    let error = refused(Opening::Transition {
        app: "tls".into(),
        from: State::Operational,
        to: State::Factory,
    });
    assert!(error.contains("one way"), "{error}");
    let error = refused(Opening::Unrestricted {
        driver: "key_store".into(),
    });
    assert!(error.contains("must be restricted"), "{error}");
}

#[test]
fn all_drivers_that_are_not_restricted_are_opened_to_all_apps_and_nothing_else() {
    let text = open_drivers(METER).expect("meter.toml is sound");
    let manifest = Manifest::parse(&text).expect("an opened manifest is a manifest");
    for wall in manifest.command_walls() {
        let before = meter().app(wall.app).expect("an app").clone();
        let expected = !wall.restricted || before.may_call(wall.driver, wall.command);
        assert_eq!(wall.allowed, expected, "{wall:?}");
    }
    let others = |manifest: &Manifest| {
        let mut walls = open_walls(manifest);
        walls.retain(|wall| !wall.contains('.'));
        walls
    };
    assert_eq!(others(&manifest), others(&meter()));
}
