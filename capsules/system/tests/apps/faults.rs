//! The fault policy by the manifest: what the kernel does with each app that fails.

use std::cell::RefCell;

use capsules_system::apps::Fault;
use capsules_system::fault_by_app::FaultByApp;
use kernel::process::{FaultAction, Process, ProcessFaultPolicy, State};
use testing::{forever, on_kernel_thread, Step, SLOTS};

use super::setup::*;

/// Restarts, or does what else it is told to, and remembers whom it was asked about.
struct Restarts {
    action: FaultAction,
    asked: RefCell<Vec<&'static str>>,
}

impl ProcessFaultPolicy for Restarts {
    fn action(&self, process: &dyn Process) -> FaultAction {
        self.asked.borrow_mut().push(process.get_process_name());
        self.action
    }
}

fn setup(faults: [Fault; SLOTS], action: FaultAction) -> (Setup, &'static Restarts) {
    let restarts = forever(Restarts {
        action,
        asked: RefCell::default(),
    });
    let setup = Setup::new(faults, [0; SLOTS], |apps| {
        forever(FaultByApp::new(apps, restarts))
    });
    (setup, restarts)
}

/// Has a process fail, and returns its state and how often it was restarted.
fn fault(setup: &Setup, place: usize) -> (State, usize) {
    setup.host.script(place, [Step::Fault]);
    setup.host.wake(place);
    setup.host.run();
    let restarts = setup.host.process(place).get_restart_count();
    (setup.host.state(place), restarts)
}

#[test]
fn an_app_that_is_to_stop_stops_and_no_restart_is_asked_for() {
    on_kernel_thread(|| {
        let faults = [Fault::Stop, Fault::Restart, Fault::Restart, Fault::Restart];
        let (setup, restarts) = setup(faults, FaultAction::Restart);
        assert_eq!(fault(&setup, METERING), (State::Faulted, 0));
        assert!(restarts.asked.borrow().is_empty());
    });
}

#[test]
fn an_app_that_is_to_restart_does_what_the_restart_policy_says() {
    on_kernel_thread(|| {
        let faults = [Fault::Restart, Fault::Stop, Fault::Stop, Fault::Stop];
        let (restarting, restarts) = setup(faults, FaultAction::Restart);
        assert_eq!(fault(&restarting, METERING), (State::Yielded, 1));
        assert_eq!(fault(&restarting, METERING), (State::Yielded, 2));
        assert_eq!(*restarts.asked.borrow(), ["metering"; 2]);
        let (stopping, restarts) = setup(faults, FaultAction::Stop);
        assert_eq!(fault(&stopping, METERING), (State::Faulted, 0));
        assert_eq!(*restarts.asked.borrow(), ["metering"]);
    });
}

#[test]
#[should_panic(expected = "Process display had a fault")]
fn an_app_that_is_to_panic_stops_the_kernel() {
    on_kernel_thread(|| {
        let faults = [Fault::Stop, Fault::Panic, Fault::Stop, Fault::Stop];
        let (setup, _) = setup(faults, FaultAction::Restart);
        assert_eq!(fault(&setup, METERING).0, State::Faulted);
        fault(&setup, DISPLAY);
    });
}

#[test]
fn guests_stop_whatever_the_app_is_to_do_whose_slot_or_id_they_have() {
    on_kernel_thread(|| {
        for theirs in [Fault::Restart, Fault::Panic] {
            let faults = [Fault::Restart, Fault::Restart, theirs, theirs];
            let (setup, restarts) = setup(faults, FaultAction::Restart);
            assert_eq!(fault(&setup, GUEST), (State::Faulted, 0));
            assert_eq!(fault(&setup, MISPLACED), (State::Faulted, 0));
            assert!(restarts.asked.borrow().is_empty());
        }
    });
}
