//! What an app must satisfy beyond its signature: its place, and its version.

use reasons::Reason;

use crate::apps::{App, Apps};

/// More than the kernel needs of a process's block for itself, grants apart, in bytes.
const KERNEL_PART: usize = 0x800;

/// Why a binary does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has no credential that could be checked.
    Unsigned,
    /// No known signer made its signature: it was altered, or others signed it.
    WrongSignature,
    /// It was signed by a signer who may not sign for this app, or its header
    /// says no app.
    NotTheSignersApp,
    /// It does not stand in the app's slot.
    WrongPlace,
    /// A newer version of the app has run before.
    OldVersion,
    /// It was accepted, but the kernel could not make a process of it.
    NotLoaded,
}

impl Refusal {
    /// The refusal's entry in the register of codes.
    pub const fn reason(self) -> Reason {
        match self {
            Refusal::Unsigned => Reason::Unsigned,
            Refusal::WrongSignature => Reason::WrongSignature,
            Refusal::NotTheSignersApp => Reason::NotTheSignersApp,
            Refusal::WrongPlace => Reason::WrongPlace,
            Refusal::OldVersion => Reason::OldVersion,
            Refusal::NotLoaded => Reason::NotLoaded,
        }
    }

    /// Returns the number that stands for the reason in crash records.
    pub const fn code(self) -> u8 {
        self.reason().number()
    }
}

/// A binary whose signature is right, as far as rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedApp {
    /// The app that it is.
    pub short_id: u32,
    /// Version in its Program header; 0 without one.
    pub version: u32,
    /// Address of the object.
    pub flash_start: usize,
    /// Bytes of the object, signatures included.
    pub flash_size: usize,
    /// Address of the RAM that it is made for, if it is made for one.
    pub ram_start: Option<usize>,
    /// Bytes of RAM that it asks for, without the kernel's part.
    pub ram_size: usize,
}

/// What the board asks of an app beyond its signature.
pub trait AppRules {
    /// Decides whether the app may run.
    ///
    /// # Errors
    /// Why it may not.
    fn admit(&self, app: &SignedApp) -> Result<(), Refusal>;
}

/// What came of the signatures of the apps in flash.
pub trait Outcomes {
    /// What came of the check of the object at this address; none if it has no
    /// credential that could be checked.
    fn outcome_of(&self, flash_start: usize) -> Option<Result<(), Refusal>>;
}

/// The newest version of each app that has run, kept over resets.
pub trait StoredVersions {
    /// The newest version that has run; 0 if none has.
    fn newest(&self, short_id: u32) -> u32;

    /// This version was accepted and is not older than the newest.
    fn ran(&self, short_id: u32, version: u32);
}

/// Remembers nothing, so that every version is new.
impl StoredVersions for () {
    fn newest(&self, _short_id: u32) -> u32 {
        0
    }

    fn ran(&self, _short_id: u32, _version: u32) {}
}

/// An app runs in its slot of the manifest alone, and not in a version older than one
/// that ran.
pub struct SlotRules<'a> {
    apps: Apps,
    versions: &'a dyn StoredVersions,
}

impl<'a> SlotRules<'a> {
    /// Rules by this table, with the versions that are kept in `versions`.
    pub const fn new(apps: Apps, versions: &'a dyn StoredVersions) -> Self {
        Self { apps, versions }
    }
}

/// Whether the app keeps to its slot. The loader gives out RAM and flash in the order of
/// the list: one that took more would leave nothing to those behind it.
fn keeps_to(app: &SignedApp, slot: &App) -> bool {
    slot.short_id == app.short_id
        && slot.flash_start == app.flash_start
        && app.flash_size <= slot.flash_size
        && app.ram_start == Some(slot.ram_start)
        && app.ram_size <= slot.ram_size - KERNEL_PART
}

impl AppRules for SlotRules<'_> {
    fn admit(&self, app: &SignedApp) -> Result<(), Refusal> {
        if !self.apps.0.iter().any(|slot| keeps_to(app, slot)) {
            return Err(Refusal::WrongPlace);
        }
        if app.version < self.versions.newest(app.short_id) {
            return Err(Refusal::OldVersion);
        }
        self.versions.ran(app.short_id, app.version);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::Fault;
    use core::cell::Cell;

    const SLOT: App = App {
        name: "one",
        short_id: 7,
        flash_start: 0x8_0000,
        flash_size: 0x1_0000,
        ram_start: 0x2000_8000,
        ram_size: 0x4000,
        priority: 0,
        share: 10,
        fault: Fault::Stop,
        commands: &[],
        further_commands: &[],
    };
    static APPS: [App; 2] = [
        SLOT,
        App {
            short_id: 8,
            flash_start: 0x9_0000,
            ram_start: 0x2000_C000,
            ..SLOT
        },
    ];
    const APP: SignedApp = SignedApp {
        short_id: 7,
        version: 3,
        flash_start: 0x8_0000,
        flash_size: 0x1_0000,
        ram_start: Some(0x2000_8000),
        ram_size: 0x3800,
    };

    #[derive(Default)]
    struct Kept {
        newest: Cell<u32>,
        ran: Cell<Option<(u32, u32)>>,
    }

    impl StoredVersions for Kept {
        fn newest(&self, _: u32) -> u32 {
            self.newest.get()
        }

        fn ran(&self, short_id: u32, version: u32) {
            self.ran.set(Some((short_id, version)));
        }
    }

    #[test]
    fn an_app_in_its_slot_runs_and_its_version_is_kept() {
        let kept = Kept::default();
        assert_eq!(SlotRules::new(Apps(&APPS), &kept).admit(&APP), Ok(()));
        assert_eq!(kept.ran.get(), Some((7, 3)));
    }

    #[test]
    fn each_claim_that_leaves_the_slot_is_refused_alone() {
        let claims = [
            SignedApp { short_id: 9, ..APP },
            SignedApp { short_id: 8, ..APP },
            SignedApp {
                flash_start: 0x8_0200,
                ..APP
            },
            SignedApp {
                flash_start: 0x9_0000,
                ..APP
            },
            SignedApp {
                flash_size: 0x1_0001,
                ..APP
            },
            SignedApp {
                ram_start: None,
                ..APP
            },
            SignedApp {
                ram_start: Some(0x2000_C000),
                ..APP
            },
            SignedApp {
                ram_size: 0x3801,
                ..APP
            },
            SignedApp {
                ram_size: usize::MAX,
                ..APP
            },
        ];
        for claim in claims {
            let kept = Kept::default();
            let rules = SlotRules::new(Apps(&APPS), &kept);
            assert_eq!(rules.admit(&claim), Err(Refusal::WrongPlace), "{claim:?}");
            assert_eq!(kept.ran.get(), None, "what is refused is not kept");
        }
    }

    #[test]
    fn an_older_version_is_refused_and_the_same_one_is_not() {
        let kept = Kept::default();
        let rules = SlotRules::new(Apps(&APPS), &kept);
        kept.newest.set(4);
        assert_eq!(rules.admit(&APP), Err(Refusal::OldVersion));
        assert_eq!(kept.ran.get(), None);
        kept.newest.set(3);
        assert_eq!(rules.admit(&APP), Ok(()));
    }

    #[test]
    fn numbers_of_reports_are_fixed() {
        let codes = [
            Refusal::Unsigned,
            Refusal::WrongSignature,
            Refusal::NotTheSignersApp,
            Refusal::WrongPlace,
            Refusal::OldVersion,
            Refusal::NotLoaded,
        ]
        .map(Refusal::code);
        assert_eq!(codes, [1, 2, 3, 4, 5, 6]);
    }
}
