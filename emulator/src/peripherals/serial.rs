//! SPIM, SPI, TWIM and TWI masters with nothing on the bus: transfers take
//! their time, SPI reads ones, TWI finds nobody at any address.

use super::events::Events;
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, CORE_HZ};
use serde::{Deserialize, Serialize};

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
/// The registers from 0x500 to 0x5FF are kept as written.
const KEPT_FROM: u32 = 0x500;
const KEPT: usize = 64;

/// What a transfer does when its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Going {
    SpiBlock,
    /// A byte of the plain SPI, and whether the next one waits behind it.
    SpiByte {
        next: bool,
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
}

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

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
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
                    self.end_block(u32::try_from(bytes).unwrap_or(u32::MAX), context);
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
    fn end_block(&mut self, bytes: u32, context: &mut Context) {
        let ones = vec![0xFF; self.length(RECEIVE).min(bytes) as usize];
        context.dma_write(self.register(RECEIVE), &ones);
        let mut sent = vec![0; self.length(TRANSMIT).min(bytes) as usize];
        context.dma_read(self.register(TRANSMIT), &mut sent);
        for (direction, amount) in [(RECEIVE, ones.len()), (TRANSMIT, sent.len())] {
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
    pub fn wake(&mut self, context: &mut Context) {
        match self.going.take() {
            Some(Going::SpiBlock) => {
                self.end_block(u32::MAX, context);
                if self.shortcuts & SHORT_END_START != 0 {
                    self.start_block(context);
                }
            }
            Some(Going::SpiByte { next }) => {
                if next {
                    self.begin(Going::SpiByte { next: false }, 1, context);
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
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x200 => self.shortcuts,
            0x400 => 0,
            0x4C4 => self.error_source,
            // RXD of SPI with nobody at the pin.
            0x518 if self.enable() == ENABLE_SPI => 0xFF,
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
                (ENABLE_SPI, Some(Going::SpiByte { .. })) => {
                    self.going = Some(Going::SpiByte { next: true });
                }
                (ENABLE_SPI, _) => self.begin(Going::SpiByte { next: false }, 1, context),
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
