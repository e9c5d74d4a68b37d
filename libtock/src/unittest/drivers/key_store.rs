//! Fake key store, which does no cryptography: it answers what the test prepared.

use crate::apis::key_store::{DONE, DRIVER_NUM};
use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::allow::swap_only;
use crate::unittest::{
    command_return, fake::SyscallDriver, DriverInfo, DriverShareRef, RoAllowBuffer, RwAllowBuffer,
};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A command as it came: its number, its arguments, and the three inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStoreCall {
    /// Number and arguments.
    pub command: (u32, u32, u32),
    /// Input, associated data, nonce.
    pub inputs: [Vec<u8>; 3],
}

/// Remembers what it was asked, and answers in turn.
#[derive(Default)]
pub struct KeyStore {
    answers: RefCell<VecDeque<Result<Vec<u8>, ErrorCode>>>,
    calls: RefCell<Vec<KeyStoreCall>>,
    /// What commands 1 and 16 answer.
    number: Cell<u32>,
    ro_buffers: RefCell<[RoAllowBuffer; 3]>,
    rw_buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl KeyStore {
    /// One that has nothing to answer yet: commands are `Busy`.
    pub fn new() -> Rc<Self> {
        Rc::new(KeyStore::default())
    }

    /// The next operation ends like this.
    pub fn answer(&self, answer: Result<Vec<u8>, ErrorCode>) {
        self.answers.borrow_mut().push_back(answer);
    }

    /// The state, and the value of each counter.
    pub fn set_number(&self, number: u32) {
        self.number.set(number);
    }

    /// The operations since the last time.
    pub fn take_calls(&self) -> Vec<KeyStoreCall> {
        self.calls.take()
    }

    fn start(&self, command: (u32, u32, u32)) -> CommandReturn {
        let Some(answer) = self.answers.borrow_mut().pop_front() else {
            return command_return::failure(ErrorCode::Busy);
        };
        let inputs = self.ro_buffers.borrow();
        self.calls.borrow_mut().push(KeyStoreCall {
            command,
            inputs: std::array::from_fn(|number| inputs[number].to_vec()),
        });
        let (status, length) = match answer {
            Ok(bytes) => {
                self.rw_buffer.borrow_mut()[..bytes.len()].copy_from_slice(&bytes);
                (0, bytes.len() as u32)
            }
            Err(error) => (error as u32, 0),
        };
        self.share_ref
            .schedule_upcall(DONE, (status, length, command.0))
            .expect("upcall 0 exists");
        command_return::success()
    }
}

impl SyscallDriver for KeyStore {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(DRIVER_NUM).upcall_count(1)
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, first: u32, second: u32) -> CommandReturn {
        match command_id {
            0 | 20 => command_return::success(),
            1 | 16 => command_return::success_u32(self.number.get()),
            2..=19 => self.start((command_id, first, second)),
            _ => command_return::failure(ErrorCode::NoSupport),
        }
    }

    fn allow_readonly(
        &self,
        buffer_num: u32,
        buffer: RoAllowBuffer,
    ) -> Result<RoAllowBuffer, (RoAllowBuffer, ErrorCode)> {
        match self.ro_buffers.borrow_mut().get_mut(buffer_num as usize) {
            Some(place) => Ok(std::mem::replace(place, buffer)),
            None => Err((buffer, ErrorCode::NoSupport)),
        }
    }

    fn allow_readwrite(
        &self,
        buffer_num: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        swap_only(&self.rw_buffer, 0, buffer_num, buffer)
    }
}
