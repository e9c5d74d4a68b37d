//! The layout of flash that a meter's state is written in: derived from the manifest and the versions of the formats.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use manifest::{Manifest, Region};
use serde::{Deserialize, Serialize};

const HEADING: &str =
    "# How the meter's state beside this file lies in flash; `make run` compares it with \
                       what it builds.\n";

/// Where in flash the meter keeps what, and in which formats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// What the meter itself writes of the internal flash.
    flash: BTreeMap<String, String>,
    /// The external flash and the partitions on it, each with number, owner and record.
    external_nor: BTreeMap<String, String>,
    /// The versions of the formats.
    formats: BTreeMap<String, String>,
}

impl Layout {
    /// The layout of an image that is built from this manifest.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let map = &manifest.flash;
        let flash = [
            ("device_secret", map.device_secret),
            ("key_store", map.key_store),
            ("anchor", map.anchor),
            ("energy_store", map.energy_store),
        ];
        let storage = manifest.external_nor.storage;
        let mut external_nor = BTreeMap::from([("storage".to_owned(), range(storage))]);
        for (name, partition) in manifest.partitions_by_number() {
            let owner = manifest.app(&partition.owner);
            let owner = owner.map_or(0, |owner| owner.short_id);
            let text = format!(
                "number {}, app {owner}, records of {} bytes, {}",
                partition.number,
                partition.record,
                range(partition.region())
            );
            external_nor.insert(format!("storage.{name}"), text);
        }
        let versions = flash_formats::ALL;
        Self {
            flash: flash.map(|(name, at)| (name.into(), range(at))).into(),
            external_nor,
            formats: versions
                .map(|format| (format.name.into(), format!("version {}", format.version)))
                .into(),
        }
    }

    /// The layout that stands in a file; none if there is none that can be read, which is
    /// a layout of its own.
    pub fn read(path: &Path) -> Option<Self> {
        toml::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Writes the layout to a file that people can read.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = format!("{HEADING}{}", toml::to_string(self)?);
        fs::write(path, text).with_context(|| path.display().to_string())
    }

    /// What differs in this layout from that of an older state, one phrase for each
    /// entry; nothing if the state can be kept.
    #[must_use]
    pub fn differences(&self, older: &Self) -> Vec<String> {
        let (now, before) = (self.entries(), older.entries());
        let names: BTreeSet<_> = now.keys().chain(before.keys()).collect();
        let said = |entry: Option<&&str>| entry.map_or("not there".to_owned(), ToString::to_string);
        names
            .into_iter()
            .filter(|name| now.get(*name) != before.get(*name))
            .map(|name| {
                let (old, new) = (said(before.get(name)), said(now.get(name)));
                format!("{name}: {old} before, {new} now")
            })
            .collect()
    }

    /// All entries by the path of each.
    fn entries(&self) -> BTreeMap<String, &str> {
        let sections = [
            ("flash", &self.flash),
            ("external_nor", &self.external_nor),
            ("formats", &self.formats),
        ];
        let entries = sections.into_iter().flat_map(|(section, entries)| {
            let path = move |name: &String| format!("{section}.{name}");
            entries
                .iter()
                .map(move |(name, text)| (path(name), text.as_str()))
        });
        entries.collect()
    }
}

/// A region as its first address and the first behind it.
fn range(region: Region) -> String {
    format!("{:#x} to {:#x}", region.start, region.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: &str = include_str!("../../boards/nrf52840-meter/meter.toml");

    /// The layout of meter.toml with a piece of its text changed.
    fn changed(from: &str, to: &str) -> Layout {
        assert!(
            METER.contains(from),
            "the manifest no longer holds {from:?}"
        );
        let text = METER.replacen(from, to, 1);
        Layout::of(&Manifest::parse(&text).expect("still sound"))
    }

    fn meter() -> Layout {
        Layout::of(&Manifest::parse(METER).expect("sound"))
    }

    /// The only difference there must be.
    fn difference(from: &str, to: &str) -> String {
        let said = changed(from, to).differences(&meter());
        assert_eq!(said.len(), 1, "{said:?}");
        said[0].clone()
    }

    #[test]
    fn the_same_manifest_is_of_the_same_layout() {
        assert_eq!(meter().differences(&meter()), [""; 0]);
        let other_code = changed("priority = 3", "priority = 7");
        assert_eq!(other_code.differences(&meter()), [""; 0]);
    }

    #[test]
    fn a_moved_store_is_named_with_both_places() {
        let said = difference(
            "energy_store  = { start = 0xF8000, size = 0x08000 }",
            "energy_store  = { start = 0xF8000, size = 0x04000 }",
        );
        let expected = "flash.energy_store: 0xf8000 to 0x100000 before, 0xf8000 to 0xfc000 now";
        assert_eq!(said, expected);
    }

    #[test]
    fn a_partition_that_changed_in_any_way_is_named() {
        let said = difference(
            "record = 64\nappends = { per_week = 1_000",
            "record = 48\nappends = { per_week = 1_000",
        );
        assert!(
            said.starts_with("external_nor.storage.load_profile: "),
            "{said}"
        );
        assert!(said.contains("records of 64 bytes") && said.contains("records of 48 bytes"));
        difference(
            "start = 0x600000\nsize = 0x100000",
            "start = 0x700000\nsize = 0x100000",
        );
        difference(
            "number = 2\nowner = \"metering\"",
            "number = 7\nowner = \"metering\"",
        );
        let renamed = changed("[storage.event_log]", "[storage.events]");
        let said = renamed.differences(&meter());
        assert_eq!(said.len(), 2, "one is gone, one is new: {said:?}");
        assert!(said[0].ends_with("not there now") && said[1].contains("not there before"));
    }

    #[test]
    fn a_format_of_another_version_is_named() {
        for format in flash_formats::ALL {
            let mut older = meter();
            let version = older.formats.get_mut(format.name).expect("listed");
            *version = "version 0".into();
            let now = format!("version {} now", format.version);
            let expected = format!("formats.{}: version 0 before, {now}", format.name);
            assert_eq!(meter().differences(&older), [expected]);
        }
    }

    #[test]
    fn what_was_written_is_read_again_and_noise_is_no_layout() {
        let path = std::env::temp_dir().join(format!("layout-{}.toml", std::process::id()));
        assert_eq!(Layout::read(&path), None);
        meter().write(&path).expect("written");
        assert_eq!(Layout::read(&path), Some(meter()));
        fs::write(&path, "flash = 3").expect("written");
        assert_eq!(Layout::read(&path), None);
        fs::remove_file(&path).expect("removed");
    }
}
