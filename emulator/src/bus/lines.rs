//! The interrupt lines from the peripherals to the NVIC.

use rigless::device::Level;
use rigless::emulator::{InterruptLine, Queued};
use serde::{Deserialize, Serialize};

/// How many interrupt lines the part has.
pub const LINE_COUNT: u8 = 48;

/// The level of each line; tells only changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lines {
    high: u64,
}

impl Lines {
    /// Drives line `number`; what to tell the core if the level changed.
    pub fn set(&mut self, number: u8, high: bool) -> Option<Queued> {
        let bit = 1u64 << number;
        if (self.high & bit != 0) == high {
            return None;
        }
        self.high ^= bit;
        Some(Self::change(number, high))
    }

    /// The levels, a bit for each line.
    pub fn levels(&self) -> u64 {
        self.high
    }

    /// What to tell a core that knows `levels` so that it knows these.
    pub fn changes_from(&self, levels: u64) -> Vec<Queued> {
        (0..LINE_COUNT)
            .filter(|number| (self.high ^ levels) >> number & 1 != 0)
            .map(|number| Self::change(number, self.high >> number & 1 != 0))
            .collect()
    }

    fn change(number: u8, high: bool) -> Queued {
        let line = InterruptLine::new(u16::from(number)).expect("48 lines are few");
        Queued::Line(line, if high { Level::High } else { Level::Low })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_told() {
        let mut lines = Lines::default();
        assert!(lines.set(3, false).is_none());
        assert!(lines.set(3, true).is_some());
        assert!(lines.set(3, true).is_none());
        assert_eq!(lines.levels(), 8);
        assert_eq!(lines.changes_from(0).len(), 1);
        assert!(lines.changes_from(8).is_empty());
    }
}
