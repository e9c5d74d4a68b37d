//! A serial port for processes, and one that several users share.

use core::cell::Cell;

use kernel::collections::list::{List, ListLink, ListNode};
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::hil::uart;
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::{ErrorCode, ProcessId};

mod upcall {
    pub const SENT: usize = 1;
    pub const COUNT: u8 = 3;
}

mod ro_allow {
    pub const TEXT: usize = 1;
    pub const COUNT: u8 = 2;
}

mod rw_allow {
    pub const ROOM: usize = 1;
    pub const COUNT: u8 = 2;
}

#[derive(Default)]
pub struct App {
    left: usize,
    waits: bool,
}

/// Sends what processes share, and receives into what they share.
pub struct Port<'a> {
    uart: &'a dyn uart::UartData<'a>,
    apps: Grant<
        App,
        UpcallCount<{ upcall::COUNT }>,
        AllowRoCount<{ ro_allow::COUNT }>,
        AllowRwCount<{ rw_allow::COUNT }>,
    >,
    sender: OptionalCell<ProcessId>,
    outgoing: TakeCell<'static, [u8]>,
    incoming: TakeCell<'static, [u8]>,
}

impl<'a> Port<'a> {
    pub fn new(
        uart: &'a dyn uart::UartData<'a>,
        outgoing: &'static mut [u8],
        incoming: &'static mut [u8],
        apps: Grant<
            App,
            UpcallCount<{ upcall::COUNT }>,
            AllowRoCount<{ ro_allow::COUNT }>,
            AllowRwCount<{ rw_allow::COUNT }>,
        >,
    ) -> Port<'a> {
        Port {
            uart,
            apps,
            sender: OptionalCell::empty(),
            outgoing: TakeCell::new(outgoing),
            incoming: TakeCell::new(incoming),
        }
    }

    fn send(&self, process: ProcessId, app: &mut App, kernel_data: &GrantKernelData) {
        if self.sender.is_some() {
            app.waits = true;
            return;
        }
        self.outgoing.take().map(|buffer| {
            let length = kernel_data
                .get_readonly_processbuffer(ro_allow::TEXT)
                .and_then(|text| {
                    text.enter(|data| {
                        let part = match data.get(data.len() - app.left..data.len()) {
                            Some(part) => part,
                            None => return 0,
                        };
                        for (to, from) in buffer.iter_mut().zip(part.iter()) {
                            *to = from.get();
                        }
                        part.len()
                    })
                })
                .unwrap_or(0);
            app.left -= length;
            self.sender.set(process);
            if let Err((_error, buffer)) = self.uart.transmit_buffer(buffer, length) {
                self.outgoing.replace(buffer);
                self.sender.clear();
                let _ = kernel_data.schedule_upcall(upcall::SENT, (0, 0, 0));
            }
        });
    }
}

impl SyscallDriver for Port<'_> {
    fn command(&self, number: usize, length: usize, _: usize, process: ProcessId) -> CommandReturn {
        let result = self
            .apps
            .enter(process, |app, kernel_data| match number {
                0 => Ok(()),
                1 => {
                    app.left = kernel_data
                        .get_readonly_processbuffer(ro_allow::TEXT)
                        .map_or(0, |text| text.len())
                        .min(length);
                    self.send(process, app, kernel_data);
                    Ok(())
                }
                2 => self.incoming.take().map_or(Err(ErrorCode::BUSY), |buffer| {
                    if let Err((error, buffer)) = self.uart.receive_buffer(buffer, length) {
                        self.incoming.replace(buffer);
                        return Err(error);
                    }
                    Ok(())
                }),
                3 => {
                    let _ = self.uart.receive_abort();
                    Ok(())
                }
                _ => Err(ErrorCode::NOSUPPORT),
            })
            .map_err(ErrorCode::from);
        match result {
            Ok(Ok(())) => CommandReturn::success(),
            Ok(Err(error)) | Err(error) => CommandReturn::failure(error),
        }
    }

    fn allocate_grant(&self, process: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process, |_, _| {})
    }
}

impl uart::TransmitClient for Port<'_> {
    fn transmitted_buffer(
        &self,
        buffer: &'static mut [u8],
        _length: usize,
        _result: Result<(), ErrorCode>,
    ) {
        self.outgoing.replace(buffer);
        self.sender.take().map(|process| {
            self.apps.enter(process, |app, kernel_data| {
                kernel_data
                    .schedule_upcall(upcall::SENT, (app.left, 0, 0))
                    .ok();
            })
        });
        for app in self.apps.iter() {
            let process = app.processid();
            let started = app.enter(|app, kernel_data| {
                let waits = core::mem::take(&mut app.waits);
                if waits {
                    self.send(process, app, kernel_data);
                }
                waits
            });
            if started {
                break;
            }
        }
    }
}

impl uart::ReceiveClient for Port<'_> {
    fn received_buffer(
        &self,
        buffer: &'static mut [u8],
        length: usize,
        result: Result<(), ErrorCode>,
        error: uart::Error,
    ) {
        if let (uart::Error::None | uart::Error::Aborted, Some(process)) =
            (error, self.sender.get())
        {
            let _ = self.apps.enter(process, |_, kernel_data| {
                let count = kernel_data
                    .get_readwrite_processbuffer(rw_allow::ROOM)
                    .and_then(|room| {
                        room.mut_enter(|data| {
                            let mut count = 0;
                            for (to, from) in data.iter().zip(buffer.iter().take(length)) {
                                to.set(*from);
                                count += 1;
                            }
                            count
                        })
                    })
                    .unwrap_or(-1);
                let status = kernel::errorcode::into_statuscode(result);
                kernel_data
                    .schedule_upcall(2, (status, count as usize, 0))
                    .ok();
            });
        }
        self.incoming.replace(buffer);
    }
}

/// A port with several users.
pub struct Shared<'a> {
    uart: &'a dyn uart::Uart<'a>,
    speed: u32,
    users: List<'a, Device<'a>>,
    inflight: OptionalCell<&'a Device<'a>>,
    buffer: TakeCell<'static, [u8]>,
    deferred_call: DeferredCall,
}

impl<'a> Shared<'a> {
    pub fn new(uart: &'a dyn uart::Uart<'a>, buffer: &'static mut [u8], speed: u32) -> Shared<'a> {
        Shared {
            uart,
            speed,
            users: List::new(),
            inflight: OptionalCell::empty(),
            buffer: TakeCell::new(buffer),
            deferred_call: DeferredCall::new(),
        }
    }

    pub fn initialize(&self) {
        let _ = self.uart.configure(uart::Parameters {
            baud_rate: self.speed,
            width: uart::Width::Eight,
            stop_bits: uart::StopBits::One,
            parity: uart::Parity::None,
            hw_flow_control: false,
        });
    }

    /// A new user of the port.
    pub fn device(&'static self) -> &'static Device<'static> {
        let device: &'static Device<'static> = testing::forever(Device {
            shared: self,
            buffer: TakeCell::empty(),
            operation: OptionalCell::empty(),
            sending: Cell::new(false),
            next: ListLink::empty(),
            sent: OptionalCell::empty(),
            received: OptionalCell::empty(),
        });
        self.users.push_head(device);
        device
    }

    fn next_operation(&self) {
        if self.inflight.is_none() {
            let user = self.users.iter().find(|user| user.operation.is_some());
            user.map(|user| {
                user.buffer.take().map(|buffer| {
                    user.operation.take().map(move |operation| match operation {
                        Operation::Send { length } => {
                            match self.uart.transmit_buffer(buffer, length) {
                                Ok(()) => self.inflight.set(user),
                                Err((error, buffer)) => {
                                    user.sent.map(move |client| {
                                        user.sending.set(false);
                                        client.transmitted_buffer(buffer, 0, Err(error));
                                    });
                                }
                            }
                        }
                    });
                });
            });
        }
    }

    fn start_receive(&self, length: usize) -> Result<bool, (ErrorCode, &'static mut [u8])> {
        self.buffer.take().map_or_else(
            || {
                let _ = self.uart.receive_abort();
                Ok(true)
            },
            |buffer| {
                let length = core::cmp::min(length, buffer.len());
                self.uart.receive_buffer(buffer, length)?;
                Ok(false)
            },
        )
    }
}

impl uart::TransmitClient for Shared<'_> {
    fn transmitted_buffer(
        &self,
        buffer: &'static mut [u8],
        length: usize,
        result: Result<(), ErrorCode>,
    ) {
        self.inflight.map(move |user| {
            self.inflight.clear();
            user.sending.set(false);
            user.sent
                .map(move |client| client.transmitted_buffer(buffer, length, result));
        });
        self.next_operation();
    }
}

impl DeferredCallClient for Shared<'_> {
    fn handle_deferred_call(&self) {
        self.next_operation();
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}

#[derive(Copy, Clone, PartialEq)]
enum Operation {
    Send { length: usize },
}

/// One user's part of a port.
pub struct Device<'a> {
    shared: &'a Shared<'a>,
    buffer: TakeCell<'static, [u8]>,
    operation: OptionalCell<Operation>,
    sending: Cell<bool>,
    next: ListLink<'a, Device<'a>>,
    sent: OptionalCell<&'a dyn uart::TransmitClient>,
    received: OptionalCell<&'a dyn uart::ReceiveClient>,
}

impl<'a> ListNode<'a, Device<'a>> for Device<'a> {
    fn next(&'a self) -> &'a ListLink<'a, Device<'a>> {
        &self.next
    }
}

impl<'a> uart::Transmit<'a> for Device<'a> {
    fn set_transmit_client(&self, client: &'a dyn uart::TransmitClient) {
        self.sent.set(client);
    }

    fn transmit_buffer(
        &self,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if self.sending.replace(true) {
            return Err((ErrorCode::BUSY, buffer));
        }
        self.buffer.replace(buffer);
        self.operation.set(Operation::Send { length });
        self.shared.deferred_call.set();
        Ok(())
    }

    fn transmit_word(&self, _word: u32) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn transmit_abort(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::FAIL)
    }
}

impl<'a> uart::Receive<'a> for Device<'a> {
    fn set_receive_client(&self, client: &'a dyn uart::ReceiveClient) {
        self.received.set(client);
    }

    fn receive_buffer(
        &self,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if length > buffer.len() {
            return Err((ErrorCode::SIZE, buffer));
        }
        self.buffer.replace(buffer);
        self.shared.start_receive(length)?;
        Ok(())
    }

    fn receive_word(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn receive_abort(&self) -> Result<(), ErrorCode> {
        self.shared.uart.receive_abort()
    }
}
