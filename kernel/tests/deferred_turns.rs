//! Deferred calls that set themselves again take turns with processes.

mod rig;

use std::cell::Cell;
use std::num::NonZeroU32;

use kernel::deferred_call::{initialize_deferred_call_state, DeferredCall, DeferredCallClient};
use kernel::process::{ProcessArray, StopFaultPolicy};
use kernel::scheduler::priority::{PriorityLevel, PrioritySched};
use kernel::Kernel;
use rig::chip::Thread;
use rig::*;

/// Long work in steps.
struct Work {
    deferred: DeferredCall,
    left: Cell<usize>,
}

impl Work {
    fn begin(&self, steps: usize) {
        self.left.set(steps);
        self.deferred.set();
    }
}

impl DeferredCallClient for Work {
    fn handle_deferred_call(&self) {
        self.left.set(self.left.get() - 1);
        if self.left.get() > 0 {
            self.deferred.set();
        }
    }

    fn register(&'static self) {
        self.deferred.register(self);
    }
}

/// How often a process was given the CPU.
fn entered(rig: &Rig<PrioritySched>) -> usize {
    let events = rig.chip.boundary.events();
    events
        .iter()
        .filter(|event| matches!(event, Event::Entered(_)))
        .count()
}

/// One test: deferred calls belong to one thread of a program.
#[test]
fn work_in_steps_takes_turns_with_processes() {
    initialize_deferred_call_state::<Thread>();
    let work = forever(Work {
        deferred: DeferredCall::new(),
        left: Cell::new(0),
    });
    work.register();
    let levels: &'static [PriorityLevel] = forever([PriorityLevel::new(0), PriorityLevel::new(1)]);
    let slots = forever(ProcessArray::<SLOTS>::new());
    let kernel = forever(Kernel::new(slots.as_slice()));
    let slice = NonZeroU32::new(10_000).unwrap();
    let scheduler = PrioritySched::with_levels(kernel, levels, slice);
    let apps = ["a", "b"].map(|name| App::new(name).min_ram(2048));
    let rig = Rig::assemble(&apps, forever(StopFaultPolicy {}), slots, kernel, scheduler);
    rig.run();

    // Nobody wants the CPU: it is all done at once.
    work.begin(10);
    rig.turn();
    assert_eq!(work.left.get(), 0);

    // The less urgent process computes for ever, and is interrupted by its timer.
    rig.script(1, (0..10_000).map(|_| Step::Interrupted));
    rig.wake(1);
    rig.chip.boundary.clear_events();
    work.begin(10);
    for done in 1..=10 {
        rig.turn();
        assert_eq!(work.left.get(), 10 - done, "one step");
        let before = entered(&rig);
        rig.board.timer.expires_after.set(Some(3));
        rig.turn();
        assert!(
            entered(&rig) > before,
            "then the process, after step {done}"
        );
    }
}
