//! ECB: one AES-128 block by EasyDMA.

use super::events::Events;
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{Cycles, CORE_HZ};
use aes::cipher::{BlockEncrypt, KeyInit};
use aes::Aes128;
use serde::{Deserialize, Serialize};

const END: u8 = 0;
const ERROR: u8 = 1;
/// 6 us a block.
const BLOCK_TIME: Cycles = 6 * CORE_HZ / 1_000_000;

/// The ECB peripheral. Its data structure in RAM: key, clear text, cipher
/// text, 16 bytes each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ecb {
    /// Its events.
    pub events: Events,
    pointer: u32,
}

impl Ecb {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Ecb {
            events: Events::new(14),
            pointer: 0,
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        match offset {
            0 => context.wakes.set(Source::Ecb, context.now + BLOCK_TIME),
            4 => {
                if context.wakes.at(Source::Ecb) != crate::time::NEVER {
                    context.wakes.cancel(Source::Ecb);
                    self.events.signal(ERROR, context);
                }
            }
            _ => return false,
        }
        true
    }

    /// The block is encrypted.
    pub fn wake(&mut self, context: &mut Context) {
        let mut data = [0; 32];
        context.dma_read(self.pointer, &mut data);
        let (key, clear) = data.split_at(16);
        let key: [u8; 16] = key.try_into().expect("half of 32 bytes");
        let mut block: [u8; 16] = clear.try_into().expect("half of 32 bytes");
        Aes128::new(&key.into()).encrypt_block((&mut block).into());
        context.dma_write(self.pointer.wrapping_add(32), &block);
        self.events.signal(END, context);
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        match offset {
            0x504 => Some(self.pointer),
            _ => self.events.read(offset),
        }
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x504 => self.pointer = value,
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(Source::Ecb);
        *self = Ecb::new();
    }
}

impl Default for Ecb {
    fn default() -> Self {
        Self::new()
    }
}
