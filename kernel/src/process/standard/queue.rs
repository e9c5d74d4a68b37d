//! The queue of a process's tasks.

use core::cell::Cell;

use crate::process::Task;
use crate::upcall::UpcallId;

/// How many tasks wait at the most.
pub(super) const CAPACITY: usize = 10;

/// A first-in first-out queue, from which a task of a given upcall can be taken
/// out of turn.
///
/// Two things must not keep a process from ever waking again: upcalls without a
/// function, which nobody takes as long as the process waits for something
/// else, and a queue that is full when the one upcall arrives that the process
/// waits for. So a task with a function drives out the oldest without one, and
/// one further place is kept for the awaited upcall.
pub(super) struct TaskQueue {
    /// The first `len` places, from the oldest on.
    tasks: [Cell<Option<Task>>; CAPACITY + 1],
    len: Cell<usize>,
}

impl TaskQueue {
    pub(super) fn new() -> Self {
        Self {
            tasks: [const { Cell::new(None) }; CAPACITY + 1],
            len: Cell::new(0),
        }
    }

    /// Appends a task; `false` if it is lost because the queue is full.
    /// `awaited` is the upcall that the process waits for.
    pub(super) fn enqueue(&self, task: Task, awaited: Option<UpcallId>) -> bool {
        if self.len.get() >= CAPACITY && !self.make_room_for(&task, awaited) {
            return false;
        }
        match self.tasks.get(self.len.get()) {
            Some(place) => {
                place.set(Some(task));
                self.len.set(self.len.get() + 1);
                true
            }
            None => false,
        }
    }

    fn make_room_for(&self, task: &Task, awaited: Option<UpcallId>) -> bool {
        let is_awaited = awaited.is_some() && task.upcall_id() == awaited;
        if is_awaited || matches!(task, Task::FunctionCall(_)) {
            let expendable = |waiting: &Task| {
                matches!(waiting, Task::ReturnValue(_)) && waiting.upcall_id() != awaited
            };
            if self.remove_first(expendable).is_some() {
                return true;
            }
        }
        // What is awaited and already here needs no second place.
        is_awaited && !awaited.is_some_and(|id| self.contains(id))
    }

    /// Takes the oldest task.
    pub(super) fn dequeue(&self) -> Option<Task> {
        self.remove_first(|_| true)
    }

    /// Takes the oldest task for which `matches` holds.
    pub(super) fn remove_first(&self, matches: impl Fn(&Task) -> bool) -> Option<Task> {
        let len = self.len.get();
        let waiting = self.tasks.get(..len)?;
        let position = waiting
            .iter()
            .position(|place| place.get().is_some_and(|task| matches(&task)))?;
        let (found, behind) = waiting.get(position..)?.split_first()?;
        let task = found.take();
        // Those behind move up.
        let mut free = found;
        for place in behind {
            free.set(place.take());
            free = place;
        }
        self.len.set(len - 1);
        task
    }

    /// Deletes every task of an upcall; returns how many.
    pub(super) fn remove_all(&self, id: UpcallId) -> usize {
        let mut removed = 0;
        while self
            .remove_first(|task| task.upcall_id() == Some(id))
            .is_some()
        {
            removed += 1;
        }
        removed
    }

    /// Returns whether a task of an upcall waits.
    pub(super) fn contains(&self, id: UpcallId) -> bool {
        self.waiting().any(|task| task.upcall_id() == Some(id))
    }

    /// Returns whether a task waits that has the process execute something.
    pub(super) fn has_function_call(&self) -> bool {
        self.waiting()
            .any(|task| matches!(task, Task::FunctionCall(_)))
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len.get()
    }

    pub(super) fn clear(&self) {
        self.len.set(0);
        for place in &self.tasks {
            place.set(None);
        }
    }

    fn waiting(&self) -> impl Iterator<Item = Task> + '_ {
        self.tasks.iter().take(self.len.get()).filter_map(Cell::get)
    }
}
