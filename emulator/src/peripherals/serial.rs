//! SPIM, SPI, TWIM and TWI masters with nothing on the bus: transfers take
//! their time, SPI reads ones, TWI finds nobody at any address.

use super::events::Events;
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, CORE_HZ};
use serde::{Deserialize, Serialize};

const ENABLE_SPI: u32 = 1;
const ENABLE_TWI: u32 = 5;
const ENABLE_TWIM: u32 = 6;
const ENABLE_SPIM: u32 = 7;

const STOPPED: u8 = 1;
const BYTE_READY: u8 = 2;
const END_RECEIVE: u8 = 4;
const END: u8 = 6;
const END_TRANSMIT: u8 = 8;
const ERROR: u8 = 9;
const STARTED: u8 = 19;
const TRANSMIT_STARTED: u8 = 20;
/// ERRORSRC: nobody acknowledged the address.
const ADDRESS_REFUSED: u32 = 1 << 1;
/// FREQUENCY of 125 kbit/s; the others are multiples.
const FREQUENCY_125K: u32 = 0x0200_0000;
/// The registers from 0x500 to 0x5FF are kept as written.
const KEPT_FROM: u32 = 0x500;
const KEPT: usize = 64;

/// What a transfer does when its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Going {
    SpiBlock,
    SpiByte,
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
}

impl Serial {
    /// Block `instance`, 0 to 3.
    pub fn new(instance: u8) -> Self {
        Serial {
            instance,
            events: Events::new([3, 4, 35, 47][usize::from(instance)]),
            registers: vec![0; KEPT],
            shortcuts: 0,
            error_source: 0,
            going: None,
        }
    }

    fn register(&self, offset: u32) -> u32 {
        self.registers[((offset - KEPT_FROM) / 4) as usize]
    }

    fn source(&self) -> Source {
        Source::Serial(self.instance)
    }

    fn byte_time(&self) -> Cycles {
        let frequency = u64::from(self.register(0x524).max(FREQUENCY_125K));
        // FREQUENCY counts in 2^28 for 1 Mbit/s.
        let rate = (frequency * 1_000_000) >> 28;
        CORE_HZ * 8 / rate.max(100_000)
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        let enable = self.register(0x500) & 0xF;
        match (enable, offset) {
            (ENABLE_SPIM, 0x10) => {
                let bytes = (self.register(0x538) & 0xFFFF).max(self.register(0x548) & 0xFFFF);
                self.events.signal(STARTED, context);
                self.begin(Going::SpiBlock, u64::from(bytes).max(1), context);
            }
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
                self.going = None;
                context.wakes.cancel(self.source());
                self.events.signal(STOPPED, context);
            }
            (_, 0x00 | 0x08 | 0x10 | 0x1C | 0x20) => {}
            _ => return false,
        }
        true
    }

    fn begin(&mut self, going: Going, bytes: u64, context: &mut Context) {
        self.going = Some(going);
        let at = context.now + bytes * self.byte_time();
        context.wakes.set(self.source(), at);
    }

    /// The transfer's time is over.
    pub fn wake(&mut self, context: &mut Context) {
        match self.going.take() {
            Some(Going::SpiBlock) => {
                let (receive, transmit) = (self.register(0x538), self.register(0x548));
                let ones = vec![0xFF; (receive & 0xFFFF) as usize];
                context.dma_write(self.register(0x534), &ones);
                let mut sent = vec![0; (transmit & 0xFFFF) as usize];
                context.dma_read(self.register(0x544), &mut sent);
                self.registers[(0x3C / 4) as usize] = receive & 0xFFFF;
                self.registers[(0x4C / 4) as usize] = transmit & 0xFFFF;
                self.events.signal(END_RECEIVE, context);
                self.events.signal(END_TRANSMIT, context);
                self.events.signal(END, context);
            }
            Some(Going::SpiByte) => self.events.signal(BYTE_READY, context),
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
            0x518 => 0xFF,
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
            0x51C => match self.register(0x500) & 0xF {
                ENABLE_SPI => self.begin(Going::SpiByte, 1, context),
                ENABLE_TWI => self.begin(Going::TwiAddress, 1, context),
                _ => {}
            },
            0x500..0x600 => self.registers[((offset - KEPT_FROM) / 4) as usize] = value,
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Back to the state after reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(self.source());
        *self = Serial::new(self.instance);
    }
}
