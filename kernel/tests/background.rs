//! Deferred calls in the background: processes come first, and cannot keep them away.

use testing::host;

use std::cell::Cell;
use std::num::NonZeroU32;

use capsules_system::scheduler::priority::{PriorityLevel, PrioritySched};
use host::chip::Thread;
use host::*;
use kernel::deferred_call::{initialize_deferred_call_state, BackgroundCall, DeferredCallClient};
use kernel::process::ProcessArray;
use kernel::Kernel;

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
    let slots = forever(ProcessArray::<SLOTS>::new());
    let kernel = forever(Kernel::new(slots.as_slice()));
    let slice = NonZeroU32::new(10_000).unwrap();
    let rig = Rig::assemble(
        &[App::new("a").min_ram(2048)],
        forever(capsules_system::process_policies::StopFaultPolicy {}),
        slots,
        kernel,
        PrioritySched::with_levels(kernel, Power, levels, slice, Woken(kernel)),
    );
    rig.run();

    // Nobody else wants the CPU: a step in every turn of the loop.
    work.begin(5);
    for left in (0..5).rev() {
        rig.turn();
        assert_eq!(work.left.get(), left);
    }

    // A process that becomes ready executes before the next step, for eight turns
    // at most.
    work.begin(5);
    rig.turn();
    assert_eq!(work.left.get(), 4);
    rig.chip.boundary.clear_events();
    for _ in 0..8 {
        rig.wake(0);
        rig.turn();
        assert_eq!(work.left.get(), 4, "the process is ready");
    }
    let entered = |event: &&Event| matches!(event, Event::Entered(_));
    assert_eq!(rig.chip.boundary.events().iter().filter(entered).count(), 8);
    rig.wake(0);
    rig.turn();
    assert_eq!(work.left.get(), 3, "the process has had its turns");
    rig.turn();
    assert_eq!(work.left.get(), 3, "the process is ready");
    rig.turn();
    assert_eq!(work.left.get(), 2, "the process waits again");

    // One that never waits: a step after each of its slices.
    rig.script(0, spin());
    rig.wake(0);
    for left in [2, 1, 1, 0] {
        rig.board.timer.expires_after.set(Some(3));
        rig.turn();
        assert_eq!(work.left.get(), left);
    }
}
