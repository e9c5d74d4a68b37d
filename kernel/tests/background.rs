//! Deferred calls in the background: processes come first, and cannot keep them away.

use std::cell::Cell;
use std::num::NonZeroU32;

use capsules_system::scheduler::priority::{PriorityLevel, PrioritySched};
use kernel::deferred_call::{initialize_deferred_call_state, BackgroundCall, DeferredCallClient};
use testing::*;

/// Work of many steps, each of which asks for the next.
struct Work {
    deferred_call: BackgroundCall,
    left: Cell<usize>,
}

impl DeferredCallClient for Work {
    fn handle_deferred_call(&self) {
        self.left.set(self.left.get() - 1);
        if self.left.get() > 0 {
            self.deferred_call.set_in_background();
        }
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}

impl Work {
    fn begin(&self, steps: usize) {
        self.left.set(steps);
        self.deferred_call.set_in_background();
    }
}

fn spin() -> impl Iterator<Item = Step> {
    (0..10_000).map(|_| Step::Interrupted)
}

#[test]
fn processes_come_before_the_background_and_do_not_starve_it() {
    initialize_deferred_call_state::<Thread>();
    let work = forever(Work {
        deferred_call: BackgroundCall::new(),
        left: Cell::new(0),
    });
    work.register();
    let levels: &'static [PriorityLevel] = forever([PriorityLevel::new(1)]);
    let (kernel, slots) = bare_kernel();
    let slice = NonZeroU32::new(10_000).unwrap();
    let host = HostKernel::probed_with_scheduler(
        &[App::new("a").min_ram(2048)],
        forever(capsules_system::process_policies::StopFaultPolicy {}),
        slots,
        kernel,
        PrioritySched::with_levels(kernel, Power, levels, slice, Woken(kernel)),
    );
    host.run();

    // Nobody else wants the CPU: a step in every turn of the loop.
    work.begin(5);
    for left in (0..5).rev() {
        host.turn();
        assert_eq!(work.left.get(), left);
    }

    // A process that becomes ready executes before the next step, for eight turns
    // at most.
    work.begin(5);
    host.turn();
    assert_eq!(work.left.get(), 4);
    host.clear_events();
    for _ in 0..8 {
        host.wake(0);
        host.turn();
        assert_eq!(work.left.get(), 4, "the process is ready");
    }
    let entered = |event: &&Event| matches!(event, Event::Entered(_));
    assert_eq!(
        host.chip.boundary.events().iter().filter(entered).count(),
        8
    );
    host.wake(0);
    host.turn();
    assert_eq!(work.left.get(), 3, "the process has had its turns");
    host.turn();
    assert_eq!(work.left.get(), 3, "the process is ready");
    host.turn();
    assert_eq!(work.left.get(), 2, "the process waits again");

    // One that never waits: a step after each of its slices.
    host.script(0, spin());
    host.wake(0);
    for left in [2, 1, 1, 0] {
        host.board.timer.expires_after.set(Some(3));
        host.turn();
        assert_eq!(work.left.get(), left);
    }
}
