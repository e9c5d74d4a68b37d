//! The newest version of each app that ran, for whoever loads apps.

use core::cell::Cell;

use capsules_system::app_rules::StoredVersions;
use kernel::ErrorCode;

use super::budgets::SHORT_IDS;
use super::policy::RESERVED;

/// Keeps older versions of apps from running again.
pub trait AppVersions {
    /// Returns the newest version of the app that was accepted, or 0 if none was.
    ///
    /// # Errors
    /// Fails with `OFF` while the key store is closed, with `BUSY` while it settles what a
    /// power cut left in doubt, with `FAIL` if it is refused, and with `INVAL` if there is no
    /// such ShortId.
    fn newest(&self, short_id: u32) -> Result<u32, ErrorCode>;

    /// Notes that a version of the app was accepted: older ones are refused once that is
    /// durable. Nothing happens if it is not newer.
    ///
    /// # Errors
    /// Fails with `NOMEM` if too many versions wait to be noted, and in the cases of
    /// [`newest`](Self::newest).
    fn raise(&self, short_id: u32, version: u32) -> Result<(), ErrorCode>;
}

/// The versions of the key store, as the rules of apps ask for them. While it refuses to
/// answer, because its flash was tampered with, no version is known: metering goes on,
/// and no app has keys.
pub struct KeptVersions<'a> {
    versions: &'a dyn AppVersions,
    not_kept: fn(short_id: u32, version: u32, error: ErrorCode),
}

impl<'a> KeptVersions<'a> {
    /// The versions in `versions`; `not_kept` hears of those that could not be stored.
    pub const fn new(
        versions: &'a dyn AppVersions,
        not_kept: fn(short_id: u32, version: u32, error: ErrorCode),
    ) -> Self {
        Self { versions, not_kept }
    }
}

impl StoredVersions for KeptVersions<'_> {
    fn newest(&self, short_id: u32) -> u32 {
        self.versions.newest(short_id).unwrap_or(0)
    }

    fn ran(&self, short_id: u32, version: u32) {
        if let Err(error) = self.versions.raise(short_id, version) {
            (self.not_kept)(short_id, version, error);
        }
    }
}

/// Returns the number of the object that counts the versions of an app.
///
/// # Errors
/// Fails with `INVAL` if there is no such ShortId; they go from 1 to 0x7FF.
pub fn object_of(short_id: u32) -> Result<u16, ErrorCode> {
    if !(1..SHORT_IDS).contains(&short_id) {
        return Err(ErrorCode::INVAL);
    }
    Ok(RESERVED + short_id as u16)
}

/// How many apps' versions may wait to be raised.
const PLACES: usize = 8;

/// Versions that wait to be raised.
pub struct Raises([Cell<Option<(u16, u32)>>; PLACES]);

impl Default for Raises {
    fn default() -> Self {
        Self::new()
    }
}

impl Raises {
    /// Makes a list in which no counter waits to be raised.
    pub const fn new() -> Self {
        Raises([const { Cell::new(None) }; PLACES])
    }

    /// Adds a counter that is to be raised to `value`; of two values for the same object the
    /// greater stays.
    ///
    /// # Errors
    /// Fails with `NOMEM` if there is no room.
    pub fn add(&self, object: u16, value: u32) -> Result<(), ErrorCode> {
        let same = |place: &&Cell<Option<(u16, u32)>>| {
            place.get().is_some_and(|(other, _)| other == object)
        };
        let free = |place: &&Cell<Option<(u16, u32)>>| place.get().is_none();
        let place = self
            .0
            .iter()
            .find(same)
            .or_else(|| self.0.iter().find(free));
        let place = place.ok_or(ErrorCode::NOMEM)?;
        let before = place.get().map_or(0, |(_, before)| before);
        place.set(Some((object, value.max(before))));
        Ok(())
    }

    /// Returns an object that waits to be raised, with the value that it shall have, if any
    /// waits.
    pub fn next(&self) -> Option<(u16, u32)> {
        self.0.iter().find_map(Cell::get)
    }

    /// Takes an object out of those that wait.
    pub fn remove(&self, object: u16) {
        for place in &self.0 {
            if place.get().is_some_and(|(other, _)| other == object) {
                place.set(None);
            }
        }
    }
}
