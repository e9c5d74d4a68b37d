//! Reads members of the sets that the definitions of the drivers name.

use drivers::Named;
use serde::de::{Deserialize, Deserializer, Error};

/// A member of a set, read by its name.
struct Member<T>(T);

impl<'de, T: Named> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        T::from_name(&name).map(Member).ok_or_else(|| {
            let known: Vec<&str> = T::ALL.iter().map(|member| member.name()).collect();
            let known = known.join(", ");
            D::Error::custom(format!("unknown variant `{name}`, expected one of {known}"))
        })
    }
}

/// Reads one member.
///
/// # Errors
/// The set has none of that name.
pub fn one<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Member::deserialize(deserializer).map(|Member(member)| member)
}

/// Reads a list of members.
///
/// # Errors
/// The set has none of one of the names.
pub fn list<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let members = Vec::<Member<T>>::deserialize(deserializer)?;
    Ok(members.into_iter().map(|Member(member)| member).collect())
}
