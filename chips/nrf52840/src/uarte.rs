//! UARTE: serial ports with EasyDMA, receive time-outs by hardware, and aborts.
//!
//! The receiver stays on between two receptions, so that its FIFO of a few bytes
//! bridges the gap. A pause on the line is seen without the CPU: each byte
//! restarts a timer through PPI, and the timer stops the receiver through PPI.

mod baud;
mod receive;

use crate::dma::{register_address, DmaBuffer};
use crate::gpio::{Pin, DISCONNECTED};
use crate::ppi::Ppi;
use crate::registers::uarte::{Config, Enable, ErrorSource, Interrupt, UarteRegisters};
use crate::registers::Task;
use crate::timer::Timer;
use core::cell::Cell;
use kernel::hil::uart;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;
use receive::{Ended, Reception, LONGEST};

/// Timer and PPI channels that see pauses on the line.
pub struct PauseDetector {
    /// A timer of its own.
    pub timer: Timer,
    /// The interconnect.
    pub ppi: Ppi,
    /// Channel: a byte restarts the timer.
    pub byte_channel: usize,
    /// Channel: the timer stops the receiver.
    pub timeout_channel: usize,
}

impl PauseDetector {
    fn channels(&self) -> u32 {
        1 << self.byte_channel | 1 << self.timeout_channel
    }
}

/// A transmission under way.
struct Transmission {
    buffer: DmaBuffer<u8>,
    length: usize,
    sent: usize,
    aborted: bool,
}

/// One serial port.
pub struct Uarte<'a> {
    registers: StaticRef<UarteRegisters>,
    pauses: PauseDetector,
    flow_control: Cell<bool>,
    baud_rate: Cell<u32>,
    transmission: Cell<Option<Transmission>>,
    reception: Cell<Option<(DmaBuffer<u8>, Reception)>>,
    transmit_client: OptionalCell<&'a dyn uart::TransmitClient>,
    receive_client: OptionalCell<&'a dyn uart::ReceiveClient>,
}

impl Uarte<'_> {
    /// Makes the driver; the port is off until [`Uarte::initialize`].
    pub const fn new(registers: StaticRef<UarteRegisters>, pauses: PauseDetector) -> Self {
        Uarte {
            registers,
            pauses,
            flow_control: Cell::new(false),
            baud_rate: Cell::new(0),
            transmission: Cell::new(None),
            reception: Cell::new(None),
            transmit_client: OptionalCell::empty(),
            receive_client: OptionalCell::empty(),
        }
    }

    /// Connects the pins and turns the port on. The board makes `txd` and `rts`
    /// outputs (high), `rxd` and `cts` inputs. Flow control can be asked for when
    /// both `cts` and `rts` are given.
    pub fn initialize(&self, txd: Pin, rxd: Pin, cts: Option<Pin>, rts: Option<Pin>) {
        // PSEL may only be written while the port is off.
        self.registers.enable.write(Enable::ENABLE::Off);
        self.registers.psel_txd.set(txd.select());
        self.registers.psel_rxd.set(rxd.select());
        let optional = |pin: Option<Pin>| pin.map_or(DISCONNECTED, Pin::select);
        self.registers.psel_cts.set(optional(cts));
        self.registers.psel_rts.set(optional(rts));
        self.flow_control.set(cts.is_some() && rts.is_some());
        self.registers.intenclr.set(0xFFFF_FFFF);
        self.registers.shorts.set(0);
        self.registers.enable.write(Enable::ENABLE::On);
    }

    /// Handles whatever happened in both directions.
    pub fn handle_interrupt(&self) {
        if self.registers.events_endtx.get() != 0 {
            self.registers.events_endtx.set(0);
            self.chunk_sent();
        }
        if self.registers.events_txstopped.get() != 0 {
            self.registers.events_txstopped.set(0);
            self.transmitter_stopped();
        }
        if self.registers.events_error.get() != 0 {
            self.registers.events_error.set(0);
            self.line_error();
        }
        if self.registers.events_endrx.get() != 0 {
            self.registers.events_endrx.set(0);
            self.buffer_ended();
        }
        if self.registers.events_rxto.get() != 0 {
            self.registers.events_rxto.set(0);
            self.receiver_stopped();
        }
    }

    fn send_chunk(&self, transmission: Transmission) {
        let rest = transmission.length - transmission.sent;
        let pointer = transmission.buffer.address(transmission.sent);
        self.registers.txd_ptr.set(pointer);
        self.registers.txd_maxcnt.set(rest.min(LONGEST) as u32);
        self.transmission.set(Some(transmission));
        self.registers.events_endtx.set(0);
        self.registers.intenset.write(Interrupt::ENDTX.val(1));
        self.registers.tasks_starttx.write(Task::TRIGGER.val(1));
    }

    /// ENDTX: the chunk is out, or an abort cut it short.
    fn chunk_sent(&self) {
        let Some(mut transmission) = self.transmission.take() else {
            return;
        };
        transmission.sent += self.registers.txd_amount.get() as usize;
        if transmission.aborted {
            // A new STARTTX must not meet the stop: wait for TXSTOPPED.
            self.transmission.set(Some(transmission));
        } else if transmission.sent < transmission.length {
            self.send_chunk(transmission);
        } else {
            self.sending_ended(transmission);
        }
    }

    /// TXSTOPPED: an abort has come to its end.
    fn transmitter_stopped(&self) {
        if let Some(transmission) = self.transmission.take() {
            if transmission.aborted {
                self.sending_ended(transmission);
            } else {
                self.transmission.set(Some(transmission));
            }
        }
    }

    fn sending_ended(&self, transmission: Transmission) {
        self.registers
            .intenclr
            .write(Interrupt::ENDTX.val(1) + Interrupt::TXSTOPPED.val(1));
        let sent = transmission.sent.min(transmission.length);
        let result = if sent == transmission.length {
            Ok(())
        } else {
            Err(ErrorCode::CANCEL)
        };
        // SAFETY: ENDTX says that EasyDMA is done with the buffer.
        let buffer = unsafe { transmission.buffer.reclaim() };
        self.transmit_client
            .map(|client| client.transmitted_buffer(buffer, sent, result));
    }

    fn start_reception(
        &self,
        buffer: &'static mut [u8],
        length: usize,
        pause: Option<u8>,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if length == 0 || length > buffer.len() {
            return Err((ErrorCode::SIZE, buffer));
        }
        if self.baud_rate.get() == 0 {
            return Err((ErrorCode::OFF, buffer));
        }
        let present = self.reception.take();
        if present.is_some() {
            self.reception.set(present);
            return Err((ErrorCode::BUSY, buffer));
        }
        let reception = Reception::new(length, pause.is_some());
        if let Some(bits) = pause {
            self.watch_for_pause(bits);
        }
        self.registers.errorsrc.set(0xF);
        self.registers.events_error.set(0);
        self.registers.events_rxto.set(0);
        self.registers
            .intenset
            .write(Interrupt::ENDRX.val(1) + Interrupt::ERROR.val(1) + Interrupt::RXTO.val(1));
        self.fill(DmaBuffer::lend(buffer), reception);
        Ok(())
    }

    fn fill(&self, buffer: DmaBuffer<u8>, reception: Reception) {
        self.registers
            .rxd_ptr
            .set(buffer.address(reception.received()));
        self.registers
            .rxd_maxcnt
            .set(reception.rest().min(LONGEST) as u32);
        self.reception.set(Some((buffer, reception)));
        self.registers.events_endrx.set(0);
        self.registers.tasks_startrx.write(Task::TRIGGER.val(1));
    }

    fn watch_for_pause(&self, bits: u8) {
        let PauseDetector {
            timer,
            ppi,
            byte_channel,
            timeout_channel,
        } = &self.pauses;
        timer.configure_as_timer(0);
        timer.set_compare(0, receive::pause_ticks(bits, self.baud_rate.get()));
        timer.clear_compare(0);
        // Stops at the compare: one stop of the receiver for each pause.
        timer.set_shorts(1 << 8);
        let byte = register_address(&self.registers.events_rxdrdy);
        ppi.connect(*byte_channel, byte, timer.clear_task());
        ppi.fork(*byte_channel, timer.start_task());
        let stop = register_address(&self.registers.tasks_stoprx);
        ppi.connect(*timeout_channel, timer.compare_event(0), stop);
        ppi.enable(self.pauses.channels());
    }

    /// Lets nothing stop the receiver any more, and returns whether the timer has
    /// stopped it already.
    fn end_watch(&self) -> bool {
        self.pauses.ppi.disable(self.pauses.channels());
        self.pauses.timer.stop();
        self.pauses.timer.compare_happened(0)
    }

    fn line_error(&self) {
        let bits = self.registers.errorsrc.extract();
        self.registers.errorsrc.set(bits.get());
        if let Some((buffer, mut reception)) = self.reception.take() {
            reception.line_error(if bits.is_set(ErrorSource::OVERRUN) {
                uart::Error::OverrunError
            } else if bits.is_set(ErrorSource::PARITY) {
                uart::Error::ParityError
            } else if bits.is_set(ErrorSource::BREAK) {
                // A break is reported as a framing error too.
                uart::Error::BreakError
            } else {
                uart::Error::FramingError
            });
            self.reception.set(Some((buffer, reception)));
        }
    }

    /// ENDRX: the buffer is full, or the receiver is being stopped.
    fn buffer_ended(&self) {
        let Some((buffer, mut reception)) = self.reception.take() else {
            return;
        };
        let timer_stopped = reception.watches_pauses() && reception.rest() <= LONGEST && {
            let amount = self.registers.rxd_amount.get() as usize;
            amount >= reception.rest() && self.end_watch()
        };
        match reception.ended(self.registers.rxd_amount.get() as usize, timer_stopped) {
            Ended::Continue => self.fill(buffer, reception),
            Ended::AwaitStop => self.reception.set(Some((buffer, reception))),
            Ended::Complete => self.deliver(buffer, reception),
        }
    }

    /// RXTO: the receiver has stopped.
    fn receiver_stopped(&self) {
        if let Some((buffer, reception)) = self.reception.take() {
            if reception.awaits_stop() {
                self.deliver(buffer, reception);
            } else {
                self.reception.set(Some((buffer, reception)));
            }
        }
    }

    fn deliver(&self, buffer: DmaBuffer<u8>, reception: Reception) {
        if reception.watches_pauses() {
            self.end_watch();
        }
        self.registers
            .intenclr
            .write(Interrupt::ENDRX.val(1) + Interrupt::ERROR.val(1) + Interrupt::RXTO.val(1));
        let (result, error) = reception.result();
        // SAFETY: ENDRX has come and no further STARTRX was given.
        let buffer = unsafe { buffer.reclaim() };
        self.receive_client
            .map(|client| client.received_buffer(buffer, reception.received(), result, error));
    }
}

impl uart::Configure for Uarte<'_> {
    fn configure(&self, params: uart::Parameters) -> Result<(), ErrorCode> {
        if params.baud_rate == 0 {
            return Err(ErrorCode::INVAL);
        }
        let rate = baud::register_value(params.baud_rate).ok_or(ErrorCode::NOSUPPORT)?;
        // Eight bits and even parity are all that the part has.
        let parity = match params.parity {
            uart::Parity::None => Config::PARITY::Excluded,
            uart::Parity::Even => Config::PARITY::IncludedEven,
            uart::Parity::Odd => return Err(ErrorCode::NOSUPPORT),
        };
        if params.width != uart::Width::Eight || params.hw_flow_control && !self.flow_control.get()
        {
            return Err(ErrorCode::NOSUPPORT);
        }
        let stop = match params.stop_bits {
            uart::StopBits::One => Config::STOP::One,
            uart::StopBits::Two => Config::STOP::Two,
        };
        let flow = Config::HWFC.val(u32::from(params.hw_flow_control));
        self.registers.config.write(parity + stop + flow);
        self.registers.baudrate.set(rate);
        self.baud_rate.set(params.baud_rate);
        Ok(())
    }
}

impl<'a> uart::Transmit<'a> for Uarte<'a> {
    fn set_transmit_client(&self, client: &'a dyn uart::TransmitClient) {
        self.transmit_client.set(client);
    }

    fn transmit_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if tx_len == 0 || tx_len > tx_buffer.len() {
            return Err((ErrorCode::SIZE, tx_buffer));
        }
        if self.baud_rate.get() == 0 {
            return Err((ErrorCode::OFF, tx_buffer));
        }
        let present = self.transmission.take();
        if present.is_some() {
            self.transmission.set(present);
            return Err((ErrorCode::BUSY, tx_buffer));
        }
        self.send_chunk(Transmission {
            buffer: DmaBuffer::lend(tx_buffer),
            length: tx_len,
            sent: 0,
            aborted: false,
        });
        Ok(())
    }

    /// Words go by buffers of one byte: FAIL.
    fn transmit_word(&self, _word: u32) -> Result<(), ErrorCode> {
        Err(ErrorCode::FAIL)
    }

    fn transmit_abort(&self) -> Result<(), ErrorCode> {
        let Some(transmission) = self.transmission.take() else {
            return Ok(());
        };
        self.transmission.set(Some(Transmission {
            aborted: true,
            ..transmission
        }));
        // ENDTX follows, with what has gone out by then, and TXSTOPPED.
        self.registers.events_txstopped.set(0);
        self.registers.intenset.write(Interrupt::TXSTOPPED.val(1));
        self.registers.tasks_stoptx.write(Task::TRIGGER.val(1));
        Err(ErrorCode::BUSY)
    }
}

impl<'a> uart::Receive<'a> for Uarte<'a> {
    fn set_receive_client(&self, client: &'a dyn uart::ReceiveClient) {
        self.receive_client.set(client);
    }

    fn receive_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.start_reception(rx_buffer, rx_len, None)
    }

    /// Words come by buffers of one byte: FAIL.
    fn receive_word(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::FAIL)
    }

    fn receive_abort(&self) -> Result<(), ErrorCode> {
        let Some((buffer, mut reception)) = self.reception.take() else {
            return Ok(());
        };
        reception.abort();
        self.reception.set(Some((buffer, reception)));
        // ENDRX and then RXTO follow.
        self.registers.tasks_stoprx.write(Task::TRIGGER.val(1));
        Err(ErrorCode::BUSY)
    }
}

impl<'a> uart::ReceiveAdvanced<'a> for Uarte<'a> {
    /// A pause ends the reception with SIZE and the bytes received so far.
    fn receive_automatic(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
        interbyte_timeout: u8,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.start_reception(rx_buffer, rx_len, Some(interbyte_timeout))
    }
}

#[cfg(test)]
mod tests;
