//! Slots that the MPU can cover, in loader order, and grants that exist.

use super::{check_name, refuse_if, ManifestError};
use crate::model::{App, Manifest};

pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    for app in &manifest.apps {
        check_slot(manifest, app)?;
        check_drivers(manifest, app)?;
    }
    check_pairs(manifest)
}

fn check_slot(manifest: &Manifest, app: &App) -> Result<(), ManifestError> {
    let name = &app.name;
    check_name("app", name)?;
    refuse_if!(app.short_id == 0, "app {name}: short_id 0 means none");
    refuse_if!(
        !manifest.flash.apps.contains(app.flash),
        "app {name}: flash lies outside flash.apps"
    );
    refuse_if!(
        !manifest.ram.apps.contains(app.ram),
        "app {name}: ram lies outside ram.apps"
    );
    // One MPU region must be able to cover the slot (ARMv7-M ARM B3.5).
    refuse_if!(
        !app.flash.size.is_power_of_two() || !app.flash.start.is_multiple_of(app.flash.size),
        "app {name}: flash must be a power of two, aligned to its size"
    );
    // Two adjacent regions of half the block each, so half is enough.
    refuse_if!(
        !app.ram.size.is_power_of_two()
            || app.ram.size < 512
            || !app.ram.start.is_multiple_of(app.ram.size / 2),
        "app {name}: ram must be a power of two of at least 512, aligned to half its size"
    );
    refuse_if!(
        !app.stack.is_multiple_of(8) || app.stack >= app.ram.size,
        "app {name}: stack must be a multiple of 8 and fit in ram"
    );
    Ok(())
}

fn check_drivers(manifest: &Manifest, app: &App) -> Result<(), ManifestError> {
    let name = &app.name;
    for (driver_name, commands) in &app.drivers {
        let Some(driver) = manifest.drivers.get(driver_name) else {
            return Err(ManifestError(format!(
                "app {name}: there is no driver {driver_name}"
            )));
        };
        for (index, command) in commands.iter().enumerate() {
            refuse_if!(
                !driver.commands.contains_key(command),
                "app {name}: driver {driver_name} has no command {command}"
            );
            refuse_if!(
                commands[..index].contains(command),
                "app {name}: command {command} of driver {driver_name} is granted twice"
            );
        }
    }
    Ok(())
}

fn check_pairs(manifest: &Manifest) -> Result<(), ManifestError> {
    for (index, app) in manifest.apps.iter().enumerate() {
        for later in &manifest.apps[index + 1..] {
            let pair = format!("apps {} and {}", app.name, later.name);
            refuse_if!(app.name == later.name, "{pair} share a name");
            refuse_if!(app.short_id == later.short_id, "{pair} share a short_id");
            refuse_if!(app.priority == later.priority, "{pair} share a priority");
            // A Tock loader walks flash and RAM in one direction only.
            refuse_if!(
                app.flash.end() > u64::from(later.flash.start)
                    || app.ram.end() > u64::from(later.ram.start),
                "{pair} overlap, or are not in the order of their flash and RAM addresses"
            );
        }
    }
    Ok(())
}
