//! SPIM, SPI, TWIM and TWI masters: transfers take their time. At the pins of the external
//! flash, SPI reaches it; elsewhere it reads ones. TWI finds nobody at any address.

use super::events::Events;
use super::nor_spi::{Wires, IDLE, SELECT_PIN};
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, CORE_HZ};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const ENABLE_SPI: u32 = 1;
const ENABLE_SPI_SLAVE: u32 = 2;
const ENABLE_TWI: u32 = 5;
const ENABLE_TWIM: u32 = 6;
const ENABLE_SPIM: u32 = 7;
const ENABLE_TWI_SLAVE: u32 = 9;

const STOPPED: u8 = 1;
const BYTE_READY: u8 = 2;
const END_RECEIVE: u8 = 4;
const END: u8 = 6;
const END_TRANSMIT: u8 = 8;
const ERROR: u8 = 9;
const SUSPENDED: u8 = 18;
const STARTED: u8 = 19;
const TRANSMIT_STARTED: u8 = 20;
/// ERRORSRC: nobody acknowledged the address.
const ADDRESS_REFUSED: u32 = 1 << 1;
/// SHORTS of SPIM: END starts the next transfer.
const SHORT_END_START: u32 = 1 << 17;
/// FREQUENCY after reset: 250 kbit/s.
const FREQUENCY_RESET: u32 = 0x0400_0000;
/// FREQUENCY of 16 and 32 Mbit/s; the slower ones count in 2^28 for 1 Mbit/s.
const FREQUENCY_16M: u32 = 0x0A00_0000;
const FREQUENCY_32M: u32 = 0x1400_0000;
/// Offsets of EasyDMA's registers: pointer, then length, amount and list.
const RECEIVE: u32 = 0x534;
const TRANSMIT: u32 = 0x544;
/// The pins: clock, to the other side, from it; and the one by which SPIM3 selects.
const CLOCK: u32 = 0x508;
const OUT: u32 = 0x50C;
const INPUT: u32 = 0x510;
const SELECT: u32 = 0x514;
/// The byte that SPIM sends when it has no more of its own.
const FILLER: u32 = 0x5C0;
/// The instance that drives a select pin itself.
const SELECTING: u8 = 3;
/// The registers from 0x500 to 0x5FF are kept as written.
const KEPT_FROM: u32 = 0x500;
const KEPT: usize = 64;

/// What a transfer does when its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Going {
    SpiBlock,
    /// A byte of the plain SPI, and whether the next one waits behind it.
    SpiByte {
        byte: u8,
        next: Option<u8>,
    },
    TwiAddress,
}

/// One serial block: SPIM0/TWIM0, SPIM1/TWIM1, SPIM2 or SPIM3.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Serial {
    instance: u8,
    /// Its events.
    pub events: Events,
    registers: Vec<u32>,
    shortcuts: u32,
    error_source: u32,
    going: Option<Going>,
    /// When the transfer going on began.
    began: Cycles,
    /// RXD of the plain SPI: what came, oldest first, and what was read last.
    arrived: VecDeque<u8>,
    read_last: u8,
}

/// What RXD holds of bytes that nobody reads.
const MOST_ARRIVED: usize = 2;

impl Serial {
    /// Makes the serial block number `instance`, 0 to 3, in its state after a
    /// reset.
    pub fn new(instance: u8) -> Self {
        let mut serial = Serial {
            instance,
            events: Events::new([3, 4, 35, 47][usize::from(instance)]),
            registers: vec![0; KEPT],
            shortcuts: 0,
            error_source: 0,
            going: None,
            began: 0,
            arrived: VecDeque::new(),
            read_last: IDLE,
        };
        // The pins, FREQUENCY, IFTIMING and PSELDCX.
        for pin in [0x508, 0x50C, 0x510, 0x514, 0x56C] {
            *serial.register_mut(pin) = 0xFFFF_FFFF;
        }
        *serial.register_mut(0x524) = FREQUENCY_RESET;
        *serial.register_mut(0x560) = 2;
        *serial.register_mut(0x564) = 2;
        serial
    }

    fn register(&self, offset: u32) -> u32 {
        self.registers[((offset - KEPT_FROM) / 4) as usize]
    }

    fn register_mut(&mut self, offset: u32) -> &mut u32 {
        &mut self.registers[((offset - KEPT_FROM) / 4) as usize]
    }

    fn enable(&self) -> u32 {
        self.register(0x500) & 0xF
    }

    fn source(&self) -> Source {
        Source::Serial(self.instance)
    }

    fn byte_time(&self) -> Cycles {
        let rate = match self.register(0x524) {
            FREQUENCY_16M => 16_000_000,
            FREQUENCY_32M => 32_000_000,
            frequency => (u64::from(frequency) * 1_000_000) >> 28,
        };
        // TWI has an acknowledge after each byte.
        let bits = match self.enable() {
            ENABLE_TWI | ENABLE_TWIM => 9,
            _ => 8,
        };
        CORE_HZ * bits / rate.max(50_000)
    }

    /// Bytes that a transfer of SPIM moves one way, by the offset of its pointer.
    fn length(&self, direction: u32) -> u32 {
        self.register(direction + 4) & 0xFFFF
    }

    /// The pin that a register selects, if it connects one.
    fn pin(&self, register: u32) -> Option<u8> {
        let value = self.register(register);
        (value >> 31 == 0).then_some((value & 0x3F) as u8)
    }

    /// Returns whether this master selects the external flash itself.
    fn selects(&self) -> bool {
        self.instance == SELECTING
            && self.enable() == ENABLE_SPIM
            && self.pin(SELECT) == Some(SELECT_PIN)
    }

    /// Clocks bytes out; what comes back.
    fn exchange(&self, bytes: impl Iterator<Item = u8>, wires: &mut Wires, now: Cycles) -> Vec<u8> {
        let pins = [CLOCK, OUT, INPUT].map(|register| self.pin(register));
        let selects = self.selects();
        bytes
            .map(|byte| wires.exchange(pins, selects, byte, now))
            .collect()
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, wires: &mut Wires, context: &mut Context) -> bool {
        let enable = self.enable();
        match (enable, offset) {
            (ENABLE_SPIM, 0x10) => self.start_block(context),
            (ENABLE_SPI_SLAVE | ENABLE_TWI_SLAVE, _) => return false,
            (ENABLE_TWIM | ENABLE_TWI, 0x00 | 0x08) => {
                let number = if offset == 0 {
                    STARTED
                } else {
                    TRANSMIT_STARTED
                };
                if enable == ENABLE_TWIM {
                    self.events.signal(number, context);
                    self.begin(Going::TwiAddress, 1, context);
                } else if offset == 0 {
                    self.begin(Going::TwiAddress, 1, context);
                }
            }
            (_, 0x14) => {
                context.wakes.cancel(self.source());
                if self.going.take() == Some(Going::SpiBlock) {
                    let bytes = (context.now - self.began) / self.byte_time();
                    self.end_block(u32::try_from(bytes).unwrap_or(u32::MAX), wires, context);
                }
                self.events.signal(STOPPED, context);
            }
            (ENABLE_TWIM | ENABLE_TWI, 0x1C) => self.events.signal(SUSPENDED, context),
            (_, 0x00 | 0x08 | 0x10 | 0x1C | 0x20) => {}
            _ => return false,
        }
        true
    }

    fn start_block(&mut self, context: &mut Context) {
        let bytes = self.length(RECEIVE).max(self.length(TRANSMIT));
        self.events.signal(STARTED, context);
        self.begin(Going::SpiBlock, u64::from(bytes).max(1), context);
    }

    /// The transfer of SPIM ends after at most `bytes`: memory, amounts, lists
    /// and events.
    fn end_block(&mut self, bytes: u32, wires: &mut Wires, context: &mut Context) {
        let mut sent = vec![0; self.length(TRANSMIT).min(bytes) as usize];
        context.dma_read(self.register(TRANSMIT), &mut sent);
        let filler = self.register(FILLER) as u8;
        let count = self.length(RECEIVE).max(self.length(TRANSMIT)).min(bytes) as usize;
        let out = sent
            .iter()
            .copied()
            .chain(std::iter::repeat(filler))
            .take(count);
        let mut came = self.exchange(out, wires, context.now);
        came.truncate(self.length(RECEIVE) as usize);
        context.dma_write(self.register(RECEIVE), &came);
        if self.selects() {
            wires.transaction.deselect(wires.nor, context.now);
        }
        for (direction, amount) in [(RECEIVE, came.len()), (TRANSMIT, sent.len())] {
            *self.register_mut(direction + 8) = amount as u32;
            if self.register(direction + 12) & 1 != 0 {
                let length = self.length(direction);
                let pointer = self.register_mut(direction);
                *pointer = pointer.wrapping_add(length);
            }
        }
        self.events.signal(END_RECEIVE, context);
        self.events.signal(END_TRANSMIT, context);
        self.events.signal(END, context);
    }

    fn begin(&mut self, going: Going, bytes: u64, context: &mut Context) {
        self.going = Some(going);
        self.began = context.now;
        let at = context.now + bytes * self.byte_time();
        context.wakes.set(self.source(), at);
    }

    /// The transfer's time is over.
    pub fn wake(&mut self, wires: &mut Wires, context: &mut Context) {
        match self.going.take() {
            Some(Going::SpiBlock) => {
                self.end_block(u32::MAX, wires, context);
                if self.shortcuts & SHORT_END_START != 0 {
                    self.start_block(context);
                }
            }
            Some(Going::SpiByte { byte, next }) => {
                let came = self.exchange(std::iter::once(byte), wires, context.now);
                if self.arrived.len() < MOST_ARRIVED {
                    self.arrived.extend(came);
                }
                if let Some(byte) = next {
                    self.begin(Going::SpiByte { byte, next: None }, 1, context);
                }
                self.events.signal(BYTE_READY, context);
            }
            Some(Going::TwiAddress) => {
                self.error_source |= ADDRESS_REFUSED;
                self.events.signal(ERROR, context);
            }
            None => {}
        }
    }

    /// A read of a register, or none.
    pub fn read(&mut self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x200 => self.shortcuts,
            0x400 => 0,
            0x4C4 => self.error_source,
            // RXD; what was read last stays when nothing new has come.
            0x518 if self.enable() == ENABLE_SPI => {
                self.read_last = self.arrived.pop_front().unwrap_or(self.read_last);
                u32::from(self.read_last)
            }
            0x500..0x600 => self.register(offset & !3),
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x200 => self.shortcuts = value,
            0x400 => {}
            0x4C4 => self.error_source &= !value,
            0x51C => match (self.enable(), self.going) {
                // TXD is double buffered.
                (ENABLE_SPI, Some(Going::SpiByte { byte, .. })) => {
                    let next = Some(value as u8);
                    self.going = Some(Going::SpiByte { byte, next });
                }
                (ENABLE_SPI, _) => {
                    let byte = value as u8;
                    self.begin(Going::SpiByte { byte, next: None }, 1, context);
                }
                (ENABLE_TWI, _) => self.begin(Going::TwiAddress, 1, context),
                _ => {}
            },
            0x500..0x600 => {
                *self.register_mut(offset & !3) = value;
                // Slaves have no model.
                return offset != 0x500
                    || !matches!(self.enable(), ENABLE_SPI_SLAVE | ENABLE_TWI_SLAVE);
            }
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(self.source());
        *self = Serial::new(self.instance);
    }
}
