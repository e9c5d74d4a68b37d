//! When each peripheral next acts on its own: one deadline for each source.

use crate::time::{Cycles, NEVER};
use serde::{Deserialize, Serialize};

/// What may wake by itself. Sources due in the same cycle act in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The 32 MHz crystal has started.
    HighFrequencyClock,
    /// The 32.768 kHz clock has started, or its calibration ended.
    LowFrequencyClock,
    /// A compare of TIMER0 to TIMER4.
    Timer(u8),
    /// A tick, overflow or compare of RTC0 to RTC2.
    Rtc(u8),
    /// The end of a conversion or of an acquisition.
    Saadc,
    /// A byte sent by UARTE0 or UARTE1.
    UartTransmit(u8),
    /// A byte received by UARTE0 or UARTE1.
    UartReceive(u8),
    /// The end of a flash operation.
    Nvmc,
    /// A random byte.
    Rng,
    /// A temperature.
    Temp,
    /// A block encrypted.
    Ecb,
    /// The watchdog runs out.
    Watchdog,
    /// A transfer of the external flash.
    Qspi,
    /// A transfer of a serial block (SPI, TWI) by its instance.
    Serial(u8),
    /// A step of PWM0 to PWM3.
    Pwm(u8),
    /// Scheduled changes of input pins.
    Pins,
}

/// How many sources there are.
const COUNT: usize = 32;

impl Source {
    const fn index(self) -> usize {
        match self {
            Source::HighFrequencyClock => 0,
            Source::LowFrequencyClock => 1,
            Source::Timer(n) => 2 + n as usize,
            Source::Rtc(n) => 7 + n as usize,
            Source::Saadc => 10,
            Source::UartTransmit(n) => 11 + n as usize,
            Source::UartReceive(n) => 13 + n as usize,
            Source::Nvmc => 15,
            Source::Rng => 16,
            Source::Temp => 17,
            Source::Ecb => 18,
            Source::Watchdog => 19,
            Source::Qspi => 20,
            Source::Serial(n) => 21 + n as usize,
            Source::Pwm(n) => 25 + n as usize,
            Source::Pins => 29,
        }
    }

    const fn from_index(index: usize) -> Self {
        match index {
            0 => Source::HighFrequencyClock,
            1 => Source::LowFrequencyClock,
            2..=6 => Source::Timer(index as u8 - 2),
            7..=9 => Source::Rtc(index as u8 - 7),
            10 => Source::Saadc,
            11..=12 => Source::UartTransmit(index as u8 - 11),
            13..=14 => Source::UartReceive(index as u8 - 13),
            15 => Source::Nvmc,
            16 => Source::Rng,
            17 => Source::Temp,
            18 => Source::Ecb,
            19 => Source::Watchdog,
            20 => Source::Qspi,
            21..=24 => Source::Serial(index as u8 - 21),
            25..=28 => Source::Pwm(index as u8 - 25),
            _ => Source::Pins,
        }
    }
}

/// The deadline of every source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wakes {
    at: [Cycles; COUNT],
    /// The earliest of them.
    next: Cycles,
}

impl Default for Wakes {
    fn default() -> Self {
        Wakes {
            at: [NEVER; COUNT],
            next: NEVER,
        }
    }
}

impl Wakes {
    /// Sets the deadline of `source`; [`NEVER`] cancels it.
    pub fn set(&mut self, source: Source, at: Cycles) {
        let slot = &mut self.at[source.index()];
        let before = std::mem::replace(slot, at);
        if at <= self.next {
            self.next = at;
        } else if before == self.next {
            self.next = self.earliest();
        }
    }

    /// Cancels the deadline of `source`.
    pub fn cancel(&mut self, source: Source) {
        self.set(source, NEVER);
    }

    /// The deadline of `source`.
    pub fn at(&self, source: Source) -> Cycles {
        self.at[source.index()]
    }

    /// The earliest deadline.
    pub fn next(&self) -> Cycles {
        self.next
    }

    /// The earliest deadline of all sources but `quiet`.
    pub fn next_but(&self, quiet: &[Source]) -> Cycles {
        let mut at = self.at;
        for source in quiet {
            at[source.index()] = NEVER;
        }
        at.into_iter().min().unwrap_or(NEVER)
    }

    /// Takes the first source due at `now` or before, with its deadline.
    pub fn take_due(&mut self, now: Cycles) -> Option<(Source, Cycles)> {
        if self.next > now {
            return None;
        }
        let due = self.next;
        let index = self.at.iter().position(|at| *at == due)?;
        self.at[index] = NEVER;
        self.next = self.earliest();
        Some((Source::from_index(index), due))
    }

    fn earliest(&self) -> Cycles {
        self.at.iter().copied().min().unwrap_or(NEVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_each_source_once() {
        for index in 0..=Source::Pins.index() {
            assert_eq!(Source::from_index(index).index(), index);
        }
    }

    #[test]
    fn sources_come_by_time_then_by_order() {
        let mut wakes = Wakes::default();
        wakes.set(Source::Watchdog, 10);
        wakes.set(Source::Timer(1), 10);
        wakes.set(Source::Saadc, 5);
        assert_eq!(wakes.next(), 5);
        assert_eq!(wakes.next_but(&[Source::Saadc]), 10);
        assert_eq!(wakes.take_due(4), None);
        assert_eq!(wakes.take_due(20), Some((Source::Saadc, 5)));
        assert_eq!(wakes.take_due(20), Some((Source::Timer(1), 10)));
        wakes.set(Source::Watchdog, 30);
        assert_eq!(wakes.take_due(20), None);
        assert_eq!(wakes.next(), 30);
        wakes.cancel(Source::Watchdog);
        assert_eq!(wakes.next(), NEVER);
    }
}
