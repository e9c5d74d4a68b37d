//! Opens one wall of a meter.toml on purpose, so that an audit can be shown to notice.

use std::fmt;

use manifest::{Manifest, ManifestError, Operation, State};
use toml::{Table, Value};

/// The wall that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// An app may call one more command of a driver.
    Command {
        /// Name of the app.
        app: String,
        /// Name of the driver.
        driver: String,
        /// Name of the command.
        command: String,
    },
    /// An app may ask one more operation of a key, and make the call that it takes.
    Key {
        /// Name of the app.
        app: String,
        /// Name of the key.
        key: String,
        /// The operation.
        operation: Operation,
        /// The state in which it may; what else the app may do with the key it then
        /// may in this state too.
        state: State,
    },
    /// An app may make the meter go from one state to another.
    Transition {
        /// Name of the app.
        app: String,
        /// State before.
        from: State,
        /// State after.
        to: State,
    },
    /// An app receives from a channel.
    ChannelReader {
        /// Name of the app.
        app: String,
        /// Name of the channel.
        channel: String,
    },
    /// An app reads a partition.
    StorageReader {
        /// Name of the app.
        app: String,
        /// Name of the partition.
        partition: String,
    },
    /// Apps that nobody vouches for run, as guests.
    Unsigned,
    /// Guests may call a driver.
    Unrestricted {
        /// Name of the driver.
        driver: String,
    },
}

impl fmt::Display for Opening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Opening::Command {
                app,
                driver,
                command,
            } => write!(formatter, "{app} may call {driver}.{command}"),
            Opening::Key {
                app,
                key,
                operation,
                state,
            } => write!(formatter, "{app} may {operation} with {key} when {state}"),
            Opening::Transition { app, from, to } => {
                write!(formatter, "{app} may make a {from} meter {to}")
            }
            Opening::ChannelReader { app, channel } => {
                write!(formatter, "{app} receives from channel {channel}")
            }
            Opening::StorageReader { app, partition } => {
                write!(formatter, "{app} reads partition {partition}")
            }
            Opening::Unsigned => formatter.write_str("apps run without a signature"),
            Opening::Unrestricted { driver } => {
                write!(formatter, "{driver} answers to guests")
            }
        }
    }
}

/// Returns the text of a meter.toml with one wall open, without its comments.
///
/// The result is a manifest like any other and passes the same checks, but those that
/// refuse the very hole: a manifest whose `key_store`, `channel` or `storage` is not
/// restricted, say, cannot be had.
///
/// # Errors
/// The manifest has no such entry, the wall is open already, or the manifest with it open
/// contradicts itself.
pub fn open_wall(text: &str, opening: &Opening) -> Result<String, ManifestError> {
    let before = Manifest::parse(text)?;
    let mut manifest: Table = text
        .parse()
        .map_err(|error: toml::de::Error| ManifestError(error.to_string()))?;
    let changed = match opening {
        Opening::Command {
            app,
            driver,
            command,
        } => grant_command(&mut manifest, app, driver, command)?,
        Opening::Key {
            app,
            key,
            operation,
            state,
        } => {
            let kind = before
                .keys
                .get(key)
                .ok_or_else(|| missing("key", key))?
                .kind;
            grant_command(
                &mut manifest,
                app,
                "key_store",
                operation.command(kind).name(),
            )? | grant_key(&mut manifest, app, key, *operation, *state)?
        }
        Opening::Transition { app, from, to } => {
            let known = before
                .transitions
                .iter()
                .any(|step| (&step.app, step.from, step.to) == (app, *from, *to));
            grant_command(&mut manifest, app, "key_store", "advance_state")?;
            add_transition(&mut manifest, app, *from, *to);
            !known
        }
        Opening::ChannelReader { app, channel } => {
            grant_command(&mut manifest, app, "channel", "receive")?;
            add_reader(&mut manifest, "channels", channel, app)?
        }
        Opening::StorageReader { app, partition } => {
            grant_command(&mut manifest, app, "storage", "read")?;
            add_reader(&mut manifest, "storage", partition, app)?
        }
        Opening::Unsigned => {
            subtable(&mut manifest, "signing").insert("required".into(), Value::Boolean(false));
            before.signing.required
        }
        Opening::Unrestricted { driver } => {
            let entry = entry(&mut manifest, "drivers", driver)?;
            entry
                .insert("restricted".into(), Value::Boolean(false))
                .and_then(|before| before.as_bool())
                .unwrap_or(false)
        }
    };
    if !changed {
        return Err(ManifestError(format!("{opening} already")));
    }
    let opened = manifest.to_string();
    Manifest::parse(&opened)?;
    Ok(opened)
}

/// Returns the text of a meter.toml in which every app may call every command of every driver
/// that is not restricted, so that what stands behind the filter is attacked, too.
///
/// # Errors
/// The text is no manifest.
pub fn open_drivers(text: &str) -> Result<String, ManifestError> {
    let meter = Manifest::parse(text)?;
    let mut manifest: Table = text
        .parse()
        .map_err(|error: toml::de::Error| ManifestError(error.to_string()))?;
    let open = meter
        .drivers
        .iter()
        .filter(|(_, driver)| !driver.restricted);
    for (name, driver) in open {
        for (app, command) in meter
            .apps
            .iter()
            .flat_map(|app| driver.commands.keys().map(move |command| (app, command)))
        {
            grant_command(&mut manifest, &app.name, name, command)?;
        }
    }
    let opened = manifest.to_string();
    Manifest::parse(&opened)?;
    Ok(opened)
}

fn missing(what: &str, name: &str) -> ManifestError {
    ManifestError(format!("there is no {what} {name}"))
}

fn entry<'a>(
    manifest: &'a mut Table,
    section: &str,
    name: &str,
) -> Result<&'a mut Table, ManifestError> {
    manifest
        .get_mut(section)
        .and_then(|section| section.get_mut(name))
        .and_then(Value::as_table_mut)
        .ok_or_else(|| missing(section, name))
}

fn app<'a>(manifest: &'a mut Table, name: &str) -> Result<&'a mut Table, ManifestError> {
    manifest
        .get_mut("app")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_table_mut)
        .find(|app| app.get("name").and_then(Value::as_str) == Some(name))
        .ok_or_else(|| missing("app", name))
}

/// Adds `item` to a list that may not be there yet; whether it was not in it.
fn add(table: &mut Table, list: &str, item: &str) -> bool {
    let list = table
        .entry(list)
        .or_insert_with(|| Value::Array(Vec::new()))
        .as_array_mut()
        .expect("a manifest that parsed has lists where lists belong");
    let absent = !list.iter().any(|have| have.as_str() == Some(item));
    if absent {
        list.push(Value::String(item.into()));
    }
    absent
}

fn subtable<'a>(table: &'a mut Table, name: &str) -> &'a mut Table {
    table
        .entry(name)
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
        .expect("a manifest that parsed has tables where tables belong")
}

fn grant_command(
    manifest: &mut Table,
    name: &str,
    driver: &str,
    command: &str,
) -> Result<bool, ManifestError> {
    let drivers = subtable(app(manifest, name)?, "drivers");
    Ok(add(drivers, driver, command))
}

fn grant_key(
    manifest: &mut Table,
    name: &str,
    key: &str,
    operation: Operation,
    state: State,
) -> Result<bool, ManifestError> {
    let grant = subtable(subtable(app(manifest, name)?, "keys"), key);
    let added = add(grant, "operations", operation.name()) | add(grant, "states", state.name());
    if operation == Operation::Agree && !grant.contains_key("session") {
        // A session key must be good for something, or the manifest is refused.
        add(grant, "session", "encrypt");
        grant_command(manifest, name, "key_store", "encrypt")?;
    }
    Ok(added)
}

fn add_transition(manifest: &mut Table, name: &str, from: State, to: State) {
    let step = Table::from_iter([
        ("app".to_owned(), Value::from(name)),
        ("from".to_owned(), Value::from(from.name())),
        ("to".to_owned(), Value::from(to.name())),
    ]);
    manifest
        .entry("transition")
        .or_insert_with(|| Value::Array(Vec::new()))
        .as_array_mut()
        .expect("a manifest that parsed has lists where lists belong")
        .push(Value::Table(step));
}

fn add_reader(
    manifest: &mut Table,
    section: &str,
    name: &str,
    reader: &str,
) -> Result<bool, ManifestError> {
    Ok(add(entry(manifest, section, name)?, "readers", reader))
}
