//! The load profile on external flash: restored at start, and each interval appended when it ends.

use crate::event_log::{self, EventLog};
use libtock::apis::storage::{
    LentForAppend, LentForRead, Storage, APPEND_BUFFER, DRIVER_NUM, READ_BUFFER,
};
use libtock::platform::share::Handle;
use libtock::platform::{AllowRo, AllowRw, ErrorCode, Syscalls};
use metrology::{ProfileEntry, ProfileLog, PROFILE_BYTES};

/// Number of the partition in the meter's manifest.
pub const PARTITION: u32 = 1;

type AppendShare<'scope, 'share, S> = Handle<'scope, AllowRo<'share, S, DRIVER_NUM, APPEND_BUFFER>>;
type ReadShare<'scope, 'share, S> = Handle<'scope, AllowRw<'share, S, DRIVER_NUM, READ_BUFFER>>;

/// Buffers that go to the driver.
pub struct Buffers {
    append: [u8; PROFILE_BYTES],
    read: [u8; PROFILE_BYTES],
}

impl Buffers {
    /// Buffers without content.
    pub const fn new() -> Self {
        Buffers {
            append: [0; PROFILE_BYTES],
            read: [0; PROFILE_BYTES],
        }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

/// What the driver is doing for this app.
enum Work<'scope, 'share, S: Syscalls> {
    Nothing,
    Appending(LentForAppend<'scope, 'share, S>),
    AppendingEvent(LentForAppend<'scope, 'share, S>),
    Reading(LentForRead<'scope, 'share, S>),
}

/// How far the intervals of earlier runs are back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Restored {
    /// It is not known what there is.
    Nothing,
    /// All before `next` are; those before `end` are to be.
    Before { next: u32, end: u32 },
    /// All that will be.
    All,
}

/// The app's side of the storage. `N` is the number of intervals in RAM.
pub struct ProfileStore<'scope, 'share, S: Syscalls, const N: usize> {
    append_share: AppendShare<'scope, 'share, S>,
    read_share: ReadShare<'scope, 'share, S>,
    append_buffer: Option<&'share mut [u8]>,
    read_buffer: Option<&'share mut [u8]>,
    work: Work<'scope, 'share, S>,
    restored: Restored,
    /// There is a storage that works.
    present: bool,
    /// Newest intervals of the log that are not stored.
    unsaved: usize,
    /// Events that are not stored.
    pub events: EventLog,
}

impl<'scope, 'share, S: Syscalls, const N: usize> ProfileStore<'scope, 'share, S, N> {
    /// Nothing restored. Without the driver (`present` false) it stays so.
    pub fn new(
        append_share: AppendShare<'scope, 'share, S>,
        read_share: ReadShare<'scope, 'share, S>,
        buffers: &'share mut Buffers,
        present: bool,
    ) -> Self {
        ProfileStore {
            append_share,
            read_share,
            append_buffer: Some(&mut buffers.append),
            read_buffer: Some(&mut buffers.read),
            work: Work::Nothing,
            restored: Restored::Nothing,
            present,
            unsaved: 0,
            events: EventLog::new(),
        }
    }

    /// An interval was pushed. What is not restored by now stays on the flash
    /// alone: it is older.
    pub fn interval_ended(&mut self) {
        self.unsaved = (self.unsaved + 1).min(N);
        self.restored = Restored::All;
    }

    /// Whether all that will be restored is.
    pub fn is_restored(&self) -> bool {
        !self.present || self.restored == Restored::All
    }

    /// Whether there is a storage that works.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Starts what is to be done next. Called after each change, and each second
    /// for what could not be done then.
    pub fn go_on(&mut self, log: &ProfileLog<N>) {
        if !self.present || !matches!(self.work, Work::Nothing) {
            return;
        }
        if self.restored == Restored::Nothing {
            self.find_range();
        }
        let started = match self.restored {
            Restored::Before { next, .. } => self.read(next),
            Restored::All => match self.unsaved.checked_sub(1) {
                Some(back) => match log.newest_first().nth(back) {
                    Some(entry) => self.append(PARTITION, &entry.to_bytes()),
                    None => Ok(()),
                },
                // Events come after intervals: these are what is billed.
                None => match self.events.oldest().map(event_log::Event::to_bytes) {
                    Some(event) => self.append(event_log::PARTITION, &event),
                    None => Ok(()),
                },
            },
            Restored::Nothing => Ok(()),
        };
        match started {
            // A meter without a partition for events still has its load profile.
            Err(ErrorCode::NoDevice) if self.restored == Restored::All && self.unsaved == 0 => {
                self.events.stored();
            }
            Err(ErrorCode::NoDevice | ErrorCode::Off) => self.present = false,
            _ => {}
        }
    }

    /// What was started has ended with this status and value.
    pub fn ended(&mut self, status: u32, value: u32, log: &mut ProfileLog<N>) {
        match core::mem::replace(&mut self.work, Work::Nothing) {
            Work::Nothing => return,
            Work::Appending(lent) => {
                self.append_buffer = Some(lent.take_back());
                if status != 0 {
                    // Again in a second.
                    return;
                }
                self.unsaved = self.unsaved.saturating_sub(1);
            }
            Work::AppendingEvent(lent) => {
                self.append_buffer = Some(lent.take_back());
                if status != 0 {
                    return;
                }
                self.events.stored();
            }
            Work::Reading(lent) => {
                let buffer = lent.take_back();
                if let Restored::Before { next, end } = self.restored {
                    // A hole, or a record of another version, is passed over.
                    let record = buffer.get(..value as usize).filter(|_| status == 0);
                    if let Some(Ok(entry)) = record.map(ProfileEntry::from_bytes) {
                        log.push(entry);
                    }
                    self.restored_before(next + 1, end);
                }
                self.read_buffer = Some(buffer);
            }
        }
        self.go_on(log);
    }

    fn find_range(&mut self) {
        match Storage::<S>::range(PARTITION) {
            Ok((oldest, next)) => {
                // All that fit in the log.
                let first = next.saturating_sub(N as u32).max(oldest);
                self.restored_before(first, next);
            }
            Err(ErrorCode::Busy) => {}
            Err(_) => self.present = false,
        }
    }

    fn restored_before(&mut self, next: u32, end: u32) {
        self.restored = if next < end {
            Restored::Before { next, end }
        } else {
            Restored::All
        };
    }

    fn read(&mut self, number: u32) -> Result<(), ErrorCode> {
        let buffer = self.read_buffer.take().ok_or(ErrorCode::Busy)?;
        let lent = LentForRead::lend(self.read_share, buffer).map_err(|(error, buffer)| {
            self.read_buffer = Some(buffer);
            error
        })?;
        match Storage::<S>::start_read(PARTITION, number) {
            Ok(()) => self.work = Work::Reading(lent),
            Err(error) => {
                self.read_buffer = Some(lent.take_back());
                return Err(error);
            }
        }
        Ok(())
    }

    fn append(&mut self, partition: u32, record: &[u8]) -> Result<(), ErrorCode> {
        let buffer = self.append_buffer.take().ok_or(ErrorCode::Busy)?;
        let length = record.len().min(buffer.len());
        buffer[..length].copy_from_slice(&record[..length]);
        let lent = LentForAppend::lend(self.append_share, buffer).map_err(|(error, buffer)| {
            self.append_buffer = Some(buffer);
            error
        })?;
        match Storage::<S>::start_append(partition, length) {
            Ok(()) if partition == PARTITION => self.work = Work::Appending(lent),
            Ok(()) => self.work = Work::AppendingEvent(lent),
            Err(error) => {
                self.append_buffer = Some(lent.take_back());
                return Err(error);
            }
        }
        Ok(())
    }
}
