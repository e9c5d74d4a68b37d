//! Asynchronous serial ports.

use crate::errorcode::ErrorCode;

/// Stop bits after each word.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum StopBits {
    /// One.
    One = 1,
    /// Two.
    Two = 2,
}

/// The parity bit of each word.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Parity {
    /// No parity bit.
    None = 0,
    /// Odd.
    Odd = 1,
    /// Even.
    Even = 2,
}

/// Data bits of each word.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Width {
    /// Six bits.
    Six = 6,
    /// Seven bits.
    Seven = 7,
    /// Eight bits.
    Eight = 8,
}

/// How a port is set up.
#[derive(Copy, Clone, Debug)]
pub struct Parameters {
    /// Bits a second.
    pub baud_rate: u32,
    /// Data bits.
    pub width: Width,
    /// Parity bit.
    pub parity: Parity,
    /// Stop bits.
    pub stop_bits: StopBits,
    /// RTS and CTS in use?
    pub hw_flow_control: bool,
}

/// What went wrong on the line.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Error {
    /// Nothing.
    None,
    /// A parity bit was wrong.
    ParityError,
    /// A stop bit was missing.
    FramingError,
    /// A word came before the last one was read.
    OverrunError,
    /// An operation was started while one was under way.
    RepeatCallError,
    /// The hardware was reset.
    ResetError,
    /// The line was held low.
    BreakError,
    /// The operation was aborted.
    Aborted,
}

/// A whole port.
pub trait Uart<'a>: Configure + Transmit<'a> + Receive<'a> {}
/// A port that someone else has set up.
pub trait UartData<'a>: Transmit<'a> + Receive<'a> {}
/// A port that sees pauses on the line.
pub trait UartAdvanced<'a>: Configure + Transmit<'a> + ReceiveAdvanced<'a> {}
/// A user of both directions.
pub trait Client: ReceiveClient + TransmitClient {}

impl<'a, T: Configure + Transmit<'a> + Receive<'a>> Uart<'a> for T {}
impl<'a, T: Transmit<'a> + Receive<'a>> UartData<'a> for T {}
impl<'a, T: Configure + Transmit<'a> + ReceiveAdvanced<'a>> UartAdvanced<'a> for T {}
impl<T: ReceiveClient + TransmitClient> Client for T {}

/// Setting a port up.
pub trait Configure {
    /// Sets the port up. It returns OFF when the hardware is not there, INVAL when
    /// the parameters make no sense, NOSUPPORT when this port cannot do what they
    /// ask.
    fn configure(&self, params: Parameters) -> Result<(), ErrorCode>;
}

/// Sending.
pub trait Transmit<'a> {
    /// Sets who is told when sending is done.
    fn set_transmit_client(&self, client: &'a dyn TransmitClient);

    /// Sends the first `tx_len` bytes of `tx_buffer`. OFF: the hardware is not
    /// there. BUSY: something is being sent. SIZE: the buffer is too short. FAIL:
    /// another error. On an error there is no callback.
    fn transmit_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;

    /// Sends one word. Errors are OFF, BUSY and FAIL, with the meaning that they
    /// have for a buffer.
    fn transmit_word(&self, word: u32) -> Result<(), ErrorCode>;

    /// Ends what is being sent. `Ok`: nothing was, no callback comes. BUSY: a
    /// callback with CANCEL comes. FAIL: it cannot be ended, a callback comes.
    fn transmit_abort(&self) -> Result<(), ErrorCode>;
}

/// Receiving.
pub trait Receive<'a> {
    /// Sets who is told when receiving is done.
    fn set_receive_client(&self, client: &'a dyn ReceiveClient);

    /// Receives `rx_len` bytes into `rx_buffer`. Errors are OFF, BUSY, SIZE and
    /// FAIL, with the meaning that they have for sending; there is no callback
    /// after one.
    fn receive_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;

    /// Receives one word. Errors are OFF, BUSY and FAIL, with the meaning that they
    /// have for a buffer.
    fn receive_word(&self) -> Result<(), ErrorCode>;

    /// Ends receiving. `Ok`: nothing was under way, no callback comes. BUSY: a
    /// callback with CANCEL and what has come so far follows. FAIL: it cannot be
    /// ended, a callback comes.
    fn receive_abort(&self) -> Result<(), ErrorCode>;
}

/// Is told when sending is done.
pub trait TransmitClient {
    /// A word was sent, or not: CANCEL, FAIL.
    fn transmitted_word(&self, _rval: Result<(), ErrorCode>) {}

    /// `tx_len` bytes were sent. CANCEL: the rest was aborted. SIZE: the rest
    /// could not be sent. FAIL: it failed.
    fn transmitted_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
        rval: Result<(), ErrorCode>,
    );
}

/// Is told when receiving is done.
pub trait ReceiveClient {
    /// A word was received, or not: CANCEL, FAIL.
    fn received_word(&self, _word: u32, _rval: Result<(), ErrorCode>, _error: Error) {}

    /// `rx_len` bytes were received. CANCEL: aborted. SIZE: no more came. FAIL:
    /// `error` says what was wrong on the line.
    fn received_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
        rval: Result<(), ErrorCode>,
        error: Error,
    );
}

/// Receiving that ends with a pause on the line.
pub trait ReceiveAdvanced<'a>: Receive<'a> {
    /// Receives until the buffer is full or, after the first byte, nothing has come
    /// for `interbyte_timeout` bit times. Errors are those of
    /// [`Receive::receive_buffer`].
    fn receive_automatic(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
        interbyte_timeout: u8,
    ) -> Result<(), (ErrorCode, &'static mut [u8])>;
}
