//! Four processes and a table of apps: two of them are apps of it, two only look like it in part.

use std::cell::Cell;

use capsules_system::apps::{App as Entry, Apps, Fault, Places};
use capsules_system::crash_log::layout::AREA_WORDS;
use capsules_system::crash_log::{
    decode, CrashLog, CrashRecord, ProcessTable, Report, RetainedWords,
};
use kernel::hil::time::Ticks24;
use kernel::process::ProcessFaultPolicy;
use kernel::Kernel;
use testing::{app, forever, loading, App, Clock, Drivers, HostKernel, Power, SLOTS};

/// Place of an app that stands in its slot.
pub const METERING: usize = 0;
/// Place of another one. Its header lists permissions.
pub const DISPLAY: usize = 1;
/// Place of a process without identity, in the slot of an app.
pub const GUEST: usize = 2;
/// Place of a process with the identity of that app, in the slot of yet another.
pub const MISPLACED: usize = 3;
/// All of them.
pub const ALL: [usize; SLOTS] = [METERING, DISPLAY, GUEST, MISPLACED];

pub const METERING_ID: u32 = 0x301;
pub const DISPLAY_ID: u32 = 0x302;
pub const MISPLACED_ID: u32 = 0x303;
const ABSENT_ID: u32 = 0x304;

/// Restricted; the metering app may call two commands of it.
pub const METERS_DRIVER: usize = 0x9_0001;
/// Restricted; the display may call one command of it.
pub const DISPLAYS_DRIVER: usize = 0x9_0002;
/// Not restricted; the metering app may call two commands of it, though no header of its
/// lists any.
pub const OPEN_DRIVER: usize = 0x1;
/// The same, and no app may call it.
pub const UNLISTED_DRIVER: usize = 0x2;
/// In no table at all.
pub const UNDECLARED_DRIVER: usize = 0x3;

pub const METERS_COMMANDS: [usize; 3] = [0, 1, 3];
pub const DISPLAYS_COMMANDS: [usize; 2] = [0, 7];
/// Of the open driver, those of the metering app; the last has no bit.
pub const OPEN_COMMANDS: [usize; 4] = [0, 5, 31, 65];

/// The places of four drivers and of four apps.
pub struct FourPlaces;

impl Places for FourPlaces {
    fn driver(number: u32) -> Option<usize> {
        let drivers = [OPEN_DRIVER, UNLISTED_DRIVER, METERS_DRIVER, DISPLAYS_DRIVER];
        drivers.iter().position(|driver| *driver == number as usize)
    }

    fn app(short_id: u32) -> Option<usize> {
        let ids = [METERING_ID, DISPLAY_ID, MISPLACED_ID, ABSENT_ID];
        ids.iter().position(|id| *id == short_id)
    }

    fn is_restricted(driver: u32) -> bool {
        [METERS_DRIVER, DISPLAYS_DRIVER].contains(&(driver as usize))
    }
}

/// What both apps may call whose id and slot no process has together.
const EVERYTHING: &[u32] = &[u32::MAX; 4];

/// An entry of nobody, which others begin with.
pub const NOBODY: Entry = Entry {
    name: "",
    short_id: 0,
    flash_start: 0,
    flash_size: 0,
    ram_start: 0,
    ram_size: 0,
    priority: 0,
    share: 10,
    fault: Fault::Stop,
    commands: &[],
    further_commands: &[],
};

/// The objects of the four processes.
pub fn objects() -> [App; SLOTS] {
    let named = |name, id| App {
        name,
        ..App::identified(id)
    };
    [
        named("metering", METERING_ID),
        // Commands 0, 2 and 65 of the open driver, and more than the table grants. The
        // headers of the others list nothing, which for a guest means all.
        named("display", DISPLAY_ID).permissions(&[
            (OPEN_DRIVER as u32, 0, 0b101),
            (OPEN_DRIVER as u32, 1, 0b10),
            (METERS_DRIVER as u32, 0, u64::MAX),
        ]),
        named("guest", 0),
        named("misplaced", MISPLACED_ID),
    ]
}

/// A list of objects where it lives for ever, and the address of each.
pub fn in_flash(objects: &[Vec<u8>]) -> (&'static [u8], Vec<usize>) {
    let mut flash = objects.concat();
    flash.resize(flash.len() + 64, 0xFF);
    let flash: &'static [u8] = Box::leak(flash.into_boxed_slice());
    let mut next = flash.as_ptr().addr();
    let addresses = objects.iter().map(|object| {
        let address = next;
        next += object.len();
        address
    });
    (flash, addresses.collect())
}

/// The table of apps, for processes that stand at these addresses: of the metering app, of
/// the display, of the app in whose slot the guest stands, of the app in whose slot the
/// misplaced one stands.
pub fn table(addresses: &[usize], faults: [Fault; SLOTS], priorities: [u8; SLOTS]) -> Apps {
    let entry = |place: usize, name, short_id, commands, further_commands| Entry {
        name,
        short_id,
        flash_start: addresses[place],
        priority: priorities[place],
        fault: faults[place],
        commands,
        further_commands,
        ..NOBODY
    };
    Apps(Box::leak(Box::new([
        entry(
            METERING,
            "metering",
            METERING_ID,
            &[1 | 1 << 5 | 1 << 31, 0, 0b1011, 0],
            &[(0, 65)],
        ),
        entry(DISPLAY, "display", DISPLAY_ID, &[0, 0, 0, 0x81], &[]),
        entry(GUEST, "misplaced", MISPLACED_ID, EVERYTHING, &[]),
        entry(MISPLACED, "absent", ABSENT_ID, EVERYTHING, &[]),
    ])))
}

/// The four processes, and the table that speaks of them.
pub struct Setup {
    pub host: HostKernel,
    pub apps: Apps,
}

impl Setup {
    /// Processes whose faults the policy decides about that `policy` makes for the table.
    pub fn new(
        faults: [Fault; SLOTS],
        priorities: [u8; SLOTS],
        policy: impl FnOnce(Apps) -> &'static dyn ProcessFaultPolicy,
    ) -> Self {
        let objects = objects().map(|object| object.build());
        let (flash, addresses) = in_flash(&objects);
        let apps = table(&addresses, faults, priorities);
        let host = bare_host();
        loading::load(host.kernel, host.chip, flash, policy(apps));
        host.run();
        Setup { host, apps }
    }
}

/// A kernel without drivers and processes.
pub fn bare_host() -> HostKernel {
    let (kernel, slots) = testing::bare_kernel();
    HostKernel::assemble(kernel, slots, Drivers::new(), testing::round_robin(slots))
}

/// Retained RAM, which the test reads as a probe would.
pub struct Ram([Cell<u32>; AREA_WORDS]);

impl RetainedWords for &Ram {
    fn read(&self, index: usize) -> u32 {
        self.0[index].get()
    }

    fn write(&self, index: usize, value: u32) {
        self.0[index].set(value);
    }
}

impl Ram {
    /// What the log in it says.
    pub fn report(&self) -> Report {
        let bytes: Vec<u8> = self
            .0
            .iter()
            .flat_map(|word| word.get().to_le_bytes())
            .collect();
        decode(&bytes).expect("a log")
    }

    /// The records of the log, the oldest first.
    pub fn records(&self) -> Vec<CrashRecord> {
        self.report().records.into_iter().flatten().collect()
    }
}

/// The table of processes that is under test, on a clock that is as narrow as the part's.
pub type Table = ProcessTable<'static, &'static Ram, Clock<Ticks24>, Power, SLOTS>;

/// A table in a fresh log, and what it works with.
pub fn process_table(
    kernel: &'static Kernel,
) -> (&'static Ram, &'static Clock<Ticks24>, &'static Table) {
    let ram = forever(Ram([const { Cell::new(0xA5A5_A5A5) }; AREA_WORDS]));
    // It wraps two seconds from now.
    let clock = forever(Clock::new((1 << 24) - 2 * 32_768));
    let (log, _) = CrashLog::open(ram, 0);
    let table: &'static Table = forever(ProcessTable::new(log, kernel, Power, clock));
    kernel::hil::time::Alarm::set_alarm_client(clock, table);
    (ram, clock, table)
}

/// An object that only fills space.
pub fn padding() -> Vec<u8> {
    app::padding(64)
}
