//! Several users of one serial port.
//!
//! Sending: one buffer after the other, each user in turn. Receiving: every user
//! that receives gets a copy of what comes.

use core::cell::Cell;

use kernel::collections::list::{List, ListLink, ListNode};
use kernel::hil::uart::{self, Error, Parity, Receive, StopBits, Transmit, Width};
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::ErrorCode;

/// What a user wants to send.
#[derive(Clone, Copy, PartialEq)]
enum Sending {
    Nothing,
    /// The first so many bytes of its buffer.
    Buffer(usize),
    /// One word.
    Word(u32),
}

/// How far a user's reception is.
#[derive(Clone, Copy, PartialEq)]
enum Receiving {
    Nothing,
    /// So many bytes were asked for, so many have come.
    Running {
        wanted: usize,
        received: usize,
    },
    /// To be given up with what has come.
    Aborting {
        wanted: usize,
        received: usize,
    },
    /// Over; the user is to be told.
    Done {
        received: usize,
        result: Result<(), ErrorCode>,
        error: Error,
    },
}

/// Whether users are being told what has come. The next reception starts after
/// that.
#[derive(Clone, Copy, PartialEq)]
enum Delivering {
    No,
    Yes,
    /// The port could not start the next reception; no user can.
    PortFailed(ErrorCode),
}

/// The port and its users.
pub struct MuxUart<'a> {
    uart: &'a dyn uart::Uart<'a>,
    speed: u32,
    devices: List<'a, UartDevice<'a>>,
    /// Whose data is being sent.
    inflight: OptionalCell<&'a UartDevice<'a>>,
    /// Where the port receives; away while it does.
    buffer: TakeCell<'static, [u8]>,
    buffer_len: usize,
    /// Bytes the port was asked for, while it receives.
    receiving: OptionalCell<usize>,
    delivering: Cell<Delivering>,
}

impl<'a> MuxUart<'a> {
    /// A multiplexer on `uart`, whose client it must be made. `buffer` is what it
    /// receives into.
    pub fn new(uart: &'a dyn uart::Uart<'a>, buffer: &'static mut [u8], speed: u32) -> MuxUart<'a> {
        let buffer_len = buffer.len();
        MuxUart {
            uart,
            speed,
            devices: List::new(),
            inflight: OptionalCell::empty(),
            buffer: TakeCell::new(buffer),
            buffer_len,
            receiving: OptionalCell::empty(),
            delivering: Cell::new(Delivering::No),
        }
    }

    /// Sets the port up: eight data bits, no parity, one stop bit. A port that
    /// cannot do that stays as it is.
    pub fn initialize(&self) {
        let _ = self.uart.configure(uart::Parameters {
            baud_rate: self.speed,
            width: Width::Eight,
            stop_bits: StopBits::One,
            parity: Parity::None,
            hw_flow_control: false,
        });
    }

    /// Starts sending for `device`. On an error nothing is being sent, and a
    /// buffer is back in the device.
    fn send(&self, device: &'a UartDevice<'a>) -> Result<(), ErrorCode> {
        let result = match device.sending.get() {
            Sending::Nothing => return Ok(()),
            Sending::Word(word) => self.uart.transmit_word(word),
            Sending::Buffer(len) => match device.tx_buffer.take() {
                None => Err(ErrorCode::FAIL),
                Some(buffer) => {
                    self.uart
                        .transmit_buffer(buffer, len)
                        .map_err(|(error, buffer)| {
                            device.tx_buffer.replace(buffer);
                            error
                        })
                }
            },
        };
        if result.is_ok() {
            self.inflight.set(device);
        }
        result
    }

    /// Tells the user whose data was sent, and sends for the next one.
    fn sent(&self, buffer: Option<&'static mut [u8]>, len: usize, result: Result<(), ErrorCode>) {
        if let Some(device) = self.inflight.get() {
            // The port counts as busy meanwhile: what this user asks for at once
            // comes after the others that wait.
            device.sent(buffer, len, result);
            self.inflight.clear();
            self.send_next(device);
        }
    }

    /// Sends for the next user that has something, beginning after `last`. A user
    /// whose data the port refuses is told so.
    fn send_next(&self, last: &'a UartDevice<'a>) {
        let after_last = self
            .devices
            .iter()
            .skip_while(|device| !core::ptr::eq(*device, last))
            .skip(1);
        for device in after_last.chain(self.devices.iter()) {
            if self.inflight.is_some() {
                return;
            }
            if let Err(error) = self.send(device) {
                device.sent(device.tx_buffer.take(), 0, Err(error));
            }
        }
    }

    /// Makes the port receive until the first user is served, unless it receives
    /// no more than that already.
    fn receive(&self) -> Result<(), ErrorCode> {
        match self.delivering.get() {
            Delivering::No => (),
            Delivering::Yes => return Ok(()),
            Delivering::PortFailed(error) => return Err(error),
        }
        let missing = self.devices.iter().filter_map(UartDevice::missing).min();
        let Some(missing) = missing.map(|missing| missing.min(self.buffer_len)) else {
            return Ok(());
        };
        if let Some(running) = self.receiving.get() {
            if missing < running {
                // What has come is delivered; then a shorter reception starts.
                // If it is over by itself the same happens.
                let _ = self.uart.receive_abort();
            }
            return Ok(());
        }
        let buffer = self.buffer.take().ok_or(ErrorCode::FAIL)?;
        self.receiving.set(missing);
        self.uart
            .receive_buffer(buffer, missing)
            .map_err(|(error, buffer)| {
                self.receiving.clear();
                self.buffer.replace(buffer);
                error
            })
    }

    /// Tells the users whose reception is over, those too that end meanwhile, and
    /// receives on for the others.
    fn deliver(&self) {
        self.tell(Delivering::Yes);
        if let Err(error) = self.receive() {
            for device in self.devices.iter() {
                device.take_in(&[], Err(error), Error::None);
            }
            self.tell(Delivering::PortFailed(error));
        }
    }

    fn tell(&self, delivering: Delivering) {
        self.delivering.set(delivering);
        while let Some(device) = self.devices.iter().find(|device| device.is_done()) {
            device.received();
        }
        self.delivering.set(Delivering::No);
    }
}

impl uart::TransmitClient for MuxUart<'_> {
    fn transmitted_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
        rval: Result<(), ErrorCode>,
    ) {
        self.sent(Some(tx_buffer), tx_len, rval);
    }

    fn transmitted_word(&self, rval: Result<(), ErrorCode>) {
        self.sent(None, 1, rval);
    }
}

impl uart::ReceiveClient for MuxUart<'_> {
    fn received_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
        rval: Result<(), ErrorCode>,
        error: Error,
    ) {
        self.receiving.clear();
        // The port is only cancelled to serve a user earlier: for the others
        // that is no end.
        let result = match rval {
            Err(ErrorCode::CANCEL) => Ok(()),
            other => other,
        };
        let data = rx_buffer.get(..rx_len).unwrap_or_default();
        for device in self.devices.iter() {
            device.take_in(data, result, error);
        }
        self.buffer.replace(rx_buffer);
        self.deliver();
    }
}

/// One user's port.
pub struct UartDevice<'a> {
    mux: &'a MuxUart<'a>,
    /// Does it ever receive?
    receiver: bool,
    sending: Cell<Sending>,
    tx_buffer: TakeCell<'static, [u8]>,
    tx_client: OptionalCell<&'a dyn uart::TransmitClient>,
    receiving: Cell<Receiving>,
    rx_buffer: TakeCell<'static, [u8]>,
    rx_client: OptionalCell<&'a dyn uart::ReceiveClient>,
    next: ListLink<'a, UartDevice<'a>>,
}

impl<'a> ListNode<'a, UartDevice<'a>> for UartDevice<'a> {
    fn next(&'a self) -> &'a ListLink<'a, UartDevice<'a>> {
        &self.next
    }
}

impl<'a> UartDevice<'a> {
    /// A port on `mux`, which receives too if `receiver`; it works after
    /// [`Self::setup`].
    pub const fn new(mux: &'a MuxUart<'a>, receiver: bool) -> UartDevice<'a> {
        UartDevice {
            mux,
            receiver,
            sending: Cell::new(Sending::Nothing),
            tx_buffer: TakeCell::empty(),
            tx_client: OptionalCell::empty(),
            receiving: Cell::new(Receiving::Nothing),
            rx_buffer: TakeCell::empty(),
            rx_client: OptionalCell::empty(),
            next: ListLink::empty(),
        }
    }

    /// Adds the port to its multiplexer; to be called once.
    pub fn setup(&'a self) {
        self.mux.devices.push_head(self);
    }

    /// This very device, as the multiplexer's list knows it.
    fn listed(&self) -> Option<&'a UartDevice<'a>> {
        self.mux
            .devices
            .iter()
            .find(|device| core::ptr::addr_eq(*device, self))
    }

    /// Sends `sending`, now or when it is its turn.
    fn start_sending(&self, sending: Sending) -> Result<(), ErrorCode> {
        let device = self.listed().ok_or(ErrorCode::OFF)?;
        self.sending.set(sending);
        if self.mux.inflight.is_some() {
            return Ok(());
        }
        self.mux
            .send(device)
            .inspect_err(|_| self.sending.set(Sending::Nothing))
    }

    /// Tells the client that sending is over.
    fn sent(
        &self,
        buffer: Option<&'static mut [u8]>,
        tx_len: usize,
        result: Result<(), ErrorCode>,
    ) {
        self.sending.set(Sending::Nothing);
        self.tx_client.map(|client| match buffer {
            Some(buffer) => client.transmitted_buffer(buffer, tx_len, result),
            None => client.transmitted_word(result),
        });
    }

    /// How many bytes it waits for, if it receives.
    fn missing(&self) -> Option<usize> {
        match self.receiving.get() {
            Receiving::Running { wanted, received } => Some(wanted - received),
            _ => None,
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.receiving.get(), Receiving::Done { .. })
    }

    /// Takes in what the port has received, if it receives.
    fn take_in(&self, data: &[u8], result: Result<(), ErrorCode>, error: Error) {
        let (wanted, received) = match self.receiving.get() {
            Receiving::Running { wanted, received } | Receiving::Aborting { wanted, received } => {
                (wanted, received)
            }
            Receiving::Nothing | Receiving::Done { .. } => return,
        };
        let length = data.len().min(wanted - received);
        self.rx_buffer.map(|buffer| {
            let space = buffer.get_mut(received..received + length);
            if let Some(space) = space {
                space.copy_from_slice(&data[..length]);
            }
        });
        let received = received + length;
        let aborting = matches!(self.receiving.get(), Receiving::Aborting { .. });
        let state = if received == wanted {
            Receiving::Done {
                received,
                result: Ok(()),
                error: Error::None,
            }
        } else if aborting {
            Receiving::Done {
                received,
                result: Err(ErrorCode::CANCEL),
                error: Error::Aborted,
            }
        } else if result.is_err() {
            Receiving::Done {
                received,
                result,
                error,
            }
        } else {
            Receiving::Running { wanted, received }
        };
        self.receiving.set(state);
    }

    /// Tells the client that reception is over.
    fn received(&self) {
        if let Receiving::Done {
            received,
            result,
            error,
        } = self.receiving.replace(Receiving::Nothing)
        {
            if let Some(buffer) = self.rx_buffer.take() {
                self.rx_client
                    .map(|client| client.received_buffer(buffer, received, result, error));
            }
        }
    }
}

impl<'a> Transmit<'a> for UartDevice<'a> {
    fn set_transmit_client(&self, client: &'a dyn uart::TransmitClient) {
        self.tx_client.set(client);
    }

    fn transmit_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if self.sending.get() != Sending::Nothing {
            return Err((ErrorCode::BUSY, tx_buffer));
        }
        if tx_len > tx_buffer.len() {
            return Err((ErrorCode::SIZE, tx_buffer));
        }
        self.tx_buffer.replace(tx_buffer);
        match self.start_sending(Sending::Buffer(tx_len)) {
            Ok(()) => Ok(()),
            // A port that refuses gives the buffer back; if one did not there
            // would be none to return, and nothing more to be sent from it.
            Err(error) => match self.tx_buffer.take() {
                Some(buffer) => Err((error, buffer)),
                None => Ok(()),
            },
        }
    }

    fn transmit_word(&self, word: u32) -> Result<(), ErrorCode> {
        if self.sending.get() != Sending::Nothing {
            return Err(ErrorCode::BUSY);
        }
        self.start_sending(Sending::Word(word))
    }

    /// What is being sent is sent to its end.
    fn transmit_abort(&self) -> Result<(), ErrorCode> {
        if self.sending.get() == Sending::Nothing {
            Ok(())
        } else {
            Err(ErrorCode::FAIL)
        }
    }
}

impl<'a> Receive<'a> for UartDevice<'a> {
    fn set_receive_client(&self, client: &'a dyn uart::ReceiveClient) {
        self.rx_client.set(client);
    }

    fn receive_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if !self.receiver {
            return Err((ErrorCode::NOSUPPORT, rx_buffer));
        }
        if self.receiving.get() != Receiving::Nothing {
            return Err((ErrorCode::BUSY, rx_buffer));
        }
        if rx_len == 0 || rx_len > rx_buffer.len() {
            return Err((ErrorCode::SIZE, rx_buffer));
        }
        self.rx_buffer.replace(rx_buffer);
        self.receiving.set(Receiving::Running {
            wanted: rx_len,
            received: 0,
        });
        match self.mux.receive() {
            Ok(()) => Ok(()),
            Err(error) => {
                self.receiving.set(Receiving::Nothing);
                match self.rx_buffer.take() {
                    Some(buffer) => Err((error, buffer)),
                    None => Ok(()),
                }
            }
        }
    }

    /// Words are received as buffers of one byte.
    fn receive_word(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn receive_abort(&self) -> Result<(), ErrorCode> {
        let Receiving::Running { wanted, received } = self.receiving.get() else {
            return Ok(());
        };
        self.receiving.set(Receiving::Aborting { wanted, received });
        if self.mux.delivering.get() == Delivering::No {
            // The port's callback, which comes in any case, ends it.
            let _ = self.mux.uart.receive_abort();
        } else {
            self.take_in(&[], Ok(()), Error::Aborted);
        }
        Err(ErrorCode::BUSY)
    }
}

#[cfg(test)]
mod tests;
