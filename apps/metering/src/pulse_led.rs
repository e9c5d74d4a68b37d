//! The metrological pulse output: which pulse is on, and for how long.

/// Light time of a pulse, and least dark time after it, in milliseconds. Eight
/// times the pulse rate at 60 A still fits.
pub const PULSE_MILLISECONDS: u32 = 30;

/// Most pulses that wait to be shown. More come only from energy that a gap in
/// the samples could not have let through.
const MOST_WAITING: u32 = 1_000;

/// What to do with the LED now. Each comes with a new alarm after
/// [`PULSE_MILLISECONDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Light it.
    Light,
    /// Darken it.
    Darken,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    Lit,
    Dark,
}

/// Turns pulses that are due into light.
#[derive(Clone, Debug, Default)]
pub struct PulseLed {
    phase: Phase,
    waiting: u32,
}

impl PulseLed {
    /// Pulses are due.
    pub fn due(&mut self, pulses: u32) -> Option<Action> {
        self.waiting = self.waiting.saturating_add(pulses).min(MOST_WAITING);
        if self.phase == Phase::Idle {
            self.next()
        } else {
            None
        }
    }

    /// The alarm has gone off.
    pub fn expired(&mut self) -> Option<Action> {
        match self.phase {
            Phase::Idle => None,
            Phase::Lit => {
                self.phase = Phase::Dark;
                Some(Action::Darken)
            }
            Phase::Dark => {
                self.phase = Phase::Idle;
                self.next()
            }
        }
    }

    fn next(&mut self) -> Option<Action> {
        self.waiting = self.waiting.checked_sub(1)?;
        self.phase = Phase::Lit;
        Some(Action::Light)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pulse_is_one_light() {
        let mut led = PulseLed::default();
        assert_eq!(led.due(0), None);
        assert_eq!(led.due(1), Some(Action::Light));
        assert_eq!(led.expired(), Some(Action::Darken));
        assert_eq!(led.expired(), None);
        assert_eq!(led.expired(), None);
        assert_eq!(led.due(1), Some(Action::Light));
    }

    #[test]
    fn pulses_that_come_together_are_shown_one_by_one() {
        let mut led = PulseLed::default();
        assert_eq!(led.due(3), Some(Action::Light));
        assert_eq!(led.due(1), None);
        let mut lights = 1;
        for _ in 0..20 {
            lights += u32::from(led.expired() == Some(Action::Light));
        }
        assert_eq!(lights, 4);
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut led = PulseLed::default();
        led.due(u32::MAX);
        led.due(u32::MAX);
        assert_eq!(led.waiting, MOST_WAITING);
    }
}
