//! Drivers are told apart, and those that policy rests on are the restricted ones.

use drivers::{channel, key_store, storage, Driver};

use super::rules::{check_name, distinct_numbers, refuse_if, Refusal};
use crate::model::Manifest;
use crate::place::Place;

/// Drivers whose tables name apps: an app that is not known must not reach them.
const POLICED: [&Driver; 3] = [&key_store::DRIVER, &channel::DRIVER, &storage::DRIVER];

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    let drivers = Place::at("drivers");
    distinct_numbers(
        &drivers,
        "drivers",
        manifest
            .drivers
            .iter()
            .map(|(name, driver)| (name, driver.number)),
    )?;
    for (name, driver) in &manifest.drivers {
        let place = drivers.key(name);
        check_name(&place, "driver", name)?;
        refuse_if!(
            POLICED.iter().any(|policed| policed.name == name) && !driver.restricted,
            place,
            "drivers.{name} must be restricted: it serves apps by their verified id"
        );
        let commands = drivers.key(name).key("commands");
        for (command, number) in &driver.commands {
            let place = commands.key(command);
            check_name(&place, &format!("drivers.{name}: command"), command)?;
            refuse_if!(
                *number == 0,
                place,
                "drivers.{name}.commands.{command}: command 0 is the existence check and always implied"
            );
        }
        distinct_numbers(
            &commands,
            &format!("drivers.{name}"),
            driver.commands.iter().map(|(name, number)| (name, *number)),
        )?;
    }
    Ok(())
}
