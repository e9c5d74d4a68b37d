//! The system-call filter by the manifest, asked about every class of calls.

use capsules_system::apps::{Apps, Fault};
use capsules_system::process_policies::StopFaultPolicy;
use capsules_system::syscall_filter::app_filter::AppFilter;
use kernel::platform::SyscallFilter;
use kernel::syscall::Syscall;
use kernel::ErrorCode;
use testing::syscalls::*;
use testing::{forever, loading, on_kernel_thread, App};

use super::setup::*;

fn setup() -> (Setup, AppFilter<FourPlaces>) {
    let setup = Setup::new([Fault::Stop; 4], [0; 4], |_| forever(StopFaultPolicy {}));
    let filter = AppFilter::new(setup.apps);
    (setup, filter)
}

/// Subscribe and all kinds of allow.
fn uncommanding(driver: usize) -> [Syscall; 4] {
    [
        subscribe(driver, 0, 0, 0),
        allow_rw(driver, 0, 0, 0),
        allow_ro(driver, 0, 0, 0),
        allow_readable(driver, 0, 0, 0),
    ]
}

/// What a filter answers if it lets a call through, or not.
fn answer(granted: bool) -> Result<(), ErrorCode> {
    if granted {
        Ok(())
    } else {
        Err(ErrorCode::NODEVICE)
    }
}

/// Tries commands 0 to 129 and the other calls of a driver, by each process.
fn try_all(driver: usize, granted: impl Fn(usize) -> Option<&'static [usize]>) {
    let (setup, filter) = setup();
    for place in ALL {
        let process = setup.host.process(place);
        let granted = granted(place);
        let tried = |call: Syscall, granted: bool| {
            assert_eq!(
                filter.filter_syscall(process, &call),
                answer(granted),
                "{} {call:?}",
                process.get_process_name()
            );
        };
        for number in 0..130 {
            let may = granted.is_some_and(|commands| commands.contains(&number));
            tried(command(driver, number, 0, 0), may);
        }
        for call in uncommanding(driver) {
            tried(call, granted.is_some());
        }
    }
}

#[test]
fn a_restricted_driver_answers_to_the_app_that_names_it_and_in_the_commands_that_it_names() {
    on_kernel_thread(|| {
        try_all(METERS_DRIVER, |place| match place {
            METERING => Some(&METERS_COMMANDS),
            _ => None,
        });
        try_all(DISPLAYS_DRIVER, |place| match place {
            DISPLAY => Some(&DISPLAYS_COMMANDS),
            _ => None,
        });
    });
}

#[test]
fn the_table_decides_about_unrestricted_drivers_too_whatever_the_header_says() {
    const ALL_COMMANDS: [usize; 130] = {
        let mut all = [0; 130];
        let mut number = 0;
        while number < all.len() {
            all[number] = number;
            number += 1;
        }
        all
    };
    on_kernel_thread(|| {
        // The header of the display lists the open driver, and that of the metering app
        // lists nothing: neither matters. The misplaced app is not the guest of which it
        // has the slot.
        try_all(OPEN_DRIVER, |place| match place {
            METERING => Some(&OPEN_COMMANDS),
            GUEST => Some(&ALL_COMMANDS),
            _ => None,
        });
        for driver in [UNLISTED_DRIVER, UNDECLARED_DRIVER] {
            try_all(driver, |place| match place {
                GUEST => Some(&ALL_COMMANDS),
                _ => None,
            });
        }
    });
}

#[test]
fn a_guest_is_held_to_the_permissions_of_its_header() {
    on_kernel_thread(|| {
        let permissions = [(OPEN_DRIVER as u32, 0, 0b101), (METERS_DRIVER as u32, 0, 1)];
        let guest = App {
            name: "guest",
            ..App::identified(0)
        };
        let guest = guest.permissions(&permissions);
        let (flash, _) = in_flash(&[guest.build()]);
        let host = bare_host();
        loading::load(host.kernel, host.chip, flash, forever(StopFaultPolicy {}));
        host.run();
        let filter = AppFilter::<FourPlaces>::new(Apps(&[]));
        for (driver, number, granted) in [
            (OPEN_DRIVER, 0, true),
            (OPEN_DRIVER, 1, false),
            (OPEN_DRIVER, 2, true),
            (UNLISTED_DRIVER, 0, false),
            (METERS_DRIVER, 0, false),
        ] {
            let call = command(driver, number, 0, 0);
            let found = filter.filter_syscall(host.process(0), &call);
            assert_eq!(found, answer(granted), "{call:?}");
        }
    });
}

#[test]
fn calls_that_concern_no_driver_are_never_refused() {
    on_kernel_thread(|| {
        let (setup, filter) = setup();
        for place in ALL {
            // The numbers are those of a restricted driver, where there is a place for them.
            for call in [
                yield_no_wait(METERS_DRIVER),
                yield_wait(),
                yield_wait_for(METERS_DRIVER, 0),
                memop(0, METERS_DRIVER),
                exit(0, METERS_DRIVER),
                exit(1, METERS_DRIVER),
            ] {
                let process = setup.host.process(place);
                assert_eq!(filter.filter_syscall(process, &call), Ok(()), "{call:?}");
            }
        }
    });
}

#[test]
fn neither_the_id_nor_the_slot_of_an_app_makes_a_process_that_app() {
    on_kernel_thread(|| {
        let (setup, _) = setup();
        let who = ALL.map(|place| setup.apps.of(setup.host.process(place)).map(|app| app.name));
        assert_eq!(who, [Some("metering"), Some("display"), None, None]);
        // Each has what the other lacks.
        let entry = setup.apps.0[GUEST];
        let start = |place| setup.host.process(place).get_addresses().flash_start;
        assert_eq!(entry.flash_start, start(GUEST));
        assert_eq!(entry.short_id, MISPLACED_ID);
    });
}
