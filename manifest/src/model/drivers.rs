//! Drivers, and what an app may call of them.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::Deserialize;

/// A system-call driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// The number in system calls.
    pub number: u32,
    /// Answers only to apps that name it; others also serve guests.
    pub restricted: bool,
    /// Command names and numbers; command 0, the existence check, is implied.
    pub commands: BTreeMap<String, u32>,
}

impl Driver {
    /// Returns the commands by number, which is the order of all that is generated.
    #[must_use]
    pub fn commands_by_number(&self) -> Vec<(&str, u32)> {
        let mut sorted: Vec<_> = self
            .commands
            .iter()
            .map(|(name, number)| (name.as_str(), *number))
            .collect();
        sorted.sort_by_key(|(_, number)| *number);
        sorted
    }
}

/// Driver name to the names of the commands that an app may call.
pub type Grants = BTreeMap<String, Vec<String>>;

/// What meter.toml says of a driver. It gives numbers only to one that is not defined here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    number: Option<u32>,
    #[serde(default)]
    restricted: bool,
    commands: Option<BTreeMap<String, u32>>,
}

impl Entry {
    /// The driver that the entry of this name means.
    ///
    /// The error says what contradicts the definitions.
    fn resolve(self, name: &str) -> Result<Driver, String> {
        let restricted = self.restricted;
        match (drivers::by_name(name), self.number, self.commands) {
            (Some(known), None, None) => Ok(Driver {
                number: known.number,
                restricted,
                commands: known
                    .commands
                    .iter()
                    .filter(|command| command.number != 0)
                    .map(|command| (command.name.to_owned(), command.number))
                    .collect(),
            }),
            (Some(_), ..) => Err(format!(
                "drivers.{name}: its number and commands are defined; none stand here"
            )),
            (None, Some(number), Some(commands)) => match owner_of(name, number) {
                Some(owner) => Err(format!(
                    "drivers.{name}: {number:#x} is the number of {owner}"
                )),
                None => Ok(Driver {
                    number,
                    restricted,
                    commands,
                }),
            },
            (None, ..) => Err(format!(
                "drivers.{name}: there is no driver {name}; another's needs number and commands"
            )),
        }
    }
}

/// The defined driver that has this number, or for which it is reserved, unless that is
/// the one of this name.
fn owner_of(name: &str, number: u32) -> Option<&'static str> {
    let defined = drivers::ALL
        .into_iter()
        .map(|driver| (driver.name, driver.number));
    let reserved = drivers::RESERVED.iter().copied();
    let mut others = defined.chain(reserved).filter(|(owner, _)| *owner != name);
    let found = others.find(|(_, taken)| *taken == number);
    found.map(|(owner, _)| owner)
}

/// Reads `[drivers]`; what is wrong with an entry is said of its own line.
pub fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Driver>, D::Error> {
    deserializer.deserialize_map(Section)
}

struct Section;

impl<'de> Visitor<'de> for Section {
    type Value = BTreeMap<String, Driver>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table of drivers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let driver = map.next_value_seed(EntryOf(&name))?;
            found.insert(name, driver);
        }
        Ok(found)
    }
}

/// The entry of the driver of this name.
struct EntryOf<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for EntryOf<'_> {
    type Value = Driver;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Driver, D::Error> {
        let entry = Entry::deserialize(deserializer)?;
        entry.resolve(self.0).map_err(D::Error::custom)
    }
}
