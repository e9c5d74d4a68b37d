//! A pin whose level the capsule or the test sets.

use std::cell::Cell;

use kernel::hil::gpio::{
    Client, Configuration, Configure, FloatingState, Input, Interrupt, InterruptEdge, Output,
};
use kernel::utilities::cells::OptionalCell;

/// A pin of a port, low and an input at first.
pub struct FakePin {
    high: Cell<bool>,
    output: Cell<bool>,
    floating_state: Cell<FloatingState>,
    edge: Cell<Option<InterruptEdge>>,
    client: OptionalCell<&'static dyn Client>,
}

impl Default for FakePin {
    fn default() -> Self {
        FakePin {
            high: Cell::new(false),
            output: Cell::new(false),
            floating_state: Cell::new(FloatingState::PullNone),
            edge: Cell::new(None),
            client: OptionalCell::empty(),
        }
    }
}

impl FakePin {
    /// Whether the pin is high.
    pub fn is_high(&self) -> bool {
        self.high.get()
    }

    /// Whether the pin is an output.
    pub fn is_output(&self) -> bool {
        self.output.get()
    }

    /// The edges at which the pin interrupts; `None` while it does not.
    pub fn edge(&self) -> Option<InterruptEdge> {
        self.edge.get()
    }

    /// Somebody outside sets the level. The client is called if interrupts are on.
    pub fn change(&self, high: bool) {
        self.high.set(high);
        if self.edge.get().is_some() {
            self.client.map(|client| client.fired());
        }
    }
}

impl Configure for FakePin {
    fn configuration(&self) -> Configuration {
        if self.output.get() {
            Configuration::Output
        } else {
            Configuration::Input
        }
    }

    fn make_output(&self) -> Configuration {
        self.output.set(true);
        self.configuration()
    }

    fn disable_output(&self) -> Configuration {
        self.output.set(false);
        self.configuration()
    }

    fn make_input(&self) -> Configuration {
        self.disable_output()
    }

    fn disable_input(&self) -> Configuration {
        self.configuration()
    }

    fn deactivate_to_low_power(&self) {}

    fn set_floating_state(&self, state: FloatingState) {
        self.floating_state.set(state);
    }

    fn floating_state(&self) -> FloatingState {
        self.floating_state.get()
    }
}

impl Output for FakePin {
    fn set(&self) {
        self.high.set(true);
    }

    fn clear(&self) {
        self.high.set(false);
    }

    fn toggle(&self) -> bool {
        self.high.set(!self.high.get());
        self.high.get()
    }
}

impl Input for FakePin {
    fn read(&self) -> bool {
        self.high.get()
    }
}

impl Interrupt<'static> for FakePin {
    fn set_client(&self, client: &'static dyn Client) {
        self.client.set(client);
    }

    fn enable_interrupts(&self, mode: InterruptEdge) {
        self.edge.set(Some(mode));
    }

    fn disable_interrupts(&self) {
        self.edge.set(None);
    }

    fn is_pending(&self) -> bool {
        false
    }
}
