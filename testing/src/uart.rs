//! A serial port whose line the test plays.

use std::cell::{Cell, RefCell};

use kernel::hil::uart::{
    Configure, Error, Parameters, Receive, ReceiveClient, Transmit, TransmitClient,
};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

/// A buffer that the port has, and how many bytes of it are asked for.
type Request = RefCell<Option<(&'static mut [u8], usize)>>;

/// A serial port. What is sent stays in it until the test ends the transmission, and
/// what is to be received comes from the test.
#[derive(Default)]
pub struct FakeUart {
    parameters: Cell<Option<Parameters>>,
    transmission: Request,
    reception: Request,
    /// What has come of the reception.
    received: RefCell<Vec<u8>>,
    aborted: Cell<bool>,
    /// Transmissions and receptions are refused with OFF.
    pub refuses: Cell<bool>,
    transmit_client: OptionalCell<&'static dyn TransmitClient>,
    receive_client: OptionalCell<&'static dyn ReceiveClient>,
}

impl FakeUart {
    /// What the port was configured to, if it was.
    pub fn parameters(&self) -> Option<Parameters> {
        self.parameters.get()
    }

    /// The bytes that are being sent, if there are any.
    pub fn transmission(&self) -> Option<Vec<u8>> {
        let transmission = self.transmission.borrow();
        let (buffer, length) = transmission.as_ref()?;
        Some(buffer[..*length].to_vec())
    }

    /// Ends the transmission with success and returns its bytes; `None` if nothing is
    /// being sent. The client may have begun the next one since.
    pub fn end_transmission(&self) -> Option<Vec<u8>> {
        let (buffer, length) = self.transmission.take()?;
        let sent = buffer[..length].to_vec();
        self.transmit_client
            .map(|client| client.transmitted_buffer(buffer, length, Ok(())));
        Some(sent)
    }

    /// Whether a reception runs.
    pub fn is_receiving(&self) -> bool {
        self.reception.borrow().is_some()
    }

    /// These bytes come in. A reception ends when it has what it asked for, and what
    /// follows goes to the next one.
    ///
    /// # Panics
    /// If no reception runs while bytes are left.
    pub fn arrive(&self, bytes: &[u8]) {
        for byte in bytes {
            let wanted = match self.reception.borrow().as_ref() {
                Some((_, wanted)) => *wanted,
                None => panic!("a reception runs"),
            };
            self.received.borrow_mut().push(*byte);
            if self.received.borrow().len() == wanted {
                self.end_reception(Ok(()), Error::None);
            }
        }
    }

    /// Ends the reception with what has come so far.
    ///
    /// # Panics
    /// If none runs.
    pub fn end_reception(&self, result: Result<(), ErrorCode>, error: Error) {
        let (buffer, _) = self.reception.take().expect("a reception runs");
        let received = self.received.take();
        buffer[..received.len()].copy_from_slice(&received);
        self.receive_client
            .map(|client| client.received_buffer(buffer, received.len(), result, error));
    }

    /// Whether a reception was aborted since this was asked last. It runs until the test
    /// ends it.
    pub fn take_aborted(&self) -> bool {
        self.aborted.take()
    }

    fn start(
        &self,
        request: &Request,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if self.refuses.get() {
            return Err((ErrorCode::OFF, buffer));
        }
        assert!(length <= buffer.len());
        let before = request.replace(Some((buffer, length)));
        assert!(before.is_none(), "one at a time");
        Ok(())
    }
}

impl Configure for FakeUart {
    fn configure(&self, params: Parameters) -> Result<(), ErrorCode> {
        self.parameters.set(Some(params));
        Ok(())
    }
}

impl Transmit<'static> for FakeUart {
    fn set_transmit_client(&self, client: &'static dyn TransmitClient) {
        self.transmit_client.set(client);
    }

    fn transmit_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.start(&self.transmission, tx_buffer, tx_len)
    }

    fn transmit_word(&self, _word: u32) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn transmit_abort(&self) -> Result<(), ErrorCode> {
        Ok(())
    }
}

impl Receive<'static> for FakeUart {
    fn set_receive_client(&self, client: &'static dyn ReceiveClient) {
        self.receive_client.set(client);
    }

    fn receive_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.start(&self.reception, rx_buffer, rx_len)
    }

    fn receive_word(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn receive_abort(&self) -> Result<(), ErrorCode> {
        self.aborted.set(true);
        Err(ErrorCode::BUSY)
    }
}
