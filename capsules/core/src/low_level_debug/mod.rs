//! Debug output for apps that have nothing else yet: driver 0x8.

mod fmt;

use core::cell::Cell;

use drivers::low_level_debug::Command;
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::hil::uart::{Transmit, TransmitClient};
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::TakeCell;
use kernel::{ErrorCode, ProcessId};

use crate::driver;
use capsules_support::turns::{Ticket, Turns};
pub use fmt::BUF_LEN;

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::LowLevelDebug as usize;

/// Entries that wait for each app.
const QUEUE_SIZE: usize = 4;

/// Something to print.
#[derive(Clone, Copy, Debug, PartialEq)]
enum DebugEntry {
    /// So many entries were lost.
    Dropped(usize),
    /// An alert with a code of the app's library.
    AlertCode(usize),
    /// One number.
    Print1(usize),
    /// Two numbers.
    Print2(usize, usize),
}

/// What the driver keeps for an app: entries that wait, oldest first.
#[derive(Default)]
pub struct AppData {
    queue: [Option<DebugEntry>; QUEUE_SIZE],
    /// When it began to wait for its turn.
    ticket: Ticket,
}

impl AppData {
    /// Adds `entry`. When there is no room it is lost, and so is the newest
    /// waiting one: the count of those lost takes its place.
    fn push(&mut self, entry: DebugEntry) {
        if let Some(free) = self.queue.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(entry);
            return;
        }
        let newest = &mut self.queue[QUEUE_SIZE - 1];
        *newest = Some(match *newest {
            Some(DebugEntry::Dropped(count)) => DebugEntry::Dropped(count.saturating_add(1)),
            _ => DebugEntry::Dropped(2),
        });
    }

    fn is_empty(&self) -> bool {
        self.queue[0].is_none()
    }

    fn pop(&mut self) -> Option<DebugEntry> {
        self.queue.rotate_left(1);
        self.queue[QUEUE_SIZE - 1].take()
    }
}

/// Prints numbers for apps, with the id of the process in front.
pub struct LowLevelDebug<'u, U: Transmit<'u>> {
    /// Away while an entry is being sent.
    buffer: TakeCell<'static, [u8]>,
    grant: Grant<AppData, UpcallCount<0>, AllowRoCount<0>, AllowRwCount<0>>,
    /// An entry was lost because its app has no memory for a grant; nothing says
    /// whose it was.
    grant_failed: Cell<bool>,
    turns: Turns,
    uart: &'u U,
}

impl<'u, U: Transmit<'u>> LowLevelDebug<'u, U> {
    /// A driver on `uart`, whose client it must be made. `buffer` must be
    /// [`BUF_LEN`] bytes long.
    pub fn new(
        buffer: &'static mut [u8],
        uart: &'u U,
        grant: Grant<AppData, UpcallCount<0>, AllowRoCount<0>, AllowRwCount<0>>,
    ) -> LowLevelDebug<'u, U> {
        LowLevelDebug {
            buffer: TakeCell::new(buffer),
            grant,
            grant_failed: Cell::new(false),
            turns: Turns::new(),
            uart,
        }
    }

    /// Prints `entry` at once, or when its turn comes.
    fn push_entry(&self, entry: DebugEntry, process_id: ProcessId) {
        if let Some(buffer) = self.buffer.take() {
            self.transmit(buffer, |buffer| {
                fmt::format_entry(process_id.id(), entry, buffer)
            });
        } else if self
            .grant
            .enter(process_id, |app, _| {
                if app.is_empty() {
                    app.ticket = self.turns.ticket();
                }
                app.push(entry);
            })
            .is_err()
        {
            self.grant_failed.set(true);
        }
    }

    /// The oldest entry of the app that has waited longest. What else it has waits
    /// behind the others, so that none that prints without an end keeps them away.
    fn next_entry(&self) -> Option<(ProcessId, DebugEntry)> {
        let waiting = self.grant.iter().filter_map(|app| {
            let process_id = app.processid();
            app.enter(|app, _| (!app.is_empty()).then_some((app.ticket, process_id)))
        });
        let process_id = self.turns.oldest(waiting)?;
        let entry = self.grant.enter(process_id, |app, _| {
            app.ticket = self.turns.ticket();
            app.pop()
        });
        Some((process_id, entry.ok().flatten()?))
    }

    /// Sends what `format` puts into `buffer`. When the port refuses it is lost.
    fn transmit(&self, buffer: &'static mut [u8], format: impl FnOnce(&mut [u8]) -> usize) {
        let length = format(buffer);
        if let Err((_, buffer)) = self.uart.transmit_buffer(buffer, length) {
            self.buffer.replace(buffer);
        }
    }
}

impl<'u, U: Transmit<'u>> SyscallDriver for LowLevelDebug<'u, U> {
    /// - 0: the driver exists.
    /// - 1: prints alert code `r2`.
    /// - 2: prints `r2`.
    /// - 3: prints `r2` and `r3`.
    fn command(
        &self,
        minor_num: usize,
        r2: usize,
        r3: usize,
        caller_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(minor_num) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => (),
            Command::Alert => self.push_entry(DebugEntry::AlertCode(r2), caller_id),
            Command::Print1 => self.push_entry(DebugEntry::Print1(r2), caller_id),
            Command::Print2 => self.push_entry(DebugEntry::Print2(r2, r3), caller_id),
        }
        CommandReturn::success()
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.grant.enter(process_id, |_, _| {})
    }
}

impl<'u, U: Transmit<'u>> TransmitClient for LowLevelDebug<'u, U> {
    fn transmitted_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        _tx_len: usize,
        _rval: Result<(), ErrorCode>,
    ) {
        if self.grant_failed.take() {
            self.transmit(tx_buffer, fmt::format_grant_failed);
            return;
        }
        match self.next_entry() {
            Some((process_id, entry)) => self.transmit(tx_buffer, |buffer| {
                fmt::format_entry(process_id.id(), entry, buffer)
            }),
            None => {
                self.buffer.replace(tx_buffer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DebugEntry::{Dropped, Print1};

    #[test]
    fn a_full_queue_counts_what_it_loses() {
        let mut app = AppData::default();
        for number in 0..7 {
            app.push(Print1(number));
        }
        assert_eq!(app.pop(), Some(Print1(0)));
        assert_eq!(app.pop(), Some(Print1(1)));
        assert_eq!(app.pop(), Some(Print1(2)));
        assert_eq!(app.pop(), Some(Dropped(4)));
        assert_eq!(app.pop(), None);
        app.push(Print1(9));
        assert_eq!(app.pop(), Some(Print1(9)));
    }
}
