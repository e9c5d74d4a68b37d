//! Fake key store, which does no cryptography: it answers what the test prepared.

use crate::apis::key_store::DRIVER_NUM;
use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::allow::swap_only;
use crate::unittest::{
    command_return, fake::SyscallDriver, DriverInfo, DriverShareRef, RoAllowBuffer, RwAllowBuffer,
};
use drivers::key_store::{read_only, read_write, upcall, Command};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A command as it came: which, its arguments, and the three inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStoreCall {
    /// Which command, and its arguments.
    pub command: (Command, u32, u32),
    /// Input, associated data, nonce.
    pub inputs: [Vec<u8>; 3],
}

/// Remembers what it was asked, and answers in turn.
#[derive(Default)]
pub struct KeyStore {
    answers: RefCell<VecDeque<Result<Vec<u8>, ErrorCode>>>,
    calls: RefCell<Vec<KeyStoreCall>>,
    /// What `state` and `counter` answer.
    number: Cell<u32>,
    ro_buffers: RefCell<[RoAllowBuffer; read_only::COUNT as usize]>,
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

    fn start(&self, command: (Command, u32, u32)) -> CommandReturn {
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
            .schedule_upcall(upcall::DONE, (status, length, command.0.number()))
            .expect("upcall 0 exists");
        command_return::success()
    }
}

impl SyscallDriver for KeyStore {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, first: u32, second: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists | Command::Close => command_return::success(),
            Command::State | Command::Counter => command_return::success_u32(self.number.get()),
            _ => self.start((command, first, second)),
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
        swap_only(&self.rw_buffer, read_write::OUTPUT, buffer_num, buffer)
    }
}
