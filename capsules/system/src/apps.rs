//! The apps that the board's manifest declares: who they are, where they stand, what they may call.

use kernel::process::{Process, ShortId};

/// What a fault of an app leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The app stays down.
    Stop,
    /// It starts again after a delay that grows.
    Restart,
    /// The kernel panics.
    Panic,
}

/// One driver and the commands of it that an app may call.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Driver number.
    pub driver: u32,
    /// Command numbers.
    pub commands: &'static [u32],
}

/// One app of the manifest.
#[derive(Clone, Copy, Debug)]
pub struct App {
    /// Package name.
    pub name: &'static str,
    /// Tock ShortId.
    pub short_id: u32,
    /// Where its TBF object must stand to be this app.
    pub flash_start: usize,
    /// Bytes that the object may take there.
    pub flash_size: usize,
    /// Where its RAM lies.
    pub ram_start: usize,
    /// Bytes of it, with the kernel's part.
    pub ram_size: usize,
    /// Its level for the scheduler; 0 is served first.
    pub priority: u8,
    /// What a fault leads to.
    pub fault: Fault,
    /// What it may call.
    pub grants: &'static [Grant],
}

impl App {
    /// Returns whether the app may call `command` of a driver; for `None`, whether it may
    /// call any.
    pub fn may_call(&self, driver: u32, command: Option<u32>) -> bool {
        self.grants.iter().any(|grant| {
            grant.driver == driver
                && command.is_none_or(|command| grant.commands.contains(&command))
        })
    }
}

/// The table of apps that is generated from the manifest.
#[derive(Clone, Copy, Debug)]
pub struct Apps(pub &'static [App]);

impl Apps {
    /// The entry of a process: of the id that its signature gave it, in the slot that
    /// belongs to this id. Anything else is a guest without an entry.
    pub fn of(&self, process: &dyn Process) -> Option<&'static App> {
        let ShortId::Fixed(id) = process.short_app_id() else {
            return None;
        };
        let flash_start = process.get_addresses().flash_start;
        self.0
            .iter()
            .find(|app| app.short_id == id.get() && app.flash_start == flash_start)
    }

    /// The level of a process for the scheduler: guests come after all apps of the
    /// manifest.
    pub fn level_of(&self, process: &dyn Process) -> u8 {
        self.of(process).map_or_else(
            || {
                let least = self.0.iter().map(|app| app.priority).max();
                least.unwrap_or(0).saturating_add(1)
            },
            |app| app.priority,
        )
    }
}
