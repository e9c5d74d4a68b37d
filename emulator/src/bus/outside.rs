//! The world at the part's pins: serial lines, levels, analogue inputs.

use crate::analog::AnalogInput;
use crate::time::Cycles;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// GPIO pins: 32 of P0 and 16 of P1.
pub const PIN_COUNT: usize = 48;

/// A change of an output pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// When.
    pub at: Cycles,
    /// 0 to 31 for P0, 32 to 47 for P1.
    pub pin: u8,
    /// The new level.
    pub high: bool,
}

/// One end of a serial line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SerialLine {
    /// Bytes on their way to the part.
    pub to_part: VecDeque<u8>,
    /// Bytes that the part sent and nobody took yet.
    pub from_part: Vec<u8>,
    /// Bytes that the part sent in all.
    pub sent: u64,
    /// Bytes that the part received in all.
    pub received: u64,
    /// Bytes that arrived while the receiver's FIFO was full, or while it was
    /// off if the sender does not wait.
    pub lost: u64,
}

/// Pins as others drive and see them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pins {
    /// The level that the outside drives, if it does.
    pub driven: Vec<Option<bool>>,
    /// Changes to come, in order of time.
    pub scheduled: VecDeque<Edge>,
    /// Changes of output pins that are logged.
    pub edges: Vec<Edge>,
    /// Output pins whose changes are logged, a bit for each.
    pub logged: u64,
    /// Falling edges of each output pin.
    pub falls: Vec<u64>,
    /// Rising edges of each output pin.
    pub rises: Vec<u64>,
}

/// The most logged edges that are kept until somebody takes them.
const MOST_EDGES: usize = 1 << 20;

/// LED1 to LED4 of the nRF52840-DK, active low: P0.13 to P0.16.
pub const LED_PINS: [u8; 4] = [13, 14, 15, 16];

impl Default for Pins {
    fn default() -> Self {
        Pins {
            driven: vec![None; PIN_COUNT],
            scheduled: VecDeque::new(),
            edges: Vec::new(),
            logged: LED_PINS.iter().fold(0, |mask, pin| mask | 1 << pin),
            falls: vec![0; PIN_COUNT],
            rises: vec![0; PIN_COUNT],
        }
    }
}

impl Pins {
    /// An output pin changed.
    pub fn output_changed(&mut self, edge: Edge) {
        let counts = if edge.high {
            &mut self.rises
        } else {
            &mut self.falls
        };
        counts[usize::from(edge.pin)] += 1;
        if self.logged >> edge.pin & 1 != 0 && self.edges.len() < MOST_EDGES {
            self.edges.push(edge);
        }
    }
}

/// All of it.
pub struct Outside {
    /// The lines of UARTE0 and UARTE1.
    pub serial: [SerialLine; 2],
    /// The GPIO pins.
    pub pins: Pins,
    /// The analogue inputs.
    pub analog: Box<dyn AnalogInput>,
    /// Senders wait while a receiver is off, as a person at a keyboard or a
    /// line with flow control does; otherwise the bytes are lost.
    pub senders_wait: bool,
    /// The temperature of the part in quarter degrees Celsius.
    pub temperature_quarters: i32,
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Outside")
            .field("pins", &self.pins)
            .finish_non_exhaustive()
    }
}

impl Outside {
    /// The world with `analog` at the analogue inputs.
    pub fn new(analog: Box<dyn AnalogInput>) -> Self {
        Outside {
            serial: Default::default(),
            pins: Pins::default(),
            analog,
            senders_wait: true,
            temperature_quarters: 100,
        }
    }
}
