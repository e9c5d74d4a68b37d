//! What the rules of all topics have alike: a refusal, the places of entries, names and numbers.

use crate::model::Manifest;
use crate::place::Place;

/// A rule that a manifest does not obey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The entry that the rule is about.
    pub place: Place,
    /// What is wrong with it.
    pub message: String,
}

/// Refuses the manifest, for the entry at a place, if a condition holds.
macro_rules! refuse_if {
    ($condition:expr, $place:expr, $($message:tt)+) => {
        if $condition {
            return Err($crate::check::rules::Refusal {
                place: $place,
                message: format!($($message)+),
            });
        }
    };
}
pub(crate) use refuse_if;

/// The place of an app or a signer: of its name.
pub fn named(list: &str, number: usize) -> Place {
    Place::at(list).item(number).key("name")
}

/// The place of an entry of an app.
pub fn of_app(number: usize, key: &str) -> Place {
    Place::at("app").item(number).key(key)
}

/// The place that a path with dots leads to.
pub fn path(path: &str) -> Place {
    let keys = path.split('.');
    keys.fold(Place::default(), |place, key| place.key(key))
}

/// Checks the name of an entry, because names go into generated code, tables and file names.
///
/// # Errors
/// A refusal at `place`, if the name is empty, too long, or has other than plain characters.
pub fn check_name(place: &Place, entry: &str, name: &str) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    refuse_if!(
        name.is_empty() || name.len() > 64 || !name.bytes().all(plain),
        place.clone(),
        "{entry} {name:?}: a name has 1 to 64 letters, digits, or _ - ."
    );
    Ok(())
}

/// Checks that the number of each entry of the table at `place` is its own.
///
/// # Errors
/// A refusal of the first entry whose number another one has.
pub fn distinct_numbers<'a>(
    place: &Place,
    section: &str,
    entries: impl Iterator<Item = (&'a String, u32)>,
) -> Result<(), Refusal> {
    let mut seen: Vec<(&String, u32)> = Vec::new();
    for (name, number) in entries {
        if let Some((other, _)) = seen.iter().find(|(_, taken)| *taken == number) {
            return Err(Refusal {
                place: place.key(name),
                message: format!("{section}.{other} and {section}.{name} share number {number:#x}"),
            });
        }
        seen.push((name, number));
    }
    Ok(())
}

/// Checks that the apps that an entry names exist, and that each is named once.
///
/// # Errors
/// A refusal at `place`, of the first name that is unknown or stands twice.
pub fn known_apps<'a>(
    manifest: &Manifest,
    place: &Place,
    entry: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), Refusal> {
    let mut seen: Vec<&String> = Vec::new();
    for name in names {
        refuse_if!(
            manifest.app(name).is_none(),
            place.clone(),
            "{entry}: there is no app {name}"
        );
        refuse_if!(
            seen.contains(&name),
            place.clone(),
            "{entry}: app {name} is named twice"
        );
        seen.push(name);
    }
    Ok(())
}
