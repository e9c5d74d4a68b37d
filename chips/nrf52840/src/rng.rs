//! RNG: entropy from thermal noise, with bias correction.

use crate::registers::rng::{Config, Interrupt, RngRegisters};
use crate::registers::Task;
use core::cell::Cell;
use kernel::hil::entropy::{Client32, Continue, Entropy32};
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;

/// The random number generator. A word takes about 0.5 ms with bias correction.
pub struct Rng<'a> {
    registers: StaticRef<RngRegisters>,
    client: OptionalCell<&'a dyn Client32>,
    word: Cell<u32>,
    bytes: Cell<u32>,
}

impl Rng<'_> {
    /// Makes the driver; the generator is off until entropy is asked for.
    pub const fn new(registers: StaticRef<RngRegisters>) -> Self {
        Rng {
            registers,
            client: OptionalCell::empty(),
            word: Cell::new(0),
            bytes: Cell::new(0),
        }
    }

    /// Waits for a byte, about 0.1 ms. For the start, before anything else uses
    /// the generator; [`Entropy32::cancel`] ends it.
    pub fn wait_for_byte(&self) -> u8 {
        self.registers.config.write(Config::DERCEN.val(1));
        self.registers.tasks_start.write(Task::TRIGGER.val(1));
        while self.registers.events_valrdy.get() == 0 {}
        self.registers.events_valrdy.set(0);
        self.registers.value.get() as u8
    }

    fn start(&self) {
        self.bytes.set(0);
        self.registers.config.write(Config::DERCEN.val(1));
        self.registers.events_valrdy.set(0);
        self.registers.intenset.write(Interrupt::VALRDY.val(1));
        self.registers.tasks_start.write(Task::TRIGGER.val(1));
    }

    fn stop(&self) {
        self.registers.tasks_stop.write(Task::TRIGGER.val(1));
        self.registers.intenclr.write(Interrupt::VALRDY.val(1));
        self.registers.events_valrdy.set(0);
    }

    /// Takes a byte; hands a word to the client when four are there.
    pub fn handle_interrupt(&self) {
        if self.registers.events_valrdy.get() == 0 {
            return;
        }
        self.registers.events_valrdy.set(0);
        let byte = self.registers.value.get() & 0xFF;
        self.word.set(self.word.get() << 8 | byte);
        self.bytes.set(self.bytes.get() + 1);
        if self.bytes.get() < 4 {
            return;
        }
        self.stop();
        self.bytes.set(0);
        // The word is handed out once and kept nowhere.
        let mut word = Some(self.word.replace(0)).into_iter();
        self.client.map(|client| {
            if client.entropy_available(&mut word, Ok(())) == Continue::More {
                self.start();
            }
        });
    }
}

impl<'a> Entropy32<'a> for Rng<'a> {
    fn get(&self) -> Result<(), ErrorCode> {
        self.start();
        Ok(())
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        self.stop();
        self.word.set(0);
        Ok(())
    }

    fn set_client(&'a self, client: &'a dyn Client32) {
        self.client.set(client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, poke, triggered};

    struct Taker {
        words: Cell<[u32; 2]>,
        taken: Cell<usize>,
    }

    impl Client32 for Taker {
        fn entropy_available(
            &self,
            entropy: &mut dyn Iterator<Item = u32>,
            error: Result<(), ErrorCode>,
        ) -> Continue {
            assert_eq!(error, Ok(()));
            for word in entropy {
                let mut words = self.words.get();
                words[self.taken.get()] = word;
                self.words.set(words);
                self.taken.set(self.taken.get() + 1);
            }
            if self.taken.get() < 2 {
                Continue::More
            } else {
                Continue::Done
            }
        }
    }

    #[test]
    fn words_are_gathered_until_the_client_has_enough() {
        let registers: StaticRef<RngRegisters> = fake_registers();
        let rng: &'static Rng = Box::leak(Box::new(Rng::new(registers)));
        let taker: &'static Taker = Box::leak(Box::new(Taker {
            words: Cell::new([0; 2]),
            taken: Cell::new(0),
        }));
        rng.set_client(taker);
        rng.get().unwrap();
        assert_eq!(registers.config.get(), 1);
        for (index, byte) in [1, 2, 3, 4, 5, 6, 7, 8].into_iter().enumerate() {
            assert_eq!(triggered(registers, &registers.tasks_start), index % 4 == 0);
            poke(registers, &registers.value, byte);
            registers.events_valrdy.set(1);
            rng.handle_interrupt();
        }
        assert_eq!(taker.words.get(), [0x0102_0304, 0x0506_0708]);
        assert!(!triggered(registers, &registers.tasks_start));
        assert!(triggered(registers, &registers.tasks_stop));
    }
}
