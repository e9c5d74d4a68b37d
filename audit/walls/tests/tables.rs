//! The generated tables are tables of the capsules, and say what meter.toml and its walls say.

use capsules_trust::key_store::policy::{self, Operations};
use manifest::{Manifest, Operation, State};
use walls::{Access, Decision, Walls};

#[allow(dead_code)]
mod apps {
    use capsules_system::apps::{App, Fault};

    include!(concat!(env!("OUT_DIR"), "/apps.rs"));
}
mod key_store {
    include!(concat!(env!("OUT_DIR"), "/key_store.rs"));
}
mod channel {
    include!(concat!(env!("OUT_DIR"), "/channel.rs"));
}
mod storage {
    include!(concat!(env!("OUT_DIR"), "/storage.rs"));
}

fn meter() -> Manifest {
    Manifest::parse(include_str!("../../../boards/nrf52840-meter/meter.toml"))
        .expect("meter.toml is sound")
}

#[test]
fn the_table_of_apps_lets_through_what_the_walls_do_and_nothing_else() {
    let meter = meter();
    let entry = |short_id| &apps::APPS[apps::app_place(short_id).expect("an app")];
    let mut granted = 0;
    for wall in meter.command_walls() {
        let place = apps::driver_place(wall.driver_number).expect(wall.driver);
        let app = entry(wall.short_id);
        assert_eq!(app.name, wall.app);
        let may = app.may_call(place, Some(wall.command_number));
        assert_eq!(may, wall.allowed, "{wall:?}");
        assert_eq!(apps::is_restricted(wall.driver_number), wall.restricted);
        granted += usize::from(may);
    }
    // Nothing stands in the table that is no wall, but the check of existence.
    let bits = |app: &capsules_system::apps::App| {
        let commands = app
            .commands
            .iter()
            .map(|bits| (bits & !1).count_ones() as usize);
        commands.sum::<usize>() + app.further_commands.len()
    };
    assert_eq!(apps::APPS.iter().map(bits).sum::<usize>(), granted);
    for app in &meter.apps {
        for (name, driver) in &meter.drivers {
            let place = apps::driver_place(driver.number).expect(name);
            let named = app.drivers.contains_key(name);
            assert_eq!(entry(app.short_id).may_call(place, Some(0)), named);
            assert_eq!(entry(app.short_id).may_call(place, None), named);
        }
    }
    assert_eq!(apps::driver_place(0x7FFF_0000), None);
    assert_eq!(apps::app_place(0), None);
}

#[test]
fn the_key_table_grants_exactly_what_the_walls_let_through() {
    let meter = meter();
    let walls = meter.key_walls();
    assert_eq!(
        walls.len(),
        meter.apps.len() * meter.keys.len() * Operation::ALL.len() * State::ALL.len()
    );
    for wall in &walls {
        let granted = key_store::KEY_STORE.grants.iter().any(|grant| {
            grant.app == wall.short_id
                && grant.object == wall.object
                && grant.operations.contains(Operations::of(&[wall.operation]))
                && grant.states.contains(wall.state)
        });
        assert_eq!(granted, wall.allowed(), "{wall:?}");
    }
}

#[test]
fn no_key_of_the_table_can_be_imported_but_in_the_factory() {
    for wall in meter().key_walls() {
        if wall.operation == Operation::Import && wall.state != State::Factory {
            assert_ne!(wall.decision, Decision::Granted, "{wall:?}");
        }
    }
}

#[test]
fn objects_sessions_and_transitions_are_those_of_the_manifest() {
    let meter = meter();
    let objects = key_store::KEY_STORE.objects;
    assert_eq!(objects.len(), meter.keys.len());
    for (name, key) in &meter.keys {
        assert!(key.number < policy::RESERVED);
        let of = objects
            .iter()
            .find(|object| object.number == key.number)
            .expect(name);
        assert_eq!(of.kind, key.kind, "{name}");
    }
    for wall in meter.session_walls() {
        let granted = key_store::KEY_STORE.grants.iter().any(|grant| {
            grant.app == wall.short_id
                && grant.object == wall.object
                && grant.session.contains(Operations::of(&[wall.operation]))
        });
        assert_eq!(granted, wall.allowed, "{wall:?}");
    }
    for wall in meter.transition_walls() {
        let granted = key_store::KEY_STORE
            .transitions
            .iter()
            .any(|step| step.app == wall.short_id && step.from == wall.from && step.to == wall.to);
        assert_eq!(granted, wall.allowed, "{wall:?}");
        assert!(!granted || wall.from < wall.to, "{wall:?}");
    }
}

#[test]
fn channels_are_those_of_the_manifest() {
    assert!(capsules_trust::channel::is_consistent(channel::CHANNELS));
    for wall in meter().channel_walls() {
        let of = channel::CHANNELS
            .iter()
            .find(|channel| channel.number == wall.number)
            .expect(wall.name);
        let granted = match wall.access {
            Access::Write => of.writer == wall.short_id,
            Access::Read => of.readers.contains(&wall.short_id),
        };
        assert_eq!(granted, wall.allowed, "{wall:?}");
    }
}

#[test]
fn partitions_are_those_of_the_manifest_and_lie_apart() {
    let meter = meter();
    for wall in meter.storage_walls() {
        let of = storage::PARTITIONS
            .iter()
            .find(|partition| partition.number == wall.number)
            .expect(wall.name);
        let granted = match wall.access {
            Access::Write => of.owner == wall.short_id,
            Access::Read => of.owner == wall.short_id || of.readers.contains(&wall.short_id),
        };
        assert_eq!(granted, wall.allowed, "{wall:?}");
    }
    assert_eq!(storage::EXTERNAL_NOR_SIZE, meter.external_nor.size);
    assert!(capsules_trust::storage::policy::is_consistent(
        storage::PARTITIONS,
        storage::EXTERNAL_NOR_SIZE
    ));
    let mut end = meter.external_nor.storage.start / 4096;
    for partition in storage::PARTITIONS {
        assert!(partition.first_sector >= end && partition.sectors >= 3);
        end = partition.first_sector + partition.sectors;
    }
    assert!(u64::from(end) * 4096 <= meter.external_nor.storage.end());
}

#[test]
fn the_app_that_faces_the_network_cannot_change_the_meters_state() {
    for wall in meter().transition_walls() {
        assert!(wall.app != "tls" || !wall.allowed);
    }
}
