//! Fake storage of sealed records.

use crate::apis::storage::{DONE, DRIVER_NUM};
use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::allow::swap_only;
use crate::unittest::{
    command_return, fake::SyscallDriver, DriverInfo, DriverShareRef, RoAllowBuffer, RwAllowBuffer,
};
use drivers::storage::{read_only, read_write, upcall, Command};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// One partition, which keeps its records over restarts of the application.
#[derive(Default)]
pub struct Storage {
    partition: u32,
    record: usize,
    /// By number; a hole is none.
    records: RefCell<Vec<Option<Vec<u8>>>>,
    /// Records before this one are overwritten.
    oldest: Cell<u32>,
    /// `range` answers with `Busy` so many times.
    busy: Cell<u32>,
    /// Operations end with this error.
    failing: Cell<Option<ErrorCode>>,
    under_way: Cell<bool>,
    /// Operations do not end until the test says so.
    slow: Cell<bool>,
    owed: Cell<Option<(u32, u32, u32)>>,
    ro_buffer: RefCell<RoAllowBuffer>,
    rw_buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl Storage {
    /// An empty partition of this number, for records of so many bytes.
    pub fn new(partition: u32, record: usize) -> Rc<Self> {
        Rc::new(Storage {
            partition,
            record,
            ..Storage::default()
        })
    }

    /// The records, by number.
    pub fn records(&self) -> Vec<Option<Vec<u8>>> {
        self.records.borrow().clone()
    }

    /// Adds a record, or a hole, as an earlier run did.
    pub fn push(&self, record: Option<Vec<u8>>) {
        self.records.borrow_mut().push(record);
    }

    /// The ring has overwritten all records before this one.
    pub fn set_oldest(&self, number: u32) {
        self.oldest.set(number);
    }

    /// The store is being opened: `range` is `Busy` so many times.
    pub fn set_opening(&self, times: u32) {
        self.busy.set(times);
    }

    /// Operations end with this error from now on.
    pub fn set_failing(&self, error: Option<ErrorCode>) {
        self.failing.set(error);
    }

    /// Whether operations wait for [`Storage::complete`].
    pub fn set_slow(&self, slow: bool) {
        self.slow.set(slow);
    }

    /// Ends the operation under way.
    pub fn complete(&self) {
        if let Some(arguments) = self.owed.take() {
            self.under_way.set(false);
            self.share_ref
                .schedule_upcall(DONE, arguments)
                .expect("upcall 0 exists");
        }
    }

    /// The application ends: what was under way ends in nothing.
    pub fn forget(&self) {
        self.owed.take();
        self.under_way.set(false);
    }

    fn start(&self, operate: impl FnOnce() -> Result<u32, ErrorCode>) -> CommandReturn {
        if self.under_way.replace(true) {
            return command_return::failure(ErrorCode::Busy);
        }
        let result = self.failing.get().map_or_else(operate, Err);
        let status = result.map_or_else(|error| error as u32, |_| 0);
        self.owed
            .set(Some((status, self.partition, result.unwrap_or(0))));
        if !self.slow.get() {
            self.complete();
        }
        command_return::success()
    }

    fn append(&self, length: usize) -> CommandReturn {
        let buffer = self.ro_buffer.borrow();
        let Some(record) = buffer.get(..length).filter(|_| length <= self.record) else {
            return command_return::failure(ErrorCode::Size);
        };
        self.start(|| {
            let mut records = self.records.borrow_mut();
            records.push(Some(record.to_vec()));
            Ok(records.len() as u32 - 1)
        })
    }

    fn read(&self, number: u32) -> CommandReturn {
        self.start(|| {
            let records = self.records.borrow();
            let record = records
                .get(number as usize)
                .filter(|_| number >= self.oldest.get())
                .and_then(Option::as_ref)
                .ok_or(ErrorCode::Uninstalled)?;
            let mut buffer = self.rw_buffer.borrow_mut();
            if buffer.len() < record.len() {
                return Err(ErrorCode::Size);
            }
            buffer[..record.len()].copy_from_slice(record);
            Ok(record.len() as u32)
        })
    }
}

impl SyscallDriver for Storage {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, partition: u32, argument: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        if command != Command::Exists && partition != self.partition {
            return command_return::failure(ErrorCode::NoDevice);
        }
        match command {
            Command::Exists => command_return::success(),
            Command::Append => self.append(argument as usize),
            Command::Read => self.read(argument),
            Command::Range => match self.busy.get().checked_sub(1) {
                Some(left) => {
                    self.busy.set(left);
                    command_return::failure(ErrorCode::Busy)
                }
                None => {
                    let next = self.records.borrow().len() as u32;
                    command_return::success_2_u32(self.oldest.get(), next)
                }
            },
            Command::Capacity => command_return::success_2_u32(1_000, self.record as u32),
        }
    }

    fn allow_readonly(
        &self,
        buffer_num: u32,
        buffer: RoAllowBuffer,
    ) -> Result<RoAllowBuffer, (RoAllowBuffer, ErrorCode)> {
        swap_only(&self.ro_buffer, read_only::RECORD, buffer_num, buffer)
    }

    fn allow_readwrite(
        &self,
        buffer_num: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        swap_only(&self.rw_buffer, read_write::RECORD, buffer_num, buffer)
    }
}
