//! GPIO ports P0 and P1: levels, pulls, latches and the DETECT signal.

use crate::bus::context::Context;
use crate::bus::outside::{Edge, PIN_COUNT};
use serde::{Deserialize, Serialize};

const INPUT_DISCONNECTED: u32 = 1 << 1;
const PULL_DOWN: u32 = 1;
const PULL_UP: u32 = 3;
const SENSE_HIGH: u32 = 2;
const SENSE_LOW: u32 = 3;
/// PIN_CNF after reset: input, its buffer disconnected.
const CONFIGURATION_RESET: u32 = INPUT_DISCONNECTED;

/// Both ports; pin 32 is P1.00.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gpio {
    out: u64,
    direction: u64,
    configuration: Vec<u32>,
    latch: u64,
    latched_detect: [bool; 2],
    /// Pins that a GPIOTE channel in task mode drives, and their levels.
    taken: u64,
    taken_level: u64,
    /// The output levels as seen outside, to find edges.
    shown: u64,
    /// The level of each DETECT signal.
    detect: [bool; 2],
}

impl Gpio {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Gpio {
            out: 0,
            direction: 0,
            configuration: vec![CONFIGURATION_RESET; PIN_COUNT],
            latch: 0,
            latched_detect: [false; 2],
            taken: 0,
            taken_level: 0,
            shown: 0,
            detect: [false; 2],
        }
    }

    /// The level of an output, if the pin is one.
    fn driven(&self, pin: u8) -> Option<bool> {
        if self.taken >> pin & 1 != 0 {
            Some(self.taken_level >> pin & 1 != 0)
        } else if self.direction >> pin & 1 != 0 {
            Some(self.out >> pin & 1 != 0)
        } else {
            None
        }
    }

    /// Returns whether the part drives a pin low.
    pub fn drives_low(&self, pin: u8) -> bool {
        self.driven(pin) == Some(false)
    }

    /// The level at a pin.
    pub fn level(&self, pin: u8, context: &Context) -> bool {
        if let Some(level) = self.driven(pin) {
            return level;
        }
        if let Some(level) = context.outside.pins.driven[usize::from(pin)] {
            return level;
        }
        self.configuration[usize::from(pin)] >> 2 & 3 == PULL_UP
    }

    /// A GPIOTE channel takes a pin, or changes its level.
    pub fn take(&mut self, pin: u8, level: bool, context: &mut Context) {
        self.taken |= 1 << pin;
        self.taken_level = self.taken_level & !(1 << pin) | u64::from(level) << pin;
        self.show(context);
    }

    /// A GPIOTE channel lets go of a pin.
    pub fn release(&mut self, pin: u8, context: &mut Context) {
        self.taken &= !(1 << pin);
        self.show(context);
    }

    /// Tells the outside of changed outputs. A pin that is no output counts
    /// as high, the resting level of an active-low LED.
    fn show(&mut self, context: &mut Context) {
        let outputs = self.direction | self.taken;
        let levels = self.out & !self.taken | self.taken_level & self.taken;
        let shown = levels | !outputs;
        let mut changed = (shown ^ !self.shown) & ((1 << PIN_COUNT) - 1);
        self.shown = !shown;
        while changed != 0 {
            let pin = changed.trailing_zeros() as u8;
            changed &= changed - 1;
            context.outside.pins.output_changed(Edge {
                at: context.now,
                pin,
                high: shown >> pin & 1 != 0,
            });
        }
    }

    fn input_word(&self, port: u32, context: &Context) -> u32 {
        (0..32u8)
            .filter(|bit| usize::from(*bit) + 32 * (port as usize) < PIN_COUNT)
            .filter(|bit| {
                let pin = bit + 32 * port as u8;
                self.configuration[usize::from(pin)] & INPUT_DISCONNECTED == 0
                    && self.level(pin, context)
            })
            .fold(0, |word, bit| word | 1 << bit)
    }

    /// Works out DETECT of both ports; true if either rose.
    pub fn update_detect(&mut self, context: &Context) -> bool {
        let mut rose = false;
        for port in 0..2usize {
            let mut sensed = 0u64;
            for bit in 0..32u8 {
                let pin = bit + 32 * port as u8;
                let Some(configuration) = self.configuration.get(usize::from(pin)) else {
                    break;
                };
                let wanted = match configuration >> 16 & 3 {
                    SENSE_HIGH => true,
                    SENSE_LOW => false,
                    _ => continue,
                };
                if configuration & INPUT_DISCONNECTED == 0 && self.level(pin, context) == wanted {
                    sensed |= 1 << pin;
                }
            }
            self.latch |= sensed;
            let port_mask = 0xFFFF_FFFFu64 << (32 * port);
            let detect = if self.latched_detect[port] {
                self.latch & port_mask != 0
            } else {
                sensed != 0
            };
            rose |= detect && !self.detect[port];
            self.detect[port] = detect;
        }
        rose
    }

    /// A read of a register of a port, or none.
    pub fn read(&self, port: u32, offset: u32, context: &Context) -> Option<u32> {
        let half = |word: u64| (word >> (32 * port)) as u32;
        Some(match offset {
            0x504 | 0x508 | 0x50C => half(self.out),
            0x510 => self.input_word(port, context),
            0x514 | 0x518 | 0x51C => half(self.direction),
            0x520 => half(self.latch),
            0x524 => u32::from(self.latched_detect[port as usize]),
            0x700..0x780 => *self
                .configuration
                .get((port * 32 + (offset - 0x700) / 4) as usize)?,
            _ => return None,
        })
    }

    /// A write of a register of a port; false if there is none.
    pub fn write(&mut self, port: u32, offset: u32, value: u32, context: &mut Context) -> bool {
        let shift = 32 * port;
        let wide = u64::from(value) << shift;
        let keep = !(0xFFFF_FFFFu64 << shift);
        match offset {
            0x504 => self.out = self.out & keep | wide,
            0x508 => self.out |= wide,
            0x50C => self.out &= !wide,
            0x510 => {}
            0x514 => self.set_direction(self.direction & keep | wide),
            0x518 => self.set_direction(self.direction | wide),
            0x51C => self.set_direction(self.direction & !wide),
            0x520 => {
                self.latch &= !wide;
                // What stays latched raises LDETECT anew.
                if self.latched_detect[port as usize] {
                    self.detect[port as usize] = false;
                }
            }
            0x524 => self.latched_detect[port as usize] = value & 1 != 0,
            0x700..0x780 => {
                let pin = port * 32 + (offset - 0x700) / 4;
                let Some(configuration) = self.configuration.get_mut(pin as usize) else {
                    return false;
                };
                *configuration = value & 0x3_070F;
                self.direction = self.direction & !(1 << pin) | u64::from(value & 1) << pin;
            }
            _ => return false,
        }
        self.show(context);
        true
    }

    /// DIR and PIN_CNF.DIR are one bit.
    fn set_direction(&mut self, direction: u64) {
        self.direction = direction & ((1 << PIN_COUNT) - 1);
        for (pin, configuration) in self.configuration.iter_mut().enumerate() {
            *configuration = *configuration & !1 | (direction >> pin) as u32 & 1;
        }
    }

    /// Returns which way the part pulls a pin: -1 down, 0 not at all, 1 up.
    pub fn pull(&self, pin: u8) -> i8 {
        match self.configuration[usize::from(pin)] >> 2 & 3 {
            PULL_DOWN => -1,
            PULL_UP => 1,
            _ => 0,
        }
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        let shown = self.shown;
        *self = Gpio::new();
        self.shown = shown;
        self.show(context);
    }
}

impl Default for Gpio {
    fn default() -> Self {
        Self::new()
    }
}
