//! How the world goes on: rounds of hardware and processes, what they say of it, and their system calls.

use kernel::deferred_call::DeferredCallClient;
use kernel::process::{Process, State};
use kernel::syscall::{Syscall, SyscallReturn};
use testing::host::wake_task;
use testing::{syscalls, Event, Step, WAKE};

use super::contract::APPS;
use super::model::Run;
use super::{World, MEMORY};

/// Rounds of flash, clock and deferred calls in which every operation ends.
const MAX_ROUNDS: usize = 2_000;
/// Operations of a flash that one change takes at most.
const MAX_OPERATIONS: usize = 20_000;

impl World {
    pub(super) fn ring(&self) {
        for clock in self.clocks {
            clock.ring();
        }
    }

    /// One round of all that goes on without the apps.
    pub(super) fn round(&self) {
        self.keys.handle_deferred_call();
        self.ring();
        for _ in 0..MAX_OPERATIONS {
            let turned = self.nor.step();
            if !self.words.step() && !turned {
                return;
            }
        }
        panic!("the flash does not come to an end");
    }

    /// Rounds until nothing is left to do of all that was accepted.
    pub(super) fn everything_ends(&self) {
        let mut idle = 0;
        for _ in 0..MAX_ROUNDS {
            self.round();
            self.turns(2);
            let runs = self.runs.borrow();
            let waits = |index: usize| {
                let process = self.processes[index];
                let listens = process.is_running() && process.processid() == runs[index].id;
                let stopped = matches!(process.get_state(), State::Stopped(_));
                let mut operations = runs[index].operations.iter().flatten();
                listens && !stopped && operations.any(|operation| operation.heard)
            };
            if (0..APPS.len()).any(waits) {
                idle = 0;
                continue;
            }
            // What nobody hears of ends soon after.
            idle += 1;
            if idle > 150 {
                return;
            }
        }
        panic!("an operation does not end");
    }

    pub(super) fn turns(&self, count: usize) {
        for _ in 0..count {
            self.host.turn();
        }
        while self.hear().is_some() {}
        let state = self.keys.state().expect("it stays open") as usize;
        assert!(
            self.stored.state.replace(state) <= state,
            "the state went back"
        );
    }

    /// Takes note of what happened to the processes, up to the next answer. Gives
    /// that, and whose it is.
    fn hear(&self) -> Option<(usize, SyscallReturn)> {
        self.events
            .borrow_mut()
            .extend(self.host.chip.boundary.events());
        self.host.chip.boundary.clear_events();
        loop {
            let event = self.events.borrow_mut().pop_front()?;
            let (Event::Entered(start) | Event::Answered(start, _) | Event::Called(start, ..)) =
                event;
            let own = |process: &&dyn Process| process.get_addresses().sram_start == start;
            let index = self.processes.iter().position(own)?;
            match event {
                Event::Answered(_, answer) => return Some((index, answer)),
                Event::Called(_, function, [first, second, third, place]) => {
                    let subscribed = self.runs.borrow()[index].functions.get(place).copied();
                    if function != WAKE && subscribed == Some(function) {
                        self.upcall(index, place, [first, second, third]);
                    }
                }
                Event::Entered(_) => {}
            }
        }
    }

    /// Makes memory accessible if the process was started anew. Whether it can act.
    pub(super) fn join(&self, index: usize) -> bool {
        let process = self.processes[index];
        self.turns(2);
        if !process.is_running() || matches!(process.get_state(), State::Stopped(_)) {
            return false;
        }
        if self.runs.borrow()[index].id != process.processid() || !self.has_memory(index) {
            self.runs.borrow_mut()[index] = Run::new(process, &self.stored.sent());
            let start = process.get_addresses().sram_start;
            let answer = self.answer(index, syscalls::memop(0, start + MEMORY));
            assert_eq!(answer, Some(SyscallReturn::Success));
        }
        true
    }

    fn has_memory(&self, index: usize) -> bool {
        let own = self.processes[index].get_addresses();
        own.sram_app_brk >= own.sram_start + MEMORY
    }

    /// Has a process make a system call; its answer, if the process can act and
    /// lives on.
    pub(super) fn call(&self, index: usize, syscall: Syscall) -> Option<SyscallReturn> {
        self.join(index)
            .then(|| self.answer(index, syscall))
            .flatten()
    }

    fn answer(&self, index: usize, syscall: Syscall) -> Option<SyscallReturn> {
        let id = self.processes[index].processid();
        self.act(index, [Step::Call(syscall)]);
        for _ in 0..60 {
            if let Some((answered, answer)) = self.hear() {
                assert_eq!(answered, index);
                return Some(answer);
            }
            if self.processes[index].processid() != id {
                return None;
            }
            self.host.turn();
        }
        panic!("the system call is not answered");
    }

    /// Has a process do something when it is executed next.
    pub(super) fn act<const N: usize>(&self, index: usize, steps: [Step; N]) {
        let process = self.processes[index];
        if !process.is_running() || matches!(process.get_state(), State::Stopped(_)) {
            return;
        }
        let start = process.get_addresses().sram_start;
        self.host.chip.boundary.script(start, steps.into_iter());
        // A process with a full queue wakes by itself.
        let _ = process.enqueue_task(wake_task());
    }
}
