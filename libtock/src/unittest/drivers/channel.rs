//! Fake channels.

use crate::apis::channel::{DRIVER_NUM, RECEIVE_BUFFER, SEND_BUFFER};
use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::allow::swap_only;
use crate::unittest::{
    command_return, fake::SyscallDriver, DriverInfo, DriverShareRef, RoAllowBuffer, RwAllowBuffer,
};
use drivers::channel::{upcall, Command};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A channel's number, what waits, and how many messages were lost before it.
type Queue = (u32, VecDeque<Vec<u8>>, u32);

/// Keeps what the application sends, and gives it what the test sends.
#[derive(Default)]
pub struct Channel {
    /// Channels that the application may write.
    writable: Vec<u32>,
    /// Channels that it may read.
    readable: RefCell<Vec<Queue>>,
    sent: RefCell<Vec<(u32, Vec<u8>)>>,
    refuse: Cell<bool>,
    ro_buffer: RefCell<RoAllowBuffer>,
    rw_buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl Channel {
    /// Channels that the application may write, and others that it may read.
    pub fn new(writable: &[u32], readable: &[u32]) -> Rc<Self> {
        Rc::new(Channel {
            writable: writable.to_vec(),
            readable: RefCell::new(
                readable
                    .iter()
                    .map(|channel| (*channel, VecDeque::new(), 0))
                    .collect(),
            ),
            ..Channel::default()
        })
    }

    /// Takes what the application has sent: channels and messages.
    pub fn take_sent(&self) -> Vec<(u32, Vec<u8>)> {
        self.sent.take()
    }

    /// Sends to the application, with so many messages lost before.
    ///
    /// # Panics
    /// If it is no reader of the channel.
    pub fn deliver(&self, channel: u32, message: &[u8], lost: u32) {
        let mut readable = self.readable.borrow_mut();
        let found = readable.iter_mut().find(|(number, ..)| *number == channel);
        let (_, waiting, lost_before) = found.expect("a readable channel");
        waiting.push_back(message.to_vec());
        *lost_before += lost;
        self.share_ref
            .schedule_upcall(upcall::MESSAGE, (channel, waiting.len() as u32, 0))
            .expect("upcall 0 exists");
    }

    /// Whether sends are refused for want of room.
    pub fn set_full(&self, full: bool) {
        self.refuse.set(full);
    }

    fn send(&self, channel: u32, length: usize) -> CommandReturn {
        let buffer = self.ro_buffer.borrow();
        if !self.writable.contains(&channel) {
            return command_return::failure(ErrorCode::NoDevice);
        }
        if self.refuse.get() {
            return command_return::failure(ErrorCode::Busy);
        }
        match buffer.get(..length) {
            Some(message) => {
                self.sent.borrow_mut().push((channel, message.to_vec()));
                command_return::success()
            }
            None => command_return::failure(ErrorCode::Size),
        }
    }

    fn receive(&self, channel: u32, only_look: bool) -> CommandReturn {
        let mut readable = self.readable.borrow_mut();
        let Some((_, waiting, lost)) = readable.iter_mut().find(|(number, ..)| *number == channel)
        else {
            return command_return::failure(ErrorCode::NoDevice);
        };
        if only_look {
            return command_return::success_2_u32(waiting.len() as u32, *lost);
        }
        let mut buffer = self.rw_buffer.borrow_mut();
        let Some(message) = waiting.front() else {
            return command_return::failure(ErrorCode::NoMem);
        };
        let length = message.len();
        if buffer.len() < length {
            return command_return::failure(ErrorCode::Size);
        }
        buffer[..length].copy_from_slice(message);
        waiting.pop_front();
        command_return::success_2_u32(length as u32, std::mem::take(lost))
    }
}

impl SyscallDriver for Channel {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, channel: u32, length: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists => command_return::success(),
            Command::Send => self.send(channel, length as usize),
            Command::Receive => self.receive(channel, false),
            Command::State if self.writable.contains(&channel) => {
                command_return::success_2_u32(u32::from(!self.refuse.get()), 0)
            }
            Command::State => self.receive(channel, true),
        }
    }

    fn allow_readonly(
        &self,
        buffer_num: u32,
        buffer: RoAllowBuffer,
    ) -> Result<RoAllowBuffer, (RoAllowBuffer, ErrorCode)> {
        swap_only(&self.ro_buffer, SEND_BUFFER, buffer_num, buffer)
    }

    fn allow_readwrite(
        &self,
        buffer_num: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        swap_only(&self.rw_buffer, RECEIVE_BUFFER, buffer_num, buffer)
    }
}
