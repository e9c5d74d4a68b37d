//! Slots that the MPU can cover, in loader order, and grants that exist.

use super::rules::{check_name, named, of_app, refuse_if, Refusal};
use crate::model::{App, Manifest};

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    for (number, app) in manifest.apps.iter().enumerate() {
        check_slot(manifest, number, app)?;
        check_drivers(manifest, number, app)?;
    }
    check_shares(manifest)?;
    check_pairs(manifest)
}

/// Each app gets its share whatever the others do, and each guest a hundredth.
fn check_shares(manifest: &Manifest) -> Result<(), Refusal> {
    /// Hundredths that are left for guests.
    const MOST: u32 = 90;
    for (number, app) in manifest.apps.iter().enumerate() {
        refuse_if!(
            app.share == 0,
            of_app(number, "share"),
            "app {}: share is 1 at the least, in hundredths of the CPU time",
            app.name
        );
    }
    let shares = manifest.apps.iter().map(|app| u32::from(app.share));
    let total: u32 = shares.sum();
    refuse_if!(
        total > MOST,
        named("app", manifest.apps.len() - 1),
        "the shares of all apps are {total} hundredths of the CPU time, of {MOST} at the most: each guest has one"
    );
    Ok(())
}

fn check_slot(manifest: &Manifest, number: usize, app: &App) -> Result<(), Refusal> {
    let name = &app.name;
    let at = |key| of_app(number, key);
    check_name(&at("name"), "app", name)?;
    refuse_if!(
        app.short_id == 0,
        at("short_id"),
        "app {name}: short_id 0 means none"
    );
    refuse_if!(
        !manifest.flash.apps.contains(app.flash),
        at("flash"),
        "app {name}: flash lies outside flash.apps"
    );
    refuse_if!(
        !manifest.ram.apps.contains(app.ram),
        at("ram"),
        "app {name}: ram lies outside ram.apps"
    );
    // One MPU region must be able to cover the slot (ARMv7-M ARM B3.5).
    refuse_if!(
        !app.flash.size.is_power_of_two() || !app.flash.start.is_multiple_of(app.flash.size),
        at("flash"),
        "app {name}: flash must be a power of two, aligned to its size"
    );
    // Two adjacent regions of half the block each, so half is enough.
    refuse_if!(
        !app.ram.size.is_power_of_two()
            || app.ram.size < 512
            || !app.ram.start.is_multiple_of(app.ram.size / 2),
        at("ram"),
        "app {name}: ram must be a power of two of at least 512, aligned to half its size"
    );
    refuse_if!(
        !app.stack.is_multiple_of(8) || app.stack >= app.ram.size,
        at("stack"),
        "app {name}: stack must be a multiple of 8 and fit in ram"
    );
    Ok(())
}

fn check_drivers(manifest: &Manifest, number: usize, app: &App) -> Result<(), Refusal> {
    let name = &app.name;
    for (driver_name, commands) in &app.drivers {
        let place = of_app(number, "drivers").key(driver_name);
        let Some(driver) = manifest.drivers.get(driver_name) else {
            return Err(Refusal {
                place,
                message: format!("app {name}: there is no driver {driver_name}"),
            });
        };
        for (index, command) in commands.iter().enumerate() {
            refuse_if!(
                !driver.commands.contains_key(command),
                place.item(index),
                "app {name}: driver {driver_name} has no command {command}"
            );
            refuse_if!(
                commands[..index].contains(command),
                place.item(index),
                "app {name}: command {command} of driver {driver_name} is granted twice"
            );
        }
    }
    Ok(())
}

fn check_pairs(manifest: &Manifest) -> Result<(), Refusal> {
    for (index, app) in manifest.apps.iter().enumerate() {
        for (number, later) in manifest.apps.iter().enumerate().skip(index + 1) {
            let at = |key| of_app(number, key);
            let pair = format!("apps {} and {}", app.name, later.name);
            refuse_if!(app.name == later.name, at("name"), "{pair} share a name");
            refuse_if!(
                app.short_id == later.short_id,
                at("name"),
                "{pair} share a short_id"
            );
            refuse_if!(
                app.priority == later.priority,
                at("name"),
                "{pair} share a priority"
            );
            // A Tock loader walks flash and RAM in one direction only.
            refuse_if!(
                app.flash.end() > u64::from(later.flash.start)
                    || app.ram.end() > u64::from(later.ram.start),
                at("name"),
                "{pair} overlap, or are not in the order of their flash and RAM addresses"
            );
        }
    }
    Ok(())
}
