//! The meters that the parts of an audit begin from: each is booted once, when the first part asks for it.

use std::sync::OnceLock;

use manifest::{Manifest, State};

use super::fixture::{Fixture, Kept};
use super::scenarios::life::bring_into_service;
use super::scope::SLOTS;
use crate::specimen::firmware::Firmware;
use crate::specimen::scripted_app::Silent;

/// The slots with an app in the place of metering too.
const OWNER_SLOTS: [&str; 5] = ["metering", "tls", "dlms", "update", "factory"];

/// A meter that is made once and begun from often.
type Once = OnceLock<Result<Kept, Silent>>;

/// Who stands in the slot of metering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// The app itself, which measures.
    Itself,
    /// A scripted app, so that nothing measures.
    Scripted,
}

/// Meters of one firmware, audited by one manifest.
pub struct Meters<'a> {
    /// The firmware, without scripted apps.
    pub firmware: &'a Firmware,
    /// The manifest that the audit goes by.
    pub manifest: &'a Manifest,
    measuring: [Once; 2],
    owned: [Once; 2],
}

impl<'a> Meters<'a> {
    /// Prepares the meters of a firmware; none of them is made yet.
    pub fn new(firmware: &'a Firmware, manifest: &'a Manifest) -> Self {
        Self {
            firmware,
            manifest,
            measuring: Default::default(),
            owned: Default::default(),
        }
    }

    /// Returns a meter in the factory state, with scripted apps in the slots of all apps but,
    /// as the case may be, metering.
    ///
    /// # Errors
    /// A scripted app does not answer.
    pub fn from_factory(&self, metering: Metering) -> Result<Fixture, Silent> {
        let [new, _] = self.of(metering);
        begin(new, || {
            let slots: &[&str] = match metering {
                Metering::Itself => &SLOTS,
                Metering::Scripted => &OWNER_SLOTS,
            };
            Fixture::boot(self.firmware, self.manifest, slots)
        })
    }

    /// Returns such a meter that was brought into service.
    ///
    /// # Errors
    /// A scripted app does not answer, or the meter cannot be brought into service.
    pub fn in_service(&self, metering: Metering) -> Result<Fixture, Silent> {
        let [_, in_service] = self.of(metering);
        begin(in_service, || {
            let mut fixture = self.from_factory(metering)?;
            bring_into_service(&mut fixture)?;
            Ok(fixture)
        })
    }

    /// Returns such a meter in this state of its life.
    ///
    /// # Errors
    /// A scripted app does not answer, or the meter cannot be brought into that state.
    pub fn in_state(&self, state: State, metering: Metering) -> Result<Fixture, Silent> {
        match state {
            State::Factory => self.from_factory(metering),
            State::Operational => self.in_service(metering),
            State::Decommissioned => {
                let mut fixture = self.in_service(metering)?;
                fixture.advance_to(State::Decommissioned)?;
                Ok(fixture)
            }
        }
    }

    fn of(&self, metering: Metering) -> &[Once; 2] {
        match metering {
            Metering::Itself => &self.measuring,
            Metering::Scripted => &self.owned,
        }
    }
}

fn begin(once: &Once, make: impl FnOnce() -> Result<Fixture, Silent>) -> Result<Fixture, Silent> {
    let kept = once.get_or_init(|| make().map(Fixture::keep));
    kept.as_ref().map_err(Clone::clone)?.fixture()
}
