//! The levels that the manifest gives to the scheduler.

use capsules_system::apps::{Apps, Fault};
use capsules_system::process_policies::StopFaultPolicy;
use testing::{forever, on_kernel_thread, SLOTS};

use super::setup::*;

fn levels(priorities: [u8; SLOTS]) -> [u8; SLOTS] {
    let setup = Setup::new([Fault::Stop; SLOTS], priorities, |_| {
        forever(StopFaultPolicy {})
    });
    ALL.map(|place| setup.apps.level_of(setup.host.process(place)))
}

#[test]
fn guests_come_one_level_behind_all_apps() {
    on_kernel_thread(|| {
        assert_eq!(levels([3, 0, 1, 2]), [3, 0, 4, 4]);
        // Behind apps that do not run, too: they may be loaded later.
        assert_eq!(levels([3, 0, 1, 7]), [3, 0, 8, 8]);
    });
}

#[test]
fn no_level_comes_behind_the_last() {
    on_kernel_thread(|| {
        assert_eq!(levels([255, 0, 1, 2]), [255, 0, 255, 255]);
        assert_eq!(levels([254, 0, 1, 2]), [254, 0, 255, 255]);
    });
}

#[test]
fn without_apps_all_are_guests_of_one_level() {
    on_kernel_thread(|| {
        let setup = Setup::new([Fault::Stop; SLOTS], [9; SLOTS], |_| {
            forever(StopFaultPolicy {})
        });
        let none = Apps(&[]);
        let levels = ALL.map(|place| none.level_of(setup.host.process(place)));
        assert_eq!(levels, [1; SLOTS]);
    });
}
