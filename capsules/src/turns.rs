//! Whose turn it is: the apps of a grant one after the other, in the order of the process table.

use core::cell::Cell;

use kernel::grant::{AllowRoSize, AllowRwSize, Grant, GrantKernelData, UpcallSize};
use kernel::ProcessId;

/// Lets no app that asks without an end keep the others away.
#[derive(Default)]
pub struct Turns {
    /// Place in the process table of the app whose turn was last.
    last: Cell<Option<usize>>,
}

impl Turns {
    /// The first app of the table comes first.
    pub const fn new() -> Self {
        Turns {
            last: Cell::new(None),
        }
    }

    /// A process had a turn that it did not get here.
    pub fn had(&self, process: ProcessId) {
        // One that is gone has no place any more: the turn stays where it was.
        if let Some(place) = process.index() {
            self.last.set(Some(place));
        }
    }

    /// Offers the turn to one app after the other, beginning behind the one that
    /// had it last, until `serve` takes it.
    pub fn next<T: Default, U: UpcallSize, O: AllowRoSize, W: AllowRwSize, R>(
        &self,
        apps: &Grant<T, U, O, W>,
        mut serve: impl FnMut(ProcessId, &mut T, &GrantKernelData) -> Option<R>,
    ) -> Option<R> {
        let last = self.last.get();
        for behind_last in [true, false] {
            for app in apps.iter() {
                let process = app.processid();
                if (process.index() > last) != behind_last {
                    continue;
                }
                let served = app.enter(|app, kernel_data| serve(process, app, kernel_data));
                if served.is_some() {
                    self.had(process);
                    return served;
                }
            }
        }
        None
    }
}
