//! GPIO and GPIOTE: pins, and interrupts from their edges.

use crate::registers::gpio::{GpioRegisters, PinConfig};
use crate::registers::gpiote::{Config as EventConfig, GpioteRegisters};
use kernel::hil::gpio::{self, Configuration, FloatingState, InterruptEdge};
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{ReadWriteable, Readable, Writeable};
use kernel::utilities::StaticRef;

/// Pins of the part: 32 on port 0, 16 on port 1.
pub const PIN_COUNT: usize = 48;

/// GPIOTE channels, and so the most pins that can interrupt at a time.
pub const EVENT_CHANNELS: usize = 8;

/// A pin's name.
#[allow(non_camel_case_types, missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[rustfmt::skip]
pub enum Pin {
    P0_00, P0_01, P0_02, P0_03, P0_04, P0_05, P0_06, P0_07,
    P0_08, P0_09, P0_10, P0_11, P0_12, P0_13, P0_14, P0_15,
    P0_16, P0_17, P0_18, P0_19, P0_20, P0_21, P0_22, P0_23,
    P0_24, P0_25, P0_26, P0_27, P0_28, P0_29, P0_30, P0_31,
    P1_00, P1_01, P1_02, P1_03, P1_04, P1_05, P1_06, P1_07,
    P1_08, P1_09, P1_10, P1_11, P1_12, P1_13, P1_14, P1_15,
}

impl Pin {
    /// The value that connects a peripheral's signal to this pin (PSEL registers).
    pub const fn select(self) -> u32 {
        self as u32
    }
}

/// PSEL value of a signal that goes to no pin.
pub const DISCONNECTED: u32 = 0xFFFF_FFFF;

/// One pin.
pub struct GPIOPin<'a> {
    number: u8,
    port: StaticRef<GpioRegisters>,
    events: StaticRef<GpioteRegisters>,
    channel: OptionalCell<u8>,
    client: OptionalCell<&'a dyn gpio::Client>,
}

impl GPIOPin<'_> {
    const fn new(
        number: u8,
        port: StaticRef<GpioRegisters>,
        events: StaticRef<GpioteRegisters>,
    ) -> Self {
        GPIOPin {
            number,
            port,
            events,
            channel: OptionalCell::empty(),
            client: OptionalCell::empty(),
        }
    }

    fn index(&self) -> usize {
        usize::from(self.number & 31)
    }

    fn mask(&self) -> u32 {
        1 << (self.number & 31)
    }

    fn modify(
        &self,
        change: kernel::utilities::registers::FieldValue<u32, PinConfig::Register>,
    ) -> Configuration {
        let register = &self.port.pin_cnf[self.index()];
        register.modify(change);
        configuration(register.get())
    }

    /// Drives the pin with high current both ways, as QSPI asks for.
    pub fn set_high_drive(&self) {
        self.port.pin_cnf[self.index()].modify(PinConfig::DRIVE::H0H1);
    }

    fn handle_event(&self) {
        self.client.map(|client| client.fired());
    }
}

/// What a PIN_CNF word makes of the pin.
fn configuration(word: u32) -> Configuration {
    let output = word & PinConfig::DIR::Output.mask() != 0;
    let connected = word & PinConfig::INPUT::Disconnect.mask() == 0;
    match (output, connected) {
        (true, true) => Configuration::InputOutput,
        (true, false) => Configuration::Output,
        (false, true) => Configuration::Input,
        (false, false) => Configuration::LowPower,
    }
}

impl gpio::Configure for GPIOPin<'_> {
    fn configuration(&self) -> Configuration {
        configuration(self.port.pin_cnf[self.index()].get())
    }

    fn make_output(&self) -> Configuration {
        self.modify(PinConfig::DIR::Output)
    }

    fn disable_output(&self) -> Configuration {
        self.modify(PinConfig::DIR::Input)
    }

    fn make_input(&self) -> Configuration {
        self.modify(PinConfig::INPUT::Connect)
    }

    fn disable_input(&self) -> Configuration {
        self.modify(PinConfig::INPUT::Disconnect)
    }

    fn deactivate_to_low_power(&self) {
        self.port.pin_cnf[self.index()].write(PinConfig::INPUT::Disconnect);
    }

    fn set_floating_state(&self, state: FloatingState) {
        self.modify(match state {
            FloatingState::PullUp => PinConfig::PULL::Up,
            FloatingState::PullDown => PinConfig::PULL::Down,
            FloatingState::PullNone => PinConfig::PULL::Disabled,
        });
    }

    fn floating_state(&self) -> FloatingState {
        match self.port.pin_cnf[self.index()].read_as_enum(PinConfig::PULL) {
            Some(PinConfig::PULL::Value::Up) => FloatingState::PullUp,
            Some(PinConfig::PULL::Value::Down) => FloatingState::PullDown,
            Some(PinConfig::PULL::Value::Disabled) | None => FloatingState::PullNone,
        }
    }
}

impl gpio::Output for GPIOPin<'_> {
    fn set(&self) {
        self.port.outset.set(self.mask());
    }

    fn clear(&self) {
        self.port.outclr.set(self.mask());
    }

    fn toggle(&self) -> bool {
        let was_high = self.port.out.get() & self.mask() != 0;
        if was_high {
            self.port.outclr.set(self.mask());
        } else {
            self.port.outset.set(self.mask());
        }
        !was_high
    }
}

impl gpio::Input for GPIOPin<'_> {
    fn read(&self) -> bool {
        // An output whose input buffer is off always reads low in IN.
        let word = self.port.pin_cnf[self.index()].get();
        let level = match configuration(word) {
            Configuration::Output => self.port.out.get(),
            _ => self.port.input.get(),
        };
        level & self.mask() != 0
    }
}

impl<'a> gpio::Interrupt<'a> for GPIOPin<'a> {
    fn set_client(&self, client: &'a dyn gpio::Client) {
        self.client.set(client);
    }

    /// Without effect while all [`EVENT_CHANNELS`] are taken by other pins.
    fn enable_interrupts(&self, mode: InterruptEdge) {
        let free = || {
            self.events
                .config
                .iter()
                .position(|config| config.matches_all(EventConfig::MODE::Disabled))
        };
        let channel = match self.channel.get() {
            Some(channel) => usize::from(channel),
            None => match free() {
                Some(channel) => channel,
                None => return,
            },
        };
        self.channel.set(channel as u8);
        let polarity = match mode {
            InterruptEdge::RisingEdge => EventConfig::POLARITY::LoToHi,
            InterruptEdge::FallingEdge => EventConfig::POLARITY::HiToLo,
            InterruptEdge::EitherEdge => EventConfig::POLARITY::Toggle,
        };
        self.events.config[channel].write(
            EventConfig::MODE::Event
                + EventConfig::PSEL.val(u32::from(self.number & 31))
                + EventConfig::PORT.val(u32::from(self.number >> 5))
                + polarity,
        );
        // Configuring a channel may set its event although no edge came.
        self.events.events_in[channel].set(0);
        self.events.intenset.set(1 << channel);
    }

    fn disable_interrupts(&self) {
        if let Some(channel) = self.channel.take() {
            let channel = usize::from(channel);
            self.events.intenclr.set(1 << channel);
            self.events.config[channel].set(0);
            self.events.events_in[channel].set(0);
        }
    }

    fn is_pending(&self) -> bool {
        self.channel.map_or(false, |channel| {
            self.events.events_in[usize::from(channel)].get() != 0
        })
    }
}

/// Both ports, and the GPIOTE that watches them.
pub struct Port<'a> {
    events: StaticRef<GpioteRegisters>,
    pins: [GPIOPin<'a>; PIN_COUNT],
}

impl Port<'_> {
    /// Makes all pins; their configuration is left as it is.
    pub fn new(
        port0: StaticRef<GpioRegisters>,
        port1: StaticRef<GpioRegisters>,
        events: StaticRef<GpioteRegisters>,
    ) -> Self {
        Port {
            events,
            pins: core::array::from_fn(|number| {
                let port = if number < 32 { port0 } else { port1 };
                GPIOPin::new(number as u8, port, events)
            }),
        }
    }

    /// Calls the clients of all pins whose edge came.
    pub fn handle_interrupt(&self) {
        for (channel, event) in self.events.events_in.iter().enumerate() {
            if event.get() == 0 {
                continue;
            }
            event.set(0);
            let config = self.events.config[channel].extract();
            let number = config.read(EventConfig::PSEL) + 32 * config.read(EventConfig::PORT);
            if let Some(pin) = self.pins.get(number as usize) {
                pin.handle_event();
            }
        }
    }
}

impl<'a> core::ops::Index<Pin> for Port<'a> {
    type Output = GPIOPin<'a>;

    fn index(&self, pin: Pin) -> &GPIOPin<'a> {
        &self.pins[pin as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fake_registers;
    use gpio::{Configure, Input, Interrupt, Output};
    use std::cell::Cell;

    struct Fixture {
        port0: StaticRef<GpioRegisters>,
        port1: StaticRef<GpioRegisters>,
        events: StaticRef<GpioteRegisters>,
        port: Port<'static>,
    }

    fn fixture() -> Fixture {
        let (port0, port1, events) = (fake_registers(), fake_registers(), fake_registers());
        Fixture {
            port0,
            port1,
            events,
            port: Port::new(port0, port1, events),
        }
    }

    #[test]
    fn configuration_words_are_those_of_the_part() {
        let f = fixture();
        let pin = &f.port[Pin::P1_09];
        pin.deactivate_to_low_power();
        assert_eq!(f.port1.pin_cnf[9].get(), 0x2);
        assert!(matches!(pin.configuration(), Configuration::LowPower));
        assert!(matches!(pin.make_output(), Configuration::Output));
        assert_eq!(f.port1.pin_cnf[9].get(), 0x3);
        assert!(matches!(pin.make_input(), Configuration::InputOutput));
        pin.disable_output();
        pin.set_floating_state(FloatingState::PullUp);
        assert_eq!(f.port1.pin_cnf[9].get(), 0xC);
        assert!(matches!(pin.floating_state(), FloatingState::PullUp));
        pin.set_high_drive();
        assert_eq!(f.port1.pin_cnf[9].get(), 0x30C);
        assert_eq!(f.port0.pin_cnf[9].get(), 0);
    }

    #[test]
    fn toggling_follows_the_output_latch() {
        let f = fixture();
        let pin = &f.port[Pin::P0_13];
        pin.make_output();
        pin.disable_input();
        assert!(pin.toggle());
        assert_eq!(f.port0.outset.get(), 1 << 13);
        f.port0.out.set(1 << 13);
        assert!(pin.read());
        assert!(!pin.toggle());
        assert_eq!(f.port0.outclr.get(), 1 << 13);
    }

    struct Counter(Cell<u32>);

    impl gpio::Client for Counter {
        fn fired(&self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn an_edge_reaches_its_pin_and_no_other() {
        let f = fixture();
        let first: &'static Counter = Box::leak(Box::new(Counter(Cell::new(0))));
        let second: &'static Counter = Box::leak(Box::new(Counter(Cell::new(0))));
        f.port[Pin::P0_11].set_client(first);
        f.port[Pin::P1_03].set_client(second);
        f.port[Pin::P0_11].enable_interrupts(InterruptEdge::FallingEdge);
        f.port[Pin::P1_03].enable_interrupts(InterruptEdge::EitherEdge);
        assert_eq!(f.events.config[0].get(), 0x0002_0B01);
        assert_eq!(f.events.config[1].get(), 0x0003_2301);
        f.events.events_in[1].set(1);
        assert!(f.port[Pin::P1_03].is_pending());
        f.port.handle_interrupt();
        assert_eq!((first.0.get(), second.0.get()), (0, 1));
        assert!(!f.port[Pin::P1_03].is_pending());

        f.port[Pin::P0_11].disable_interrupts();
        assert_eq!(f.events.config[0].get(), 0);
    }

    #[test]
    fn a_ninth_pin_gets_no_channel_and_takes_none_away() {
        let f = fixture();
        let pins = [
            Pin::P0_00,
            Pin::P0_01,
            Pin::P0_02,
            Pin::P0_03,
            Pin::P0_04,
            Pin::P0_05,
            Pin::P0_06,
            Pin::P0_07,
            Pin::P0_08,
        ];
        for pin in pins {
            f.port[pin].enable_interrupts(InterruptEdge::RisingEdge);
        }
        assert!(f.port[Pin::P0_07].channel.is_some());
        assert!(f.port[Pin::P0_08].channel.is_none());
        f.port[Pin::P0_02].disable_interrupts();
        f.port[Pin::P0_08].enable_interrupts(InterruptEdge::RisingEdge);
        assert_eq!(f.port[Pin::P0_08].channel.get(), Some(2));
    }
}
