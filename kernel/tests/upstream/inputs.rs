//! Buttons and lights.

use core::cell::Cell;

use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::hil::gpio;
use kernel::hil::gpio::{Configure, Input, InterruptWithValue};
use kernel::hil::led;

#[derive(Default)]
pub struct App {
    listens: u32,
}

type Pin<'a, P> = (
    &'a gpio::InterruptValueWrapper<'a, P>,
    gpio::ActivationMode,
    gpio::FloatingState,
);

/// Tells processes of buttons.
pub struct Inputs<'a, P: gpio::InterruptPin<'a>> {
    pins: &'a [Pin<'a, P>],
    apps: Grant<App, UpcallCount<1>, AllowRoCount<0>, AllowRwCount<0>>,
}

impl<'a, P: gpio::InterruptPin<'a>> Inputs<'a, P> {
    pub fn new(
        pins: &'a [Pin<'a, P>],
        apps: Grant<App, UpcallCount<1>, AllowRoCount<0>, AllowRwCount<0>>,
    ) -> Self {
        for (number, &(pin, _, pull)) in pins.iter().enumerate() {
            pin.make_input();
            pin.set_value(number as u32);
            pin.set_floating_state(pull);
        }
        Self { pins, apps }
    }

    pub fn is_active(&self, number: usize) -> bool {
        let pin = &self.pins[number];
        pin.0.read_activation(pin.1) as usize == 1
    }

    pub fn listen(&self, number: usize) {
        let _ = self.pins[number]
            .0
            .enable_interrupts(gpio::InterruptEdge::EitherEdge);
    }
}

impl<'a, P: gpio::InterruptPin<'a>> gpio::ClientWithValue for Inputs<'a, P> {
    fn fired(&self, number: u32) {
        let state = self.is_active(number as usize);
        let listeners = Cell::new(0);
        self.apps.each(|_, app, upcalls| {
            if app.listens & (1 << number) != 0 {
                listeners.set(listeners.get() + 1);
                upcalls
                    .schedule_upcall(0, (number as usize, state as usize, 0))
                    .ok();
            }
        });
        if listeners.get() == 0 {
            self.pins[number as usize].0.disable_interrupts();
        }
    }
}

/// Lights, as many as the type says.
pub struct Lights<'a, L: led::Led, const COUNT: usize> {
    lights: &'a [&'a L; COUNT],
}

impl<'a, L: led::Led, const COUNT: usize> Lights<'a, L, COUNT> {
    pub fn new(lights: &'a [&'a L; COUNT]) -> Self {
        for light in lights.iter() {
            light.init();
            light.off();
        }
        Self { lights }
    }

    pub fn toggle(&self, number: usize) {
        self.lights[number].toggle();
    }
}
