//! Short messages of processes, kept in their grants until the port is free.

use core::cell::Cell;

use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::hil::uart::{Transmit, TransmitClient};
use kernel::syscall::CommandReturn;
use kernel::{ErrorCode, ProcessId};

#[derive(Default)]
pub struct AppData {
    queue: [Option<Message>; 4],
}

#[derive(Clone, Copy)]
enum Message {
    Number(usize),
}

/// Prints messages.
pub struct Messages<'u, U: Transmit<'u>> {
    buffer: Cell<Option<&'static mut [u8]>>,
    grant: Grant<AppData, UpcallCount<0>, AllowRoCount<0>, AllowRwCount<0>>,
    uart: &'u U,
}

impl<'u, U: Transmit<'u>> Messages<'u, U> {
    pub fn new(
        buffer: &'static mut [u8],
        uart: &'u U,
        grant: Grant<AppData, UpcallCount<0>, AllowRoCount<0>, AllowRwCount<0>>,
    ) -> Messages<'u, U> {
        Messages {
            buffer: Cell::new(Some(buffer)),
            grant,
            uart,
        }
    }

    /// Sends so many bytes of the buffer, or all.
    pub fn print(&self, number: usize) {
        if let Some(buffer) = self.buffer.take() {
            let length = number.min(buffer.len());
            let _ = self
                .uart
                .transmit_buffer(buffer, length)
                .map_err(|(_, returned)| {
                    self.buffer.set(Some(returned));
                });
        }
    }

    pub fn is_busy(&self) -> bool {
        let buffer = self.buffer.take();
        let busy = buffer.is_none();
        self.buffer.set(buffer);
        busy
    }

    fn push(&self, message: Message, process: ProcessId) -> Result<(), kernel::process::Error> {
        self.grant.enter(process, |data, _| {
            for place in &mut data.queue {
                if place.is_none() {
                    *place = Some(message);
                    return;
                }
            }
            kernel::debug!("a message of {:?} was dropped", process);
        })
    }
}

impl<'u, U: Transmit<'u>> kernel::syscall::SyscallDriver for Messages<'u, U> {
    fn command(&self, number: usize, first: usize, _: usize, caller: ProcessId) -> CommandReturn {
        match number {
            0 => CommandReturn::success(),
            1 => self.push(Message::Number(first), caller).map_or_else(
                |error| CommandReturn::failure(error.into()),
                |()| CommandReturn::success_u32(first as u32),
            ),
            _ => CommandReturn::failure(ErrorCode::NOSUPPORT),
        }
    }

    fn allocate_grant(&self, process: ProcessId) -> Result<(), kernel::process::Error> {
        self.grant.enter(process, |_, _| {})
    }
}

impl<'u, U: Transmit<'u>> TransmitClient for Messages<'u, U> {
    fn transmitted_buffer(
        &self,
        buffer: &'static mut [u8],
        _length: usize,
        _result: Result<(), ErrorCode>,
    ) {
        self.buffer.set(Some(buffer));
        for app in self.grant.iter() {
            let process = app.processid();
            let (number, first) = app.enter(|data, _| {
                data.queue.rotate_left(1);
                (process.id(), data.queue[3].take())
            });
            if let Some(Message::Number(length)) = first {
                self.print(number.min(length));
                return;
            }
        }
    }
}
