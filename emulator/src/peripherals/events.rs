//! The event, interrupt-enable and shortcut registers that peripherals of
//! this family share: event `n` at 0x100 + 4n is bit `n` of INTEN.

use crate::bus::context::{Context, EventId};
use serde::{Deserialize, Serialize};

/// The events of one peripheral.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Events {
    slot: u8,
    happened: u32,
    enabled: u32,
}

const FIRST_EVENT: u32 = 0x100;
const PAST_EVENTS: u32 = 0x180;
const INTEN: u32 = 0x300;
const INTENSET: u32 = 0x304;
const INTENCLR: u32 = 0x308;

impl Events {
    /// The events of the peripheral (and interrupt) numbered `slot`.
    pub fn new(slot: u8) -> Self {
        Events {
            slot,
            happened: 0,
            enabled: 0,
        }
    }

    /// The peripheral's number.
    pub fn slot(&self) -> u8 {
        self.slot
    }

    /// Event `number` happens: register, PPI, interrupt.
    pub fn signal(&mut self, number: u8, context: &mut Context) {
        self.happened |= 1 << number;
        context.publish(EventId {
            slot: self.slot,
            event: number,
        });
        self.drive(context);
    }

    /// Returns whether the register of event `number` is set.
    pub fn is_set(&self, number: u8) -> bool {
        self.happened >> number & 1 != 0
    }

    /// Returns whether the CPU is interrupted by event `number`.
    pub fn interrupts(&self, number: u8) -> bool {
        self.enabled >> number & 1 != 0
    }

    /// The enabled interrupts, a bit for each event.
    pub fn enabled(&self) -> u32 {
        self.enabled
    }

    /// A read of one of the registers here, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        match offset {
            FIRST_EVENT..PAST_EVENTS => Some(self.happened >> ((offset - FIRST_EVENT) / 4) & 1),
            INTEN | INTENSET | INTENCLR => Some(self.enabled),
            _ => None,
        }
    }

    /// A write of one of the registers here; false if it is another one.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            FIRST_EVENT..PAST_EVENTS => {
                let bit = 1 << ((offset - FIRST_EVENT) / 4);
                // Writing one sets the register but is no event for PPI.
                if value & 1 != 0 {
                    self.happened |= bit;
                } else {
                    self.happened &= !bit;
                }
            }
            INTEN => self.enabled = value,
            INTENSET => self.enabled |= value,
            INTENCLR => self.enabled &= !value,
            _ => return false,
        }
        self.drive(context);
        true
    }

    /// Back to the state after reset; the line falls.
    pub fn reset(&mut self, context: &mut Context) {
        self.happened = 0;
        self.enabled = 0;
        self.drive(context);
    }

    fn drive(&self, context: &mut Context) {
        context.set_line(self.slot, self.happened & self.enabled != 0);
    }
}
