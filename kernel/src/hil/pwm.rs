//! Pulse-width modulation of pins.

use crate::errorcode::ErrorCode;

/// A modulator with several pins.
pub trait Pwm {
    /// Names a pin.
    type Pin;

    /// Starts the output at `frequency_hz`. `duty_cycle` is a part of
    /// [`get_maximum_duty_cycle`](Pwm::get_maximum_duty_cycle).
    fn start(
        &self,
        pin: &Self::Pin,
        frequency_hz: usize,
        duty_cycle: usize,
    ) -> Result<(), ErrorCode>;

    /// Stops the output of a pin.
    fn stop(&self, pin: &Self::Pin) -> Result<(), ErrorCode>;

    /// Returns the highest frequency in hertz.
    fn get_maximum_frequency_hz(&self) -> usize;

    /// Returns the duty cycle that stands for 100 %.
    fn get_maximum_duty_cycle(&self) -> usize;
}

/// One pin of a modulator.
pub trait PwmPin {
    /// Starts the output, as [`Pwm::start`] does.
    fn start(&self, frequency_hz: usize, duty_cycle: usize) -> Result<(), ErrorCode>;

    /// Stops the output.
    fn stop(&self) -> Result<(), ErrorCode>;

    /// Returns the highest frequency in hertz.
    fn get_maximum_frequency_hz(&self) -> usize;

    /// Returns the duty cycle that stands for 100 %.
    fn get_maximum_duty_cycle(&self) -> usize;
}
