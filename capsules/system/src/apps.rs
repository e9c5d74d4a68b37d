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

/// Commands below this number have a bit in [`App::commands`].
const COMMANDS_WITH_A_BIT: u32 = 32;

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
    /// Hundredths of the CPU time that it is guaranteed.
    pub share: u8,
    /// What a fault leads to.
    pub fault: Fault,
    /// What it may call of each driver that the manifest declares, by the driver's place
    /// ([`Places::driver`]): bit n stands for command n, and bit 0 for every driver of which
    /// the manifest gives the app anything.
    pub commands: &'static [u32],
    /// Commands from 32 on that it may call, each with the place of its driver.
    pub further_commands: &'static [(usize, u32)],
}

impl App {
    /// Returns whether the app may call `command` of the driver with this place; for `None`,
    /// whether it may call any beyond the existence check.
    pub fn may_call(&self, driver: usize, command: Option<u32>) -> bool {
        let bits = self.commands.get(driver).copied().unwrap_or(0);
        match command {
            Some(command) if command < COMMANDS_WITH_A_BIT => bits & (1 << command) != 0,
            Some(command) => self.further_commands.contains(&(driver, command)),
            None => bits >> 1 != 0 || self.further_commands.iter().any(|(at, _)| *at == driver),
        }
    }
}

/// Where the numbers of system calls stand in the tables that are generated from the manifest;
/// a type, so that each question costs what a `match` does.
pub trait Places {
    /// Returns the place of a driver in [`App::commands`]; none if the manifest does not
    /// declare it.
    fn driver(number: u32) -> Option<usize>;

    /// Returns the place of the app with this ShortId in [`Apps`]; none if the manifest has
    /// no such app.
    fn app(short_id: u32) -> Option<usize>;

    /// Returns whether a driver answers only to apps that name it.
    fn is_restricted(driver: u32) -> bool;
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

    /// Where the object of the most urgent app stands; none if there is no app.
    pub fn most_urgent(&self) -> Option<usize> {
        let app = self.0.iter().min_by_key(|app| app.priority)?;
        Some(app.flash_start)
    }

    /// Hundredths of the CPU time that a process is guaranteed.
    pub fn share_of(&self, process: &dyn Process) -> u8 {
        /// The manifest leaves as much for each place of the table.
        const GUEST: u8 = 1;
        self.of(process).map_or(GUEST, |app| app.share)
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
