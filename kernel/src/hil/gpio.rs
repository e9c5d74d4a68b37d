//! General-purpose input and output pins.

use core::cell::Cell;

use crate::errorcode::ErrorCode;
use crate::utilities::cells::OptionalCell;

/// The pull resistor of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatingState {
    /// To the supply.
    PullUp,
    /// To ground.
    PullDown,
    /// None.
    PullNone,
}

/// The edge that makes an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptEdge {
    /// Low to high.
    RisingEdge,
    /// High to low.
    FallingEdge,
    /// Both.
    EitherEdge,
}

/// What a pin is set up as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Configuration {
    /// Neither input nor output.
    LowPower,
    /// Can be read.
    Input,
    /// Can be written.
    Output,
    /// Can be read and written.
    InputOutput,
    /// Belongs to a peripheral.
    Function,
    /// Something else.
    Other,
}

/// Whether what hangs on the pin is active: a lit LED, a pressed button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationState {
    /// Not active.
    Inactive = 0,
    /// Active.
    Active = 1,
}

/// The level at which what hangs on the pin is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationMode {
    /// Active when high.
    ActiveHigh,
    /// Active when low.
    ActiveLow,
}

/// A pin that can be input and output.
pub trait Pin: Input + Output + Configure {}
/// A [`Pin`] that makes interrupts.
pub trait InterruptPin<'a>: Pin + Interrupt<'a> {}
/// A [`Pin`] whose interrupts carry a value.
pub trait InterruptValuePin<'a>: Pin + InterruptWithValue<'a> {}

impl<T: Input + Output + Configure> Pin for T {}
impl<'a, T: Pin + Interrupt<'a>> InterruptPin<'a> for T {}
impl<'a, T: Pin + InterruptWithValue<'a>> InterruptValuePin<'a> for T {}

/// Setting a pin up. The methods that change the set-up return the new one.
pub trait Configure {
    /// Returns how the pin is set up now.
    fn configuration(&self) -> Configuration;

    /// Makes the pin an output.
    fn make_output(&self) -> Configuration;
    /// Ends the pin's being an output.
    fn disable_output(&self) -> Configuration;
    /// Makes the pin an input.
    fn make_input(&self) -> Configuration;
    /// Ends the pin's being an input.
    fn disable_input(&self) -> Configuration;

    /// Puts the pin into its state of least power. It must be set up again before
    /// its next use.
    fn deactivate_to_low_power(&self);

    /// Sets the pull resistor.
    fn set_floating_state(&self, state: FloatingState);
    /// Returns which pull resistor is on.
    fn floating_state(&self) -> FloatingState;

    /// Returns whether the pin can be read.
    fn is_input(&self) -> bool {
        matches!(
            self.configuration(),
            Configuration::Input | Configuration::InputOutput
        )
    }

    /// Returns whether the pin can be written.
    fn is_output(&self) -> bool {
        matches!(
            self.configuration(),
            Configuration::Output | Configuration::InputOutput
        )
    }
}

/// A pin that can be input and output at once.
pub trait ConfigureInputOutput: Configure {
    /// Makes the pin input and output.
    fn make_input_output(&self) -> Configuration;
    /// Returns whether the pin is input and output.
    fn is_input_output(&self) -> bool;
}

/// Writing a pin. Without effect on one that is no output.
pub trait Output {
    /// Drives the pin high.
    fn set(&self);

    /// Drives the pin low.
    fn clear(&self);

    /// Inverts the level of the pin, and returns whether it is high now.
    fn toggle(&self) -> bool;

    /// Drives the pin so that what is connected to it is in `state`; `mode` says
    /// which level makes it active.
    fn write_activation(&self, state: ActivationState, mode: ActivationMode) {
        if (state == ActivationState::Active) == (mode == ActivationMode::ActiveHigh) {
            self.set();
        } else {
            self.clear();
        }
    }
}

/// Reading a pin.
pub trait Input {
    /// Returns whether the pin is high; for an output, whether it is driven high.
    fn read(&self) -> bool;

    /// Returns whether what is connected to the pin is active; `mode` says which
    /// level makes it so.
    fn read_activation(&self, mode: ActivationMode) -> ActivationState {
        if self.read() == (mode == ActivationMode::ActiveHigh) {
            ActivationState::Active
        } else {
            ActivationState::Inactive
        }
    }
}

/// A pin that makes interrupts.
pub trait Interrupt<'a>: Input {
    /// Sets the object that is told of interrupts.
    fn set_client(&self, client: &'a dyn Client);

    /// Turns the interrupt on. The pin is set up as an input separately.
    fn enable_interrupts(&self, mode: InterruptEdge);

    /// Turns the interrupt off.
    fn disable_interrupts(&self);

    /// Returns whether an interrupt has happened of which the client was not told
    /// yet.
    fn is_pending(&self) -> bool;
}

/// Is told of interrupts of a pin.
pub trait Client {
    /// The edge was seen on the pin.
    fn fired(&self);
}

/// A pin that makes interrupts with a value, so that one client can tell several
/// pins apart.
pub trait InterruptWithValue<'a>: Input {
    /// Sets the object that is told of interrupts.
    fn set_client(&self, client: &'a dyn ClientWithValue);

    /// Turns the interrupt on. It returns FAIL when there is no pin behind this
    /// object yet.
    fn enable_interrupts(&self, mode: InterruptEdge) -> Result<(), ErrorCode>;

    /// Turns the interrupt off.
    fn disable_interrupts(&self);

    /// Returns whether an interrupt has happened of which the client was not told
    /// yet.
    fn is_pending(&self) -> bool;

    /// Sets the value that the client gets with each interrupt of this pin.
    fn set_value(&self, value: u32);

    /// Returns the value that the client gets.
    fn value(&self) -> u32;
}

/// Is told of interrupts of several pins.
pub trait ClientWithValue {
    /// The edge was seen on the pin that has `value`.
    fn fired(&self, value: u32);
}

/// Gives an [`InterruptPin`] a value.
pub struct InterruptValueWrapper<'a, IP: InterruptPin<'a>> {
    value: Cell<u32>,
    client: OptionalCell<&'a dyn ClientWithValue>,
    source: &'a IP,
}

impl<'a, IP: InterruptPin<'a>> InterruptValueWrapper<'a, IP> {
    /// Wraps `pin`, with the value 0.
    pub fn new(pin: &'a IP) -> Self {
        Self {
            value: Cell::new(0),
            client: OptionalCell::empty(),
            source: pin,
        }
    }

    /// Makes the pin tell this wrapper.
    pub fn finalize(&'static self) -> &'static Self {
        self.source.set_client(self);
        self
    }
}

impl<'a, IP: InterruptPin<'a>> InterruptWithValue<'a> for InterruptValueWrapper<'a, IP> {
    fn set_client(&self, client: &'a dyn ClientWithValue) {
        self.client.set(client);
    }

    fn enable_interrupts(&self, mode: InterruptEdge) -> Result<(), ErrorCode> {
        self.source.enable_interrupts(mode);
        Ok(())
    }

    fn disable_interrupts(&self) {
        self.source.disable_interrupts();
    }

    fn is_pending(&self) -> bool {
        self.source.is_pending()
    }

    fn set_value(&self, value: u32) {
        self.value.set(value);
    }

    fn value(&self) -> u32 {
        self.value.get()
    }
}

impl<'a, IP: InterruptPin<'a>> Input for InterruptValueWrapper<'a, IP> {
    fn read(&self) -> bool {
        self.source.read()
    }
}

impl<'a, IP: InterruptPin<'a>> Configure for InterruptValueWrapper<'a, IP> {
    fn configuration(&self) -> Configuration {
        self.source.configuration()
    }

    fn make_output(&self) -> Configuration {
        self.source.make_output()
    }

    fn disable_output(&self) -> Configuration {
        self.source.disable_output()
    }

    fn make_input(&self) -> Configuration {
        self.source.make_input()
    }

    fn disable_input(&self) -> Configuration {
        self.source.disable_input()
    }

    fn deactivate_to_low_power(&self) {
        self.source.deactivate_to_low_power();
    }

    fn set_floating_state(&self, state: FloatingState) {
        self.source.set_floating_state(state);
    }

    fn floating_state(&self) -> FloatingState {
        self.source.floating_state()
    }
}

impl<'a, IP: InterruptPin<'a>> Output for InterruptValueWrapper<'a, IP> {
    fn set(&self) {
        self.source.set();
    }

    fn clear(&self) {
        self.source.clear();
    }

    fn toggle(&self) -> bool {
        self.source.toggle()
    }
}

impl<'a, IP: InterruptPin<'a>> Client for InterruptValueWrapper<'a, IP> {
    fn fired(&self) {
        self.client.map(|client| client.fired(self.value()));
    }
}
