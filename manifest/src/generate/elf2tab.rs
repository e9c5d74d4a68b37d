//! The TBF header of an app, as arguments for elf2tab.

use std::collections::BTreeSet;

use crate::model::{App, Manifest};

/// System-call ABI that our apps ask for: major and minimum minor version.
pub const KERNEL_ABI: (u16, u16) = (2, 2);

/// Returns the arguments for elf2tab that give `app` its name, ids, RAM and permissions;
/// input and output files are the caller's to add.
///
/// The permissions are those for drivers that are not restricted, for kernels that go by
/// them: the meter's takes from its own tables, by verified identity, what an app may call. A
/// header with the restricted ones too would outgrow the 200 bytes that tockloader reads.
///
/// An app that is granted no such driver gets a permission for the existence
/// check of driver 0xFFFFFFFF, which is none: a TBF without a permission header
/// would be allowed everything.
#[must_use]
pub fn elf2tab_arguments(manifest: &Manifest, app: &App) -> Vec<String> {
    let mut arguments = guest_arguments(app, &app.name);
    arguments.extend(["--short-id".into(), app.short_id.to_string()]);
    arguments.push("--permissions".into());
    arguments.extend(
        permissions(manifest, app)
            .into_iter()
            .map(|(driver, command)| format!("{driver},{command}")),
    );
    arguments
}

/// Returns the arguments for elf2tab for a program that stands in the slot of `app` without
/// being it: it has no id and no permission header, as upstream's own apps.
#[must_use]
pub fn guest_arguments(app: &App, package_name: &str) -> Vec<String> {
    // elf2tab adds this to the size of .data and .bss, and the kernel its own part;
    // it then rounds up to a power of two. Half of the slot for the stack makes that
    // the slot.
    relocatable_arguments(package_name, app.ram.size / 2)
}

/// Returns the arguments as [`guest_arguments`] does, for a program that stands in no slot
/// and asks for `memory` bytes beside .data and .bss.
#[must_use]
pub fn relocatable_arguments(package_name: &str, memory: u32) -> Vec<String> {
    [
        "--deterministic",
        "--package-name",
        package_name,
        "--kernel-major",
        &KERNEL_ABI.0.to_string(),
        "--kernel-minor",
        &KERNEL_ABI.1.to_string(),
        "--stack",
        &memory.to_string(),
        "--app-heap",
        "0",
        "--kernel-heap",
        "0",
    ]
    .map(String::from)
    .to_vec()
}

fn permissions(manifest: &Manifest, app: &App) -> BTreeSet<(u32, u32)> {
    let granted: BTreeSet<_> = app
        .drivers
        .iter()
        .map(|(name, commands)| (&manifest.drivers[name], commands))
        .filter(|(driver, _)| !driver.restricted)
        .flat_map(|(driver, commands)| {
            commands
                .iter()
                .map(|command| driver.commands[command])
                .chain([0])
                .map(|command| (driver.number, command))
        })
        .collect();
    if granted.is_empty() {
        BTreeSet::from([(u32::MAX, 0)])
    } else {
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: &str = include_str!("../../../boards/nrf52840-meter/meter.toml");

    #[test]
    fn permissions_hold_what_the_page_grants_and_nothing_else() {
        let manifest = Manifest::parse(METER).expect("meter.toml is sound");
        let metering = permissions(&manifest, manifest.app("metering").expect("is there"));
        assert!(metering.contains(&(0x1, 2)));
        assert!(
            metering.iter().all(|(driver, _)| driver >> 31 == 0),
            "restricted drivers are the kernel's tables' matter"
        );
        assert!(metering.contains(&(0x1, 0)), "existence check is implied");
        assert!(!metering.contains(&(0x2, 4)), "led.read is not granted");
        assert!(metering.iter().all(|(driver, _)| *driver != 0x40001));
    }

    #[test]
    fn an_app_without_grants_is_not_left_open() {
        let mut manifest = Manifest::parse(METER).expect("meter.toml is sound");
        manifest.apps[0].drivers.clear();
        let nothing = permissions(&manifest, &manifest.apps[0]);
        assert_eq!(nothing, BTreeSet::from([(u32::MAX, 0)]));
    }
}
