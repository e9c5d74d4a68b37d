//! The report of what the kernel's loader has made of a list of objects.

use std::cell::{Cell, RefCell};

use capsules_system::app_rules::{Outcomes, Refusal};
use capsules_system::apps::Fault;
use capsules_system::crash_log::layout::ENTRIES;
use capsules_system::crash_log::{ProcessEntry, ProcessState};
use capsules_system::load_failures::LoadFailures;
use capsules_system::loading_report::{LoadedClient, LoadingReport};
use capsules_system::process_policies::StopFaultPolicy;
use capsules_system::scheduler::priority::PriorityLevel;
use kernel::deferred_call::DeferredCallClient;
use kernel::process::ProcessLoadingAsync;
use testing::loading::{self, ByHeader, NoCredentials};
use testing::{forever, on_kernel_thread, App, HostKernel, Power, SLOTS};

use super::setup::*;

/// What came of the signatures, by address.
struct Checked(Vec<(usize, Result<(), Refusal>)>);

impl Outcomes for Checked {
    fn outcome_of(&self, flash_start: usize) -> Option<Result<(), Refusal>> {
        let found = self.0.iter().find(|(start, _)| *start == flash_start);
        found.map(|(_, outcome)| *outcome)
    }
}

/// Hears that the apps are loaded, and looks at once at what is there by then.
struct Waiting {
    ram: &'static Ram,
    levels: &'static [PriorityLevel],
    heard: Cell<usize>,
    refused: RefCell<Vec<Refused>>,
    seen: Cell<[u8; SLOTS]>,
}

impl LoadedClient for Waiting {
    fn apps_loaded(&self) {
        self.heard.set(self.heard.get() + 1);
        *self.refused.borrow_mut() = refused(self.ram);
        let levels: Vec<u8> = self.levels.iter().map(PriorityLevel::get).collect();
        self.seen
            .set(levels.try_into().expect("one for each place"));
    }
}

/// Name, ShortId, address and reason of an object that does not run.
type Refused = (String, u32, u32, u8);

/// The refused objects of the log, in the order in which they were reported.
fn refused(ram: &Ram) -> Vec<Refused> {
    let reported = |entry: ProcessEntry| match entry.state {
        ProcessState::Refused(reason) => Some((
            entry.name.as_str().to_owned(),
            entry.short_id,
            entry.flash_start,
            reason,
        )),
        _ => None,
    };
    let processes = ram.report().processes;
    processes
        .into_iter()
        .rev()
        .flatten()
        .filter_map(reported)
        .collect()
}

/// An app that asks for more RAM than there is.
fn too_large(name: &'static str, id: u32) -> Vec<u8> {
    let app = App {
        name,
        ..App::identified(id)
    };
    app.min_ram(1 << 20).build()
}

/// An object whose checksum is wrong.
fn broken() -> Vec<u8> {
    let mut object = App::new("broken").build();
    object[12] ^= 1;
    object
}

struct Loaded {
    host: HostKernel,
    addresses: Vec<usize>,
    client: &'static Waiting,
}

/// Has the kernel load these objects; `outcomes` are those of the checks, by place in the
/// list.
fn load(
    objects: &[Vec<u8>],
    priorities: [u8; SLOTS],
    outcomes: &[(usize, Result<(), Refusal>)],
    signatures_required: bool,
) -> Loaded {
    let (flash, addresses) = in_flash(objects);
    let host = bare_host();
    let (ram, _, table) = process_table(host.kernel);
    let levels: &'static [PriorityLevel] =
        Box::leak(Box::new([const { PriorityLevel::new(77) }; SLOTS]));
    let outcomes = outcomes
        .iter()
        .map(|(place, outcome)| (addresses[*place], *outcome));
    let client = forever(Waiting {
        ram,
        levels,
        heard: Cell::new(0),
        refused: RefCell::default(),
        seen: Cell::default(),
    });
    let report = forever(LoadingReport {
        kernel: host.kernel,
        capability: Power,
        apps: super::setup::table(&addresses, [Fault::Stop; SLOTS], priorities),
        levels,
        flash,
        failures: LoadFailures::new(),
        signatures_required,
        outcomes: forever(Checked(outcomes.collect())),
        table,
        debug_output: false,
        client,
    });
    let faults = forever(StopFaultPolicy {});
    let loader = loading::loader(
        host.kernel,
        host.chip,
        flash,
        &NoCredentials,
        &ByHeader,
        faults,
    );
    loader.set_client(report);
    loader.start();
    assert_eq!(client.heard.get(), 0, "nothing is loaded yet");
    for _ in 0..1_000 {
        loader.handle_deferred_call();
    }
    Loaded {
        host,
        addresses,
        client,
    }
}

impl Loaded {
    fn running(&self) -> Vec<&'static str> {
        let slots = self.host.slots.as_slice().iter();
        slots
            .filter_map(|slot| Some(slot.get()?.get_process_name()))
            .collect()
    }

    /// What is expected to be reported of the object at this place of the list.
    fn expected(&self, place: usize, name: &str, id: u32, reason: Refusal) -> Refused {
        (
            name.to_owned(),
            id,
            self.addresses[place] as u32,
            reason.code(),
        )
    }
}

#[test]
fn apps_that_do_not_run_are_reported_with_their_reasons_before_the_client_is_told() {
    on_kernel_thread(|| {
        let [metering, display, guest, _] = objects().map(|object| object.build());
        let disabled = App {
            flags: 0,
            ..App::new("disabled")
        };
        let objects = [
            metering,
            too_large("unsigned", 0x401),
            display,
            padding(),
            too_large("altered", 0x402),
            disabled.build(),
            too_large("accepted", 0x403),
            broken(),
            guest,
        ];
        let outcomes = [
            (0, Ok(())),
            (2, Ok(())),
            (4, Err(Refusal::WrongSignature)),
            (6, Ok(())),
        ];
        for (required, of_unsigned) in [(true, Refusal::Unsigned), (false, Refusal::NoRamLeft)] {
            let loaded = load(&objects, [0; SLOTS], &outcomes, required);
            assert_eq!(loaded.running(), ["metering", "display", "guest"]);
            assert_eq!(
                *loaded.client.refused.borrow(),
                [
                    loaded.expected(1, "unsigned", 0x401, of_unsigned),
                    loaded.expected(4, "altered", 0x402, Refusal::WrongSignature),
                    loaded.expected(6, "accepted", 0x403, Refusal::NoRamLeft),
                    loaded.expected(7, "", 0, Refusal::BadChecksum),
                ]
            );
            assert_eq!(loaded.client.heard.get(), 1, "and it is told once");
        }
    });
}

#[test]
fn each_app_that_does_not_run_gets_the_reason_that_is_its_own() {
    on_kernel_thread(|| {
        let linked_for = |ram: u32, flash: u32| {
            let payload = [ram.to_le_bytes(), flash.to_le_bytes()].concat();
            App::new("linked").element(5, &payload).build()
        };
        let kernel = |minor: u16| {
            let payload = [2u16.to_le_bytes(), minor.to_le_bytes()].concat();
            App::new("newer").element(8, &payload).build()
        };
        let silent = App {
            says_kernel_version: false,
            ..App::new("silent")
        };
        let nameless = App::new("nameless").element(3, &[0xFF, 0xFE]);
        let objects = [
            kernel(9),
            silent.build(),
            linked_for(u32::MAX, 0x40),
            linked_for(0x40, u32::MAX),
            nameless.build(),
            too_large("large", 0),
        ];
        let loaded = load(&objects, [0; SLOTS], &[], false);
        assert!(loaded.running().is_empty());
        assert_eq!(
            *loaded.client.refused.borrow(),
            [
                loaded.expected(0, "newer", 0, Refusal::OtherKernel),
                loaded.expected(1, "silent", 0, Refusal::OtherKernel),
                loaded.expected(2, "linked", 0, Refusal::WrongFlashAddress),
                loaded.expected(3, "linked", 0, Refusal::RamUnfit),
                loaded.expected(4, "", 0, Refusal::BadHeader),
                loaded.expected(5, "large", 0, Refusal::NoRamLeft),
            ]
        );
    });
}

#[test]
fn apps_without_a_place_are_told_from_those_without_ram() {
    on_kernel_thread(|| {
        let app = |name| App::new(name).build();
        let objects = [
            too_large("large", 0),
            app("one"),
            app("two"),
            too_large("larger", 0),
            app("three"),
            app("four"),
            app("late"),
            broken(),
        ];
        let loaded = load(&objects, [0; SLOTS], &[], false);
        assert_eq!(loaded.running(), ["one", "two", "three", "four"]);
        assert_eq!(
            *loaded.client.refused.borrow(),
            [
                loaded.expected(0, "large", 0, Refusal::NoRamLeft),
                loaded.expected(3, "larger", 0, Refusal::NoRamLeft),
                loaded.expected(6, "late", 0, Refusal::NoPlaceLeft),
                loaded.expected(7, "", 0, Refusal::BadChecksum),
            ]
        );
    });
}

#[test]
fn every_process_has_its_level_when_the_client_is_told() {
    on_kernel_thread(|| {
        let objects = objects().map(|object| object.build());
        let loaded = load(&objects, [3, 0, 2, 5], &[], false);
        assert_eq!(
            loaded.running(),
            ["metering", "display", "guest", "misplaced"]
        );
        assert_eq!(loaded.client.seen.get(), [3, 0, 6, 6]);
        assert!(loaded.client.refused.borrow().is_empty());
    });
}

#[test]
fn an_object_that_leaves_the_list_is_reported_as_far_as_it_can_be_read() {
    on_kernel_thread(|| {
        let [metering, display, guest, _] = objects().map(|object| object.build());
        let mut cut = App::new("cut").build();
        let size = cut.len() as u32 + 4_096;
        cut[4..8].copy_from_slice(&size.to_le_bytes());
        let header = usize::from(u16::from_le_bytes([cut[2], cut[3]]));
        testing::app::seal(&mut cut[..header]);
        let loaded = load(&[metering, display, guest, cut], [0; SLOTS], &[], true);
        assert_eq!(loaded.running(), ["metering", "display", "guest"]);
        let expected = loaded.expected(3, "cut", 0, Refusal::Unsigned);
        assert_eq!(*loaded.client.refused.borrow(), [expected]);
    });
}

#[test]
fn of_more_refused_objects_than_places_the_first_are_reported() {
    on_kernel_thread(|| {
        let room = ENTRIES - SLOTS;
        let objects: Vec<Vec<u8>> = (0..room + 3)
            .map(|_| broken())
            .chain(objects().map(|object| object.build()))
            .collect();
        let loaded = load(&objects, [0; SLOTS], &[], true);
        assert_eq!(loaded.running().len(), SLOTS);
        let expected: Vec<Refused> = (0..room)
            .map(|place| loaded.expected(place, "", 0, Refusal::BadChecksum))
            .collect();
        assert_eq!(*loaded.client.refused.borrow(), expected);
    });
}
