//! TEMP: the temperature of the die.
//!
//! With the values that it has after a reset the sensor is not as linear as specified
//! (anomaly 66): the factory's own stand in the FICR and are copied before the first
//! measurement.

use crate::registers::ficr::FicrRegisters;
use crate::registers::temp::{Interrupt, TempRegisters};
use crate::registers::{Event, Task};
use core::cell::Cell;
use kernel::hil::sensors::{TemperatureClient, TemperatureDriver};
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;

/// The register's steps are quarters of a degree, the interface's hundredths.
const HUNDREDTHS: i32 = 25;
/// What a word of the FICR holds that the factory has not written.
const BLANK: u32 = u32::MAX;

/// The thermometer. A measurement takes 36 us.
pub struct Temperature<'a> {
    registers: StaticRef<TempRegisters>,
    factory: StaticRef<FicrRegisters>,
    client: OptionalCell<&'a dyn TemperatureClient>,
    state: Cell<State>,
}

/// What the sensor is fit for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has the values of its reset.
    Raw,
    /// It has the factory's.
    Ready,
    /// It measures.
    Measuring,
}

impl Temperature<'_> {
    /// Makes the driver; `factory` has the values for this very part.
    pub const fn new(
        registers: StaticRef<TempRegisters>,
        factory: StaticRef<FicrRegisters>,
    ) -> Self {
        Temperature {
            registers,
            factory,
            client: OptionalCell::empty(),
            state: Cell::new(State::Raw),
        }
    }

    /// Copies the factory's values into the sensor.
    fn correct(&self) {
        let (factory, registers) = (self.factory, self.registers);
        let sets = [
            (&factory.temp_a[..], &registers.a[..]),
            (&factory.temp_b[..], &registers.b[..]),
            (&factory.temp_t[..], &registers.t[..]),
        ];
        for (from, to) in sets {
            for (from, to) in from.iter().zip(to) {
                let value = from.get();
                if value != BLANK {
                    to.set(value);
                }
            }
        }
    }

    /// Serves the interrupt: hands the temperature on.
    pub fn handle_interrupt(&self) {
        if !self.registers.events_datardy.is_set(Event::HAPPENED) {
            return;
        }
        self.registers.events_datardy.set(0);
        self.registers.intenclr.write(Interrupt::DATARDY::SET);
        // Two's complement.
        let quarters = self.registers.temp.get() as i32;
        self.registers.tasks_stop.write(Task::TRIGGER.val(1));
        self.state.set(State::Ready);
        self.client
            .map(|client| client.callback(Ok(quarters * HUNDREDTHS)));
    }
}

impl<'a> TemperatureDriver<'a> for Temperature<'a> {
    fn set_client(&self, client: &'a dyn TemperatureClient) {
        self.client.set(client);
    }

    fn read_temperature(&self) -> Result<(), ErrorCode> {
        match self.state.replace(State::Measuring) {
            State::Measuring => return Err(ErrorCode::BUSY),
            State::Raw => self.correct(),
            State::Ready => {}
        }
        self.registers.events_datardy.set(0);
        self.registers.intenset.write(Interrupt::DATARDY::SET);
        self.registers.tasks_start.write(Task::TRIGGER.val(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, poke, triggered};
    use std::cell::RefCell;

    #[derive(Default)]
    struct Listener(RefCell<Vec<Result<i32, ErrorCode>>>);

    impl TemperatureClient for Listener {
        fn callback(&self, value: Result<i32, ErrorCode>) {
            self.0.borrow_mut().push(value);
        }
    }

    fn factory(value: u32) -> StaticRef<FicrRegisters> {
        let registers = fake_registers::<FicrRegisters>();
        let words = registers.temp_a.iter().chain(&registers.temp_b);
        for word in words.chain(&registers.temp_t) {
            poke(registers, word, value);
        }
        registers
    }

    #[test]
    fn a_measurement_at_a_time_in_hundredths_of_a_degree() {
        let registers = fake_registers::<TempRegisters>();
        let sensor = Temperature::new(registers, factory(BLANK));
        let listener = Listener::default();
        sensor.set_client(&listener);
        for (quarters, hundredths) in [(100_u32, 2_500), (-40_i32 as u32, -1_000), (1, 25)] {
            assert_eq!(sensor.read_temperature(), Ok(()));
            assert!(triggered(registers, &registers.tasks_start));
            assert_eq!(sensor.read_temperature(), Err(ErrorCode::BUSY));
            sensor.handle_interrupt();
            assert!(listener.0.borrow().is_empty(), "nothing is there yet");
            poke(registers, &registers.temp, quarters);
            registers.events_datardy.set(1);
            sensor.handle_interrupt();
            assert_eq!(listener.0.take(), [Ok(hundredths)]);
        }
    }

    #[test]
    fn the_factorys_values_are_copied_where_there_are_any() {
        let registers = fake_registers::<TempRegisters>();
        registers.a[0].set(0x326);
        let measure = |value| {
            let sensor = Temperature::new(registers, factory(value));
            assert_eq!(sensor.read_temperature(), Ok(()));
        };
        measure(BLANK);
        assert_eq!(registers.a[0].get(), 0x326, "nothing of a blank FICR");
        measure(0x320);
        let all = registers.a.iter().chain(&registers.b).chain(&registers.t);
        assert!(all.map(Readable::get).all(|value| value == 0x320));
    }
}
