//! Failing processes: policies, restart after a delay, and what a crash log can know.

use capsules_system::process_policies::{
    RestartFaultPolicy, StopFaultPolicy, ThresholdRestartFaultPolicy,
    ThresholdRestartThenPanicFaultPolicy,
};
use capsules_system::restart_backoff::{Backoff, RestartBackoff};
use kernel::hil::time::Alarm;
use kernel::process::{FaultAction, ProcessFaultPolicy, State};
use kernel::ErrorCode;
use testing::probe::*;
use testing::syscalls::*;
use testing::*;

fn failing(policy: &'static dyn ProcessFaultPolicy) -> ProbedKernel {
    let host = HostKernel::probed_with_policy(&[App::new("bad"), App::new("good")], policy);
    host.run();
    host
}

/// Has the first process fail.
fn fault(host: &ProbedKernel) {
    host.script(0, [Step::Fault]);
    host.wake(0);
    host.run();
}

/// The other process still works.
fn assert_other_unharmed(host: &ProbedKernel) {
    assert_eq!(host.process(1).get_restart_count(), 0);
    assert_eq!(
        host.call(1, command(DRIVER, 0, 0, 0)),
        kernel::syscall::SyscallReturn::Success
    );
}

#[test]
fn stop_leaves_it_faulted() {
    let host = failing(&StopFaultPolicy {});
    host.probe().schedule(host.id(0), 0, 1).unwrap();
    fault(&host);
    assert_eq!(host.state(0), State::Faulted);
    assert_eq!(host.process(0).get_completion_code(), Some(None));
    assert_eq!(host.process(0).grant_allocated_count(), None);
    assert_eq!(host.process(0).pending_tasks(), 0);
    assert_eq!(host.board.hooks.faults.get(), 1);
    assert_other_unharmed(&host);
}

#[test]
fn restart_goes_on_for_ever_but_harms_nobody() {
    let host = failing(&RestartFaultPolicy {});
    for count in 1..20 {
        let before = host.id(0);
        fault(&host);
        assert_ne!(host.id(0), before);
        assert_eq!(host.process(0).get_restart_count(), count);
        assert_eq!(host.state(0), State::Yielded);
    }
    assert_other_unharmed(&host);
}

#[test]
fn threshold_restarts_then_stops() {
    let host = failing(forever(ThresholdRestartFaultPolicy::new(2)));
    for _ in 0..3 {
        fault(&host);
        assert_eq!(host.state(0), State::Yielded);
    }
    fault(&host);
    assert_eq!(host.state(0), State::Faulted);
    assert_eq!(host.process(0).get_restart_count(), 3);
    assert_other_unharmed(&host);
}

#[test]
#[should_panic(expected = "Process bad had a fault")]
fn threshold_restarts_then_panics() {
    let host = failing(forever(ThresholdRestartThenPanicFaultPolicy::new(0)));
    fault(&host);
    fault(&host);
}

#[test]
#[should_panic(expected = "Process bad had a fault")]
fn panic_policy_panics() {
    let host = failing(forever(Always(FaultAction::Panic)));
    fault(&host);
}

#[test]
fn hook_may_repair() {
    let host = failing(&StopFaultPolicy {});
    host.board.hooks.repair.set(true);
    fault(&host);
    assert_eq!(host.state(0), State::Yielded);
    assert_eq!(host.board.hooks.faults.get(), 1);
}

#[test]
fn all_apps_can_be_made_to_fail() {
    let host = failing(&StopFaultPolicy {});
    host.kernel.hardfault_all_apps(&Power);
    assert_eq!(host.state(0), State::Faulted);
    assert_eq!(host.state(1), State::Faulted);
}

#[test]
fn faulted_process_tells_what_a_crash_log_wants() {
    let host = failing(&StopFaultPolicy {});
    host.script(0, [Step::Call(command(DRIVER, 4, 1, 2)), Step::Fault]);
    host.wake(0);
    host.run();
    let process = host.process(0);
    assert_eq!(process.get_process_name(), "bad");
    assert_eq!(process.debug_syscall_last(), Some(command(DRIVER, 4, 1, 2)));
    assert!(process.debug_syscall_count() > 0);
    let mut registers = [0; 8];
    assert_eq!(process.get_stored_state(&mut registers), Ok(4));
    assert_eq!(
        process.get_stored_state(&mut registers[..3]),
        Err(ErrorCode::SIZE)
    );
    let mut text = String::new();
    process.print_full_process(&mut text);
    for part in ["bad", "Faulted", "registers"] {
        assert!(text.contains(part), "{text}");
    }
}

const BACKOFF: Backoff = Backoff {
    first_ms: 100,
    max_ms: 1000,
    calm_ms: 5000,
};

fn backing_off(start_of_time: u32) -> (ProbedKernel, &'static Clock) {
    let clock = forever(Clock::new(start_of_time));
    let (kernel, slots) = bare_kernel();
    let policy = forever(RestartBackoff::<Clock, Power, SLOTS>::new(
        kernel, Power, clock, BACKOFF,
    ));
    clock.set_alarm_client(policy);
    let apps = [App::new("bad"), App::new("good")];
    let host = HostKernel::probed_with_scheduler(&apps, policy, slots, kernel, round_robin(slots));
    host.run();
    (host, clock)
}

#[test]
fn delay_doubles_up_to_its_limit() {
    for start_of_time in [0, u32::MAX - 40_000] {
        let (host, clock) = backing_off(start_of_time);
        for delay in [100, 200, 400, 800, 1000, 1000, 1000] {
            fault(&host);
            assert_eq!(host.state(0), State::Faulted);
            clock.pass_ms(delay - 1);
            host.run();
            assert_eq!(host.state(0), State::Faulted, "after {delay} - 1 ms");
            clock.pass_ms(2);
            host.run();
            assert_eq!(host.state(0), State::Yielded, "after {delay} ms");
        }
        assert_eq!(host.process(0).get_restart_count(), 7);
        assert_other_unharmed(&host);
    }
}

#[test]
fn failures_are_forgotten_after_a_calm_time() {
    let (host, clock) = backing_off(7);
    for delay in [100, 200, 400] {
        fault(&host);
        clock.pass_ms(delay + 1);
        host.run();
    }
    clock.pass_ms(BACKOFF.calm_ms + 10);
    assert!(!clock.is_armed(), "nothing is left to do");
    fault(&host);
    clock.pass_ms(101);
    host.run();
    assert_eq!(host.state(0), State::Yielded);
}

#[test]
fn nothing_runs_while_it_waits() {
    let (host, clock) = backing_off(0);
    fault(&host);
    let events = host.chip.boundary.events().len();
    clock.pass_ms(50);
    host.run();
    assert_eq!(host.chip.boundary.events().len(), events);
    assert_eq!(clock.rings(), 0);
}

#[test]
fn two_processes_wait_each_for_itself() {
    let (host, clock) = backing_off(0);
    fault(&host);
    clock.pass_ms(60);
    host.script(1, [Step::Fault]);
    host.wake(1);
    host.run();
    clock.pass_ms(41);
    host.run();
    assert_eq!(
        (host.state(0), host.state(1)),
        (State::Yielded, State::Faulted)
    );
    clock.pass_ms(60);
    host.run();
    assert_eq!(
        (host.state(0), host.state(1)),
        (State::Yielded, State::Yielded)
    );
}

#[test]
fn what_was_restarted_by_hand_is_left_alone() {
    let (host, clock) = backing_off(0);
    fault(&host);
    host.process(0).try_restart(None);
    host.run();
    let id = host.id(0);
    clock.pass_ms(200);
    host.run();
    assert_eq!(host.id(0), id);
}

#[test]
fn delay_stays_at_its_limit_however_often_it_fails() {
    let (host, clock) = backing_off(0);
    for _ in 0..40 {
        fault(&host);
        clock.pass_ms(1001);
        host.run();
    }
    assert_eq!(host.process(0).get_restart_count(), 40);
    assert_other_unharmed(&host);
}
