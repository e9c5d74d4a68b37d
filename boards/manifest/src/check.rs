//! The rules that a meter.toml must obey beyond its shape.

use std::fmt;

use crate::model::{App, Manifest, Region};

/// Why a meter.toml is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError(pub String);

impl fmt::Display for ManifestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ManifestError {}

const FLASH: Region = Region {
    start: 0,
    size: 0x10_0000,
};
const RAM: Region = Region {
    start: 0x2000_0000,
    size: 0x4_0000,
};
const FLASH_PAGE: u32 = 0x1000;

macro_rules! refuse_if {
    ($condition:expr, $($message:tt)+) => {
        if $condition {
            return Err(ManifestError(format!($($message)+)));
        }
    };
}

impl Manifest {
    pub(crate) fn check(&self) -> Result<(), ManifestError> {
        self.check_maps()?;
        self.check_drivers()?;
        for app in &self.apps {
            self.check_app(app)?;
        }
        self.check_app_pairs()
    }

    fn check_maps(&self) -> Result<(), ManifestError> {
        let flash = [
            ("flash.bootloader", self.flash.bootloader),
            ("flash.kernel", self.flash.kernel),
            ("flash.apps", self.flash.apps),
            ("flash.key_store", self.flash.key_store),
            ("flash.energy_store", self.flash.energy_store),
        ];
        let ram = [
            ("ram.kernel", self.ram.kernel),
            ("ram.retained", self.ram.retained),
            ("ram.apps", self.ram.apps),
        ];
        disjoint_within(&flash, FLASH)?;
        disjoint_within(&ram, RAM)?;
        for (name, region) in flash {
            refuse_if!(
                !region.start.is_multiple_of(FLASH_PAGE) || !region.size.is_multiple_of(FLASH_PAGE),
                "{name} is not made of whole {FLASH_PAGE:#x}-byte pages"
            );
        }
        refuse_if!(
            !self.board.kernel_stack.is_multiple_of(8)
                || self.board.kernel_stack >= self.ram.kernel.size,
            "board.kernel_stack must be a multiple of 8 and fit in ram.kernel"
        );
        Ok(())
    }

    fn check_drivers(&self) -> Result<(), ManifestError> {
        for (name, driver) in &self.drivers {
            for (other_name, other) in &self.drivers {
                refuse_if!(
                    name != other_name && driver.number == other.number,
                    "drivers.{name} and drivers.{other_name} share number {:#x}",
                    driver.number
                );
            }
            for (command, number) in &driver.commands {
                refuse_if!(
                    *number == 0,
                    "drivers.{name}.{command}: command 0 is the existence check and always implied"
                );
            }
        }
        Ok(())
    }

    fn check_app(&self, app: &App) -> Result<(), ManifestError> {
        let name = &app.name;
        refuse_if!(name.is_empty(), "an app has no name");
        refuse_if!(app.short_id == 0, "app {name}: short_id 0 means none");
        refuse_if!(
            !self.flash.apps.contains(app.flash),
            "app {name}: flash lies outside flash.apps"
        );
        refuse_if!(
            !self.ram.apps.contains(app.ram),
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
        for (driver_name, commands) in &app.drivers {
            let Some(driver) = self.drivers.get(driver_name) else {
                return Err(ManifestError(format!(
                    "app {name}: there is no driver {driver_name}"
                )));
            };
            for command in commands {
                refuse_if!(
                    !driver.commands.contains_key(command),
                    "app {name}: driver {driver_name} has no command {command}"
                );
            }
        }
        Ok(())
    }

    fn check_app_pairs(&self) -> Result<(), ManifestError> {
        for (index, app) in self.apps.iter().enumerate() {
            for later in &self.apps[index + 1..] {
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
}

fn disjoint_within(regions: &[(&str, Region)], whole: Region) -> Result<(), ManifestError> {
    for (index, (name, region)) in regions.iter().enumerate() {
        refuse_if!(
            region.size == 0 || !whole.contains(*region),
            "{name} is empty or not on the part"
        );
        for (other_name, other) in &regions[index + 1..] {
            refuse_if!(region.overlaps(*other), "{name} and {other_name} overlap");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: &str = include_str!("../../nrf52840-meter/meter.toml");

    fn refused(from: &str, to: &str) -> String {
        assert!(METER.contains(from), "the page no longer holds {from:?}");
        Manifest::parse(&METER.replacen(from, to, 1))
            .expect_err("a broken page must be refused")
            .0
    }

    #[test]
    fn the_meter_itself_is_accepted() {
        let manifest = Manifest::parse(METER).expect("meter.toml is sound");
        assert!(manifest.app("metering").is_some());
    }

    #[test]
    fn overlapping_flash_is_refused() {
        let error = refused(
            "{ start = 0xF0000, size = 0x08000 }",
            "{ start = 0xE8000, size = 0x10000 }",
        );
        assert!(error.contains("overlap"), "{error}");
    }

    #[test]
    fn a_region_that_wraps_is_refused() {
        let error = refused(
            "{ start = 0xF8000, size = 0x08000 }",
            "{ start = 0xFFFFF000, size = 0x2000 }",
        );
        assert!(error.contains("not on the part"), "{error}");
    }

    #[test]
    fn an_unknown_driver_or_command_is_refused() {
        assert!(refused("led = [", "laser = [").contains("no driver laser"));
        assert!(refused("\"wear\"]", "\"erase\"]").contains("no command erase"));
    }

    #[test]
    fn shared_ids_are_refused() {
        assert!(refused("short_id = 2", "short_id = 1").contains("short_id"));
        assert!(refused("priority = 0", "priority = 1").contains("priority"));
        assert!(refused("number = 0x2\n", "number = 0x3\n").contains("share number"));
    }

    #[test]
    fn memory_that_the_mpu_cannot_cover_is_refused() {
        assert!(refused(
            "ram = { start = 0x20028000, size = 0x8000 }",
            "ram = { start = 0x20028000, size = 0x7000 }"
        )
        .contains("power of two"));
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        assert!(refused("[board]", "[board").contains("line 6"));
    }
}
