//! The system-call filter by the manifest, asked about every class of calls.

use capsules_system::apps::Fault;
use capsules_system::process_policies::StopFaultPolicy;
use capsules_system::syscall_filter::app_filter::{AppFilter, Restricted};
use kernel::platform::SyscallFilter;
use kernel::syscall::Syscall;
use kernel::ErrorCode;
use testing::syscalls::*;
use testing::{forever, on_kernel_thread};

use super::setup::*;

struct TwoDrivers;

impl Restricted for TwoDrivers {
    fn is_restricted(driver: u32) -> bool {
        [METERS_DRIVER, DISPLAYS_DRIVER].contains(&(driver as usize))
    }
}

fn setup() -> (Setup, AppFilter<TwoDrivers>) {
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

#[test]
fn a_restricted_driver_answers_to_the_app_that_names_it_and_in_the_commands_that_it_names() {
    on_kernel_thread(|| {
        let (setup, filter) = setup();
        for (driver, owner, commands) in [
            (METERS_DRIVER, METERING, &METERS_COMMANDS[..]),
            (DISPLAYS_DRIVER, DISPLAY, &DISPLAYS_COMMANDS),
        ] {
            for place in ALL {
                let process = setup.host.process(place);
                for number in 0..70 {
                    let call = command(driver, number, 0, 0);
                    let granted = place == owner && commands.contains(&(number as u32));
                    assert_eq!(
                        filter.filter_syscall(process, &call),
                        answer(granted),
                        "{} {call:?}",
                        process.get_process_name()
                    );
                }
                for call in uncommanding(driver) {
                    assert_eq!(
                        filter.filter_syscall(process, &call),
                        answer(place == owner),
                        "{} {call:?}",
                        process.get_process_name()
                    );
                }
            }
        }
    });
}

#[test]
fn other_drivers_answer_by_the_permissions_of_the_header_and_to_all_without_one() {
    on_kernel_thread(|| {
        let (setup, filter) = setup();
        for place in ALL {
            let process = setup.host.process(place);
            let listed = |driver, number| {
                place != DISPLAY || (driver == OPEN_DRIVER && [0, 2, 65].contains(&number))
            };
            for driver in [OPEN_DRIVER, UNLISTED_DRIVER] {
                for number in 0..130 {
                    let call = command(driver, number, 0, 0);
                    assert_eq!(
                        filter.filter_syscall(process, &call),
                        answer(listed(driver, number)),
                        "{} {call:?}",
                        process.get_process_name()
                    );
                }
                for call in uncommanding(driver) {
                    assert_eq!(
                        filter.filter_syscall(process, &call),
                        answer(place != DISPLAY || driver == OPEN_DRIVER),
                        "{} {call:?}",
                        process.get_process_name()
                    );
                }
            }
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
