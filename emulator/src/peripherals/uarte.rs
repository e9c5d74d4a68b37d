//! UARTE0 and UARTE1 with EasyDMA, and the older UART0 in the same place.

use super::events::Events;
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, CORE_HZ, MICROSECOND};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const RX_READY: u8 = 2;
const END_RX: u8 = 4;
const TX_READY: u8 = 7;
const END_TX: u8 = 8;
const ERROR: u8 = 9;
const RX_TIMEOUT: u8 = 17;
const RX_STARTED: u8 = 19;
const TX_STARTED: u8 = 20;
const TX_STOPPED: u8 = 22;

const SHORT_END_START: u32 = 1 << 5;
const SHORT_END_STOP: u32 = 1 << 6;
const ERROR_OVERRUN: u32 = 1;
/// Bytes that the receiver keeps while no buffer is given.
const FIFO: usize = 6;
const ENABLE_DMA: u32 = 8;
const ENABLE_PLAIN: u32 = 4;
const PIN_NONE: u32 = 0xFFFF_FFFF;
/// Bits of a frame at 8N1: start, eight data, stop.
const FRAME_BITS: u64 = 10;

/// What a transmission is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Transmission {
    pointer: u32,
    length: u32,
    started: Cycles,
    /// Bytes on the line already.
    sent: u32,
}

/// One UART.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Uarte {
    instance: u8,
    /// Its events.
    pub events: Events,
    enable: u32,
    shortcuts: u32,
    pins: [u32; 4],
    baud_rate: u32,
    configuration: u32,
    error_source: u32,
    receive_pointer: u32,
    receive_maximum: u32,
    receive_amount: u32,
    /// The buffer in use: where, how long, how full.
    receive_buffer: Option<(u32, u32, u32)>,
    /// The receiver listens to the line.
    receiver_on: bool,
    stopping: bool,
    fifo: VecDeque<u8>,
    transmit_pointer: u32,
    transmit_maximum: u32,
    transmit_amount: u32,
    transmission: Option<Transmission>,
    /// UART0: the transmitter is started, a byte is on the line.
    plain_transmits: bool,
    plain_byte: Option<u8>,
    plain_next: Option<u8>,
}

impl Uarte {
    /// Makes UARTE number `instance` in its state after a reset.
    pub fn new(instance: u8) -> Self {
        Uarte {
            instance,
            events: Events::new([2, 40][usize::from(instance)]),
            enable: 0,
            shortcuts: 0,
            pins: [PIN_NONE; 4],
            baud_rate: 0x0400_0000,
            configuration: 0,
            error_source: 0,
            receive_pointer: 0,
            receive_maximum: 0,
            receive_amount: 0,
            receive_buffer: None,
            receiver_on: false,
            stopping: false,
            fifo: VecDeque::new(),
            transmit_pointer: 0,
            transmit_maximum: 0,
            transmit_amount: 0,
            transmission: None,
            plain_transmits: false,
            plain_byte: None,
            plain_next: None,
        }
    }

    fn line<'a>(&self, context: &'a mut Context) -> &'a mut crate::bus::outside::SerialLine {
        &mut context.outside.serial[usize::from(self.instance)]
    }

    fn transmit_source(&self) -> Source {
        Source::UartTransmit(self.instance)
    }

    fn receive_source(&self) -> Source {
        Source::UartReceive(self.instance)
    }

    /// Cycles of one frame. BAUDRATE is the rate times 2^32 / 16 MHz, rounded
    /// by the manufacturer to its upper bits.
    fn frame(&self) -> Cycles {
        let rate = (u64::from(self.baud_rate) * 16_000_000) >> 32;
        let parity = u64::from(self.configuration >> 1 & 7 == 7);
        let stop = u64::from(self.configuration >> 4 & 1);
        CORE_HZ * (FRAME_BITS + parity + stop) / rate.max(300)
    }

    fn connected(&self, pin: usize) -> bool {
        self.pins[pin] >> 31 == 0
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        match offset {
            0x00 => self.start_receive(context),
            0x04 => self.stop_receive(context),
            0x08 => self.start_transmit(context),
            0x0C => self.stop_transmit(context),
            0x1C => self.stop_plain(context),
            0x2C => self.flush(context),
            _ => return false,
        }
        true
    }

    fn start_transmit(&mut self, context: &mut Context) {
        match self.enable {
            ENABLE_DMA => {
                self.transmission = Some(Transmission {
                    pointer: self.transmit_pointer,
                    length: self.transmit_maximum,
                    started: context.now,
                    sent: 0,
                });
                self.events.signal(TX_STARTED, context);
                self.plan_transmit(context);
            }
            ENABLE_PLAIN => self.plain_transmits = true,
            _ => {}
        }
    }

    /// The next instant of a transmission that somebody may see: each byte
    /// if TXDRDY is asked for, else the end.
    fn plan_transmit(&mut self, context: &mut Context) {
        let Some(transmission) = self.transmission else {
            return;
        };
        let by_byte = self.events.interrupts(TX_READY) || context.listens(self.events.slot());
        let next = if by_byte {
            (transmission.sent + 1).min(transmission.length)
        } else {
            transmission.length
        };
        let at = transmission.started + self.frame() * u64::from(next);
        context
            .wakes
            .set(self.transmit_source(), at.max(context.now + 1));
    }

    /// Puts the bytes that are due on the line.
    fn send_due(&mut self, context: &mut Context) {
        let Some(mut transmission) = self.transmission else {
            return;
        };
        let due = (context.now - transmission.started) / self.frame();
        let due = due.min(u64::from(transmission.length)) as u32;
        if due > transmission.sent {
            let mut bytes = vec![0; (due - transmission.sent) as usize];
            let from = transmission.pointer.wrapping_add(transmission.sent);
            context.dma_read(from, &mut bytes);
            self.output(&bytes, context);
            transmission.sent = due;
            self.transmission = Some(transmission);
            self.events.signal(TX_READY, context);
        }
    }

    fn output(&mut self, bytes: &[u8], context: &mut Context) {
        // Without a pin nobody hears it.
        if self.connected(1) {
            let line = self.line(context);
            line.sent += bytes.len() as u64;
            line.from_part.extend_from_slice(bytes);
        }
    }

    /// A transmitted byte, or the last one, has left.
    pub fn wake_transmit(&mut self, context: &mut Context) {
        if let Some(byte) = self.plain_byte.take() {
            self.output(&[byte], context);
            if let Some(next) = self.plain_next.take() {
                self.send_plain(next, context);
            }
            self.events.signal(TX_READY, context);
            return;
        }
        self.send_due(context);
        let Some(transmission) = self.transmission else {
            return;
        };
        if transmission.sent < transmission.length {
            self.plan_transmit(context);
            return;
        }
        self.transmit_amount = transmission.sent;
        self.transmission = None;
        self.events.signal(END_TX, context);
    }

    fn stop_transmit(&mut self, context: &mut Context) {
        if self.enable == ENABLE_PLAIN {
            self.plain_transmits = false;
            return;
        }
        self.send_due(context);
        if let Some(transmission) = self.transmission.take() {
            context.wakes.cancel(self.transmit_source());
            self.transmit_amount = transmission.sent;
            self.events.signal(END_TX, context);
        }
        self.events.signal(TX_STOPPED, context);
    }

    fn send_plain(&mut self, byte: u8, context: &mut Context) {
        self.plain_byte = Some(byte);
        context
            .wakes
            .set(self.transmit_source(), context.now + self.frame());
    }

    fn stop_plain(&mut self, context: &mut Context) {
        self.plain_transmits = false;
        self.receiver_on = false;
        context.wakes.cancel(self.receive_source());
    }

    fn start_receive(&mut self, context: &mut Context) {
        match self.enable {
            ENABLE_DMA => {
                self.receive_buffer = Some((self.receive_pointer, self.receive_maximum, 0));
                self.stopping = false;
                self.receiver_on = true;
                self.events.signal(RX_STARTED, context);
                while self.receive_buffer.is_some() {
                    let Some(byte) = self.fifo.pop_front() else {
                        break;
                    };
                    self.store(byte, context);
                }
                self.listen(context);
            }
            ENABLE_PLAIN => {
                self.receiver_on = true;
                self.listen(context);
            }
            _ => {}
        }
    }

    fn stop_receive(&mut self, context: &mut Context) {
        match self.enable {
            // Up to four more bytes may come; RXTO then ends it.
            ENABLE_DMA if self.receiver_on => {
                self.stopping = true;
                if self.receive_buffer.is_some() {
                    self.end_buffer(context);
                }
                let at = context.now + 5 * self.frame();
                context.wakes.set(self.receive_source(), at);
            }
            ENABLE_DMA => self.events.signal(RX_TIMEOUT, context),
            _ => self.stop_plain(context),
        }
    }

    /// FLUSHRX: what the FIFO holds goes to the buffer.
    fn flush(&mut self, context: &mut Context) {
        if self.enable != ENABLE_DMA {
            return;
        }
        self.receive_buffer = Some((self.receive_pointer, self.receive_maximum, 0));
        while self.receive_buffer.is_some() {
            let Some(byte) = self.fifo.pop_front() else {
                break;
            };
            self.store(byte, context);
        }
        if self.receive_buffer.is_some() {
            self.end_buffer(context);
        }
    }

    /// Waits for the next byte from outside, one frame from now.
    fn listen(&mut self, context: &mut Context) {
        let on = self.receiver_on && !self.stopping;
        if on
            && !self.line(context).to_part.is_empty()
            && context.wakes.at(self.receive_source()) == crate::time::NEVER
        {
            let at = context.now + self.frame();
            context.wakes.set(self.receive_source(), at);
        }
    }

    /// Bytes came from outside.
    pub fn input_came(&mut self, context: &mut Context) {
        if !self.receiver_on && !context.outside.senders_wait {
            let line = self.line(context);
            line.lost += line.to_part.len() as u64;
            line.to_part.clear();
        }
        self.listen(context);
    }

    /// A byte arrived, or the time-out after STOPRX is over.
    pub fn wake_receive(&mut self, context: &mut Context) {
        if self.stopping {
            self.stopping = false;
            self.receiver_on = false;
            self.events.signal(RX_TIMEOUT, context);
            return;
        }
        let line = self.line(context);
        if let Some(byte) = line.to_part.pop_front() {
            line.received += 1;
            if self.connected(3) {
                self.arrive(byte, context);
            }
        }
        self.listen(context);
    }

    fn arrive(&mut self, byte: u8, context: &mut Context) {
        if self.enable == ENABLE_DMA && self.receive_buffer.is_some() {
            self.store(byte, context);
        } else if self.fifo.len() < FIFO {
            self.fifo.push_back(byte);
            // The first one goes on to RXD.
            if self.enable == ENABLE_PLAIN && self.fifo.len() == 1 {
                self.events.signal(RX_READY, context);
            }
        } else {
            self.line(context).lost += 1;
            self.error_source |= ERROR_OVERRUN;
            self.events.signal(ERROR, context);
        }
    }

    fn store(&mut self, byte: u8, context: &mut Context) {
        let Some((pointer, maximum, filled)) = self.receive_buffer else {
            return;
        };
        if filled < maximum {
            context.dma_write(pointer.wrapping_add(filled), &[byte]);
        }
        self.receive_buffer = Some((pointer, maximum, filled + 1));
        self.events.signal(RX_READY, context);
        if filled + 1 >= maximum {
            self.end_buffer(context);
        }
    }

    fn end_buffer(&mut self, context: &mut Context) {
        if let Some((_, maximum, filled)) = self.receive_buffer.take() {
            self.receive_amount = filled.min(maximum);
        }
        self.events.signal(END_RX, context);
        if self.stopping {
            return;
        }
        if self.shortcuts & SHORT_END_START != 0 {
            self.receive_buffer = Some((self.receive_pointer, self.receive_maximum, 0));
            self.events.signal(RX_STARTED, context);
        } else if self.shortcuts & SHORT_END_STOP != 0 {
            self.stop_receive(context);
        }
    }

    /// A read of a register, or none.
    pub fn read(&mut self, offset: u32, context: &mut Context) -> Option<u32> {
        Some(match offset {
            0x200 => self.shortcuts,
            0x480 => self.error_source,
            0x500 => self.enable,
            0x508 | 0x50C | 0x510 | 0x514 => self.pins[((offset - 0x508) / 4) as usize],
            0x518 => {
                let byte = self.fifo.pop_front();
                if self.enable == ENABLE_PLAIN && !self.fifo.is_empty() {
                    self.events.signal(RX_READY, context);
                }
                byte.map_or(0, u32::from)
            }
            0x524 => self.baud_rate,
            0x534 => self.receive_pointer,
            0x538 => self.receive_maximum,
            0x53C => self.receive_amount,
            0x544 => self.transmit_pointer,
            0x548 => self.transmit_maximum,
            0x54C => self.transmit_amount,
            0x56C => self.configuration,
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x200 => self.shortcuts = value & 0x78,
            0x480 => self.error_source &= !value,
            0x500 => self.set_enable(value & 0xF, context),
            0x508 | 0x50C | 0x510 | 0x514 => self.pins[((offset - 0x508) / 4) as usize] = value,
            0x51C => {
                if self.enable == ENABLE_PLAIN && self.plain_transmits {
                    if self.plain_byte.is_none() {
                        self.send_plain(value as u8, context);
                    } else {
                        self.plain_next = Some(value as u8);
                    }
                }
            }
            0x524 => self.baud_rate = value,
            0x534 => self.receive_pointer = value,
            0x538 => self.receive_maximum = value & 0xFFFF,
            0x544 => self.transmit_pointer = value,
            0x548 => self.transmit_maximum = value & 0xFFFF,
            0x56C => self.configuration = value & 0x1F,
            _ => {
                if !self.events.write(offset, value, context) {
                    return false;
                }
                // TXDRDY may be wanted, or no longer.
                if self.transmission.is_some() && offset >= 0x300 {
                    self.plan_transmit(context);
                }
            }
        }
        true
    }

    fn set_enable(&mut self, enable: u32, context: &mut Context) {
        if enable == self.enable {
            return;
        }
        self.enable = enable;
        self.receiver_on = false;
        self.stopping = false;
        self.receive_buffer = None;
        self.transmission = None;
        self.plain_byte = None;
        self.plain_next = None;
        self.fifo.clear();
        context.wakes.cancel(self.transmit_source());
        context.wakes.cancel(self.receive_source());
    }

    /// Returns how long one frame takes now.
    pub fn frame_microseconds(&self) -> u64 {
        self.frame() / MICROSECOND
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(self.transmit_source());
        context.wakes.cancel(self.receive_source());
        *self = Uarte::new(self.instance);
    }
}
