//! Drivers are told apart, and those that policy rests on are the restricted ones.

use super::{check_name, distinct_numbers, refuse_if, ManifestError};
use crate::model::Manifest;

/// Drivers whose tables name apps: an app that is not known must not reach them.
const POLICED: [&str; 3] = ["key_store", "channel", "storage"];

pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    distinct_numbers(
        "drivers",
        manifest
            .drivers
            .iter()
            .map(|(name, driver)| (name, driver.number)),
    )?;
    for (name, driver) in &manifest.drivers {
        check_name("driver", name)?;
        refuse_if!(
            POLICED.contains(&name.as_str()) && !driver.restricted,
            "drivers.{name} must be restricted: it serves apps by their verified id"
        );
        for (command, number) in &driver.commands {
            check_name(&format!("drivers.{name}: command"), command)?;
            refuse_if!(
                *number == 0,
                "drivers.{name}.commands.{command}: command 0 is the existence check and always implied"
            );
        }
        distinct_numbers(
            &format!("drivers.{name}"),
            driver.commands.iter().map(|(name, number)| (name, *number)),
        )?;
    }
    Ok(())
}
