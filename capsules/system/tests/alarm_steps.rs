//! Steps that an alarm spaces: when the call comes, and how often.

use std::cell::Cell;

use capsules_system::step_call::{AlarmSteps, StepCall};
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::time::Alarm;
use testing::{forever, on_kernel_thread, Clock};

/// 1 ms on the clock of 32,768 Hz, rounded as the kernel rounds.
const SPACING: u32 = 32;

type Steps = &'static AlarmSteps<'static, Clock>;

/// Long work: each call is one step of it, and asks for the next until it is done.
struct Work {
    steps: Steps,
    left: Cell<usize>,
    done: Cell<usize>,
}

impl DeferredCallClient for Work {
    fn handle_deferred_call(&self) {
        self.done.set(self.done.get() + 1);
        if self.left.get() > 0 {
            self.left.set(self.left.get() - 1);
            self.steps.set_in_background();
        }
    }

    fn register(&'static self) {
        self.steps.register(self);
    }
}

struct Setup {
    clock: &'static Clock,
    steps: Steps,
    work: &'static Work,
}

/// Work whose first call asks for so many more.
fn setup(more: usize) -> Setup {
    let clock: &'static Clock = forever(Clock::new(u32::MAX - 20));
    let steps: Steps = forever(AlarmSteps::new(clock));
    clock.set_alarm_client(steps);
    let work = forever(Work {
        steps,
        left: Cell::new(more),
        done: Cell::new(0),
    });
    work.register();
    Setup { clock, steps, work }
}

impl Setup {
    /// Serves deferred calls until there is none, as a kernel does before it executes a
    /// process. Returns how many steps that made.
    fn serve(&self) -> usize {
        let before = self.work.done.get();
        while DeferredCall::service_next_pending().is_some() {}
        self.work.done.get() - before
    }
}

#[test]
fn a_call_before_any_process_needs_no_alarm() {
    on_kernel_thread(|| {
        let setup = setup(0);
        setup.steps.set();
        assert_eq!(setup.clock.alarm(), None);
        assert_eq!(setup.serve(), 1);
        assert_eq!(setup.serve(), 0);
    });
}

#[test]
fn a_call_between_processes_comes_a_millisecond_later() {
    on_kernel_thread(|| {
        let setup = setup(0);
        setup.steps.set_in_background();
        assert_eq!(setup.serve(), 0);
        assert_eq!(setup.clock.pass(SPACING - 1), 0);
        assert_eq!(setup.serve(), 0);
        assert_eq!(setup.clock.pass(1), 1);
        assert_eq!(setup.serve(), 1);
        assert_eq!(setup.clock.alarm(), None);
    });
}

#[test]
fn who_asks_again_meanwhile_neither_delays_the_call_nor_gets_a_second_one() {
    on_kernel_thread(|| {
        let setup = setup(0);
        setup.steps.set_in_background();
        let alarm = setup.clock.alarm();
        for _ in 0..SPACING - 1 {
            assert_eq!(setup.clock.pass(1), 0);
            setup.steps.set_in_background();
            assert_eq!(setup.clock.alarm(), alarm);
        }
        assert_eq!(setup.clock.pass(1), 1);
        assert_eq!(setup.serve(), 1);
        setup.clock.pass_ms(1_000);
        assert_eq!(setup.serve(), 0);
    });
}

#[test]
fn work_that_asks_in_each_step_gets_one_step_for_each_ring() {
    on_kernel_thread(|| {
        let setup = setup(10);
        setup.steps.set();
        assert_eq!(setup.serve(), 1, "the first comes at once");
        for step in 1..=10 {
            assert_eq!(setup.clock.ring(), Some(SPACING), "step {step}");
            assert_eq!(setup.serve(), 1, "step {step}");
        }
        assert_eq!(setup.clock.alarm(), None, "the work is done");
        assert_eq!(setup.clock.rings(), 10);
    });
}
