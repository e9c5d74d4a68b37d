//! Fake source of random bytes.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::allow::swap_only;
use crate::unittest::{
    command_return, fake::SyscallDriver, DriverInfo, DriverShareRef, RwAllowBuffer,
};
use drivers::rng::{read_write, upcall, Command};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Gives the bytes that the test chose, at once and again from the start.
#[derive(Default)]
pub struct Rng {
    bytes: Vec<u8>,
    next: Cell<usize>,
    buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl Rng {
    /// A source of `bytes`.
    ///
    /// # Panics
    /// If there are none.
    pub fn new_with(bytes: Vec<u8>) -> Rc<Self> {
        assert!(!bytes.is_empty(), "a source of nothing");
        Rc::new(Rng {
            bytes,
            ..Rng::default()
        })
    }
}

impl SyscallDriver for Rng {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::rng::DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, count: u32, _: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists => command_return::success(),
            Command::Get => {
                let mut buffer = self.buffer.borrow_mut();
                let count = buffer.len().min(count as usize);
                for byte in &mut buffer[..count] {
                    let next = self.next.get();
                    *byte = self.bytes[next];
                    self.next.set((next + 1) % self.bytes.len());
                }
                self.share_ref
                    .schedule_upcall(upcall::DONE, (0, count as u32, 0))
                    .expect("upcall 0 exists");
                command_return::success()
            }
        }
    }

    fn allow_readwrite(
        &self,
        buffer_num: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        swap_only(&self.buffer, read_write::BUFFER, buffer_num, buffer)
    }
}
