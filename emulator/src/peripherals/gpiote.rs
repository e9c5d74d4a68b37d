//! GPIOTE: eight channels between pins and PPI, and the PORT event.

use super::events::Events;
use super::gpio::Gpio;
use crate::bus::context::Context;
use serde::{Deserialize, Serialize};

const CHANNELS: usize = 8;
const EVENT_PORT: u8 = 31;
const MODE_EVENT: u32 = 1;
const MODE_TASK: u32 = 3;
const RISING: u32 = 1;
const FALLING: u32 = 2;
const TOGGLE: u32 = 3;

/// The GPIOTE peripheral.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gpiote {
    /// Its events.
    pub events: Events,
    configuration: [u32; CHANNELS],
    /// The level each channel last saw or drives.
    level: [bool; CHANNELS],
}

fn pin_of(configuration: u32) -> u8 {
    (configuration >> 8 & 0x3F) as u8
}

impl Gpiote {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Gpiote {
            events: Events::new(6),
            configuration: [0; CHANNELS],
            level: [false; CHANNELS],
        }
    }

    /// Levels at pins may have changed.
    pub fn pins_changed(&mut self, gpio: &mut Gpio, context: &mut Context) {
        for channel in 0..CHANNELS {
            let configuration = self.configuration[channel];
            if configuration & 3 != MODE_EVENT {
                continue;
            }
            let level = gpio.level(pin_of(configuration), context);
            if level == self.level[channel] {
                continue;
            }
            self.level[channel] = level;
            let polarity = configuration >> 16 & 3;
            if polarity == TOGGLE || polarity == if level { RISING } else { FALLING } {
                self.events.signal(channel as u8, context);
            }
        }
        if gpio.update_detect(context) {
            self.events.signal(EVENT_PORT, context);
        }
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, gpio: &mut Gpio, context: &mut Context) -> bool {
        let channel = (offset / 4 % 12) as usize;
        if channel >= CHANNELS {
            return false;
        }
        let configuration = self.configuration[channel];
        let level = match offset {
            0x00..0x20 => match configuration >> 16 & 3 {
                RISING => true,
                FALLING => false,
                TOGGLE => !self.level[channel],
                _ => self.level[channel],
            },
            0x30..0x50 => true,
            0x60..0x80 => false,
            _ => return false,
        };
        if configuration & 3 == MODE_TASK {
            self.level[channel] = level;
            gpio.take(pin_of(configuration), level, context);
        }
        true
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        match offset {
            0x510..0x530 if offset.is_multiple_of(4) => {
                Some(self.configuration[((offset - 0x510) / 4) as usize])
            }
            _ => self.events.read(offset),
        }
    }

    /// A write of a register; false if there is none.
    pub fn write(
        &mut self,
        offset: u32,
        value: u32,
        gpio: &mut Gpio,
        context: &mut Context,
    ) -> bool {
        match offset {
            0x510..0x530 if offset.is_multiple_of(4) => {
                let channel = ((offset - 0x510) / 4) as usize;
                let before = self.configuration[channel];
                let pin = pin_of(value);
                if usize::from(pin) >= crate::bus::outside::PIN_COUNT {
                    return true;
                }
                self.configuration[channel] = value & 0x13_3F03;
                if before & 3 == MODE_TASK && (value & 3 != MODE_TASK || pin_of(before) != pin) {
                    gpio.release(pin_of(before), context);
                }
                match value & 3 {
                    MODE_TASK => {
                        self.level[channel] = value >> 20 & 1 != 0;
                        gpio.take(pin, self.level[channel], context);
                    }
                    MODE_EVENT => self.level[channel] = gpio.level(pin, context),
                    _ => {}
                }
                true
            }
            _ => self.events.write(offset, value, context),
        }
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        *self = Gpiote::new();
    }
}

impl Default for Gpiote {
    fn default() -> Self {
        Self::new()
    }
}
