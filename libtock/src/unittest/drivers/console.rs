//! Fake console.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::allow::swap_only;
use crate::unittest::{
    command_return, fake::SyscallDriver, DriverInfo, DriverShareRef, RoAllowBuffer, RwAllowBuffer,
};
use drivers::console::{upcall, Command};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// Keeps what is written and gives what the test puts in. By default a write
/// ends at once; a stalled console ends none until it is let go.
#[derive(Default)]
pub struct Console {
    written: RefCell<Vec<u8>>,
    input: RefCell<VecDeque<u8>>,
    stalled: Cell<bool>,
    /// Bytes of the write under way.
    writing: Cell<Option<usize>>,
    /// Bytes asked for by the read under way.
    reading: Cell<Option<usize>>,
    write_buffer: RefCell<RoAllowBuffer>,
    read_buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl Console {
    /// A console, with nothing written.
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// A console with bytes to read.
    pub fn new_with_input(input: &[u8]) -> Rc<Self> {
        let console = Self::new();
        console.type_in(input);
        console
    }

    /// What was written since the last time.
    pub fn take_bytes(&self) -> Vec<u8> {
        self.written.take()
    }

    /// Adds bytes to read.
    pub fn type_in(&self, bytes: &[u8]) {
        self.input.borrow_mut().extend(bytes);
        self.serve_read();
    }

    /// Stalls the console, or lets it go: then a write under way ends.
    pub fn stall(&self, stalled: bool) {
        self.stalled.set(stalled);
        self.serve_write();
    }

    fn serve_write(&self) {
        if self.stalled.get() {
            return;
        }
        if let Some(length) = self.writing.take() {
            let buffer = self.write_buffer.borrow();
            let length = length.min(buffer.len());
            self.written.borrow_mut().extend(&buffer[..length]);
            self.share_ref
                .schedule_upcall(upcall::WRITTEN, (length as u32, 0, 0))
                .expect("upcall exists");
        }
    }

    /// Ends the read under way if all of it is there.
    fn serve_read(&self) {
        if self
            .reading
            .get()
            .is_some_and(|length| length <= self.input.borrow().len())
        {
            self.end_read(0);
        }
    }

    /// Ends the read under way with what is there.
    fn end_read(&self, status: u32) {
        let Some(length) = self.reading.take() else {
            return;
        };
        let mut input = self.input.borrow_mut();
        let mut buffer = self.read_buffer.borrow_mut();
        let length = length.min(input.len()).min(buffer.len());
        for (to, byte) in buffer.iter_mut().zip(input.drain(..length)) {
            *to = byte;
        }
        self.share_ref
            .schedule_upcall(upcall::READ, (status, length as u32, 0))
            .expect("upcall exists");
    }
}

impl SyscallDriver for Console {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::console::DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, length: u32, _: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists => {}
            Command::Write if self.writing.get().is_some() => {
                return command_return::failure(ErrorCode::Busy);
            }
            Command::Write => {
                self.writing.set(Some(length as usize));
                self.serve_write();
            }
            Command::Read if self.reading.get().is_some() => {
                return command_return::failure(ErrorCode::Busy);
            }
            Command::Read => {
                self.reading.set(Some(length as usize));
                self.serve_read();
            }
            Command::AbortRead => self.end_read(ErrorCode::Cancel as u32),
        }
        command_return::success()
    }

    fn allow_readonly(
        &self,
        buffer_num: u32,
        buffer: RoAllowBuffer,
    ) -> Result<RoAllowBuffer, (RoAllowBuffer, ErrorCode)> {
        swap_only(
            &self.write_buffer,
            crate::apis::console::WRITE_BUFFER,
            buffer_num,
            buffer,
        )
    }

    fn allow_readwrite(
        &self,
        buffer_num: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        swap_only(
            &self.read_buffer,
            crate::apis::console::READ_BUFFER,
            buffer_num,
            buffer,
        )
    }
}
