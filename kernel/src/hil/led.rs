//! Light-emitting diodes.

use crate::hil::gpio;

/// One LED.
pub trait Led {
    /// Makes the LED ready for use, and dark.
    fn init(&self);
    /// Lights the LED.
    fn on(&self);
    /// Darkens the LED.
    fn off(&self);
    /// Lights the LED if it is dark, and darkens it if it is lit.
    fn toggle(&self);
    /// Returns whether the LED is lit.
    fn read(&self) -> bool;
}

/// An LED that is lit when its pin is high.
pub struct LedHigh<'a, P: gpio::Pin> {
    /// The pin that drives it.
    pub pin: &'a P,
}

/// An LED that is lit when its pin is low.
pub struct LedLow<'a, P: gpio::Pin> {
    /// The pin that drives it.
    pub pin: &'a P,
}

impl<'a, P: gpio::Pin> LedHigh<'a, P> {
    /// An LED between `pin` and ground.
    pub fn new(pin: &'a P) -> Self {
        Self { pin }
    }
}

impl<'a, P: gpio::Pin> LedLow<'a, P> {
    /// An LED between the supply and `pin`.
    pub fn new(pin: &'a P) -> Self {
        Self { pin }
    }
}

impl<P: gpio::Pin> Led for LedHigh<'_, P> {
    fn init(&self) {
        self.pin.make_output();
        self.off();
    }

    fn on(&self) {
        self.pin.set();
    }

    fn off(&self) {
        self.pin.clear();
    }

    fn toggle(&self) {
        self.pin.toggle();
    }

    fn read(&self) -> bool {
        self.pin.read()
    }
}

impl<P: gpio::Pin> Led for LedLow<'_, P> {
    fn init(&self) {
        self.pin.make_output();
        self.off();
    }

    fn on(&self) {
        self.pin.clear();
    }

    fn off(&self) {
        self.pin.set();
    }

    fn toggle(&self) {
        self.pin.toggle();
    }

    fn read(&self) -> bool {
        !self.pin.read()
    }
}
