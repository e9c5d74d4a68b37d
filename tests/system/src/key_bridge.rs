//! The key store's system calls, made by the bridge app on the emulated meter.

use std::time::Duration;

use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use drivers::key_store::{Command, FIRST_SLOT};
use emulator::{Machine, Stop};
use key_bridge::mailbox::{self, Word, IDLE, MAGIC};
use libtock::platform::ErrorCode;

use crate::firmware;

/// A private key on P-256.
pub const KEY: u32 = 0x601;
/// A key of AES-128.
pub const AES: u32 = 0x611;
/// Another, for wrapping alone.
pub const WRAPPING: u32 = 0x612;
/// Another, for associated data alone.
pub const AUTHENTICATION: u32 = 0x613;
/// Another, whose nonces end in a value of [`COUNTER`].
pub const BOUND: u32 = 0x614;
/// A key for HMAC.
pub const SECRET: u32 = 0x621;
/// A trust anchor.
pub const ANCHOR: u32 = 0x631;
/// A certificate.
pub const CERTIFICATE: u32 = 0x641;
/// A counter.
pub const COUNTER: u32 = 0x651;
/// The first session slot.
pub const SLOT: u32 = FIRST_SLOT as u32;

/// What the meter measures meanwhile, if it measures.
const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
const SEED: u64 = 1;
/// Longer than a start, and than any operation.
const LIMIT: Duration = Duration::from_secs(20);
/// No inputs.
pub const NOTHING: [&[u8]; 3] = [&[]; 3];

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Command and arguments.
    pub command: (Command, u32, u32),
    /// Input, associated data or information, nonce or salt.
    pub inputs: [&'a [u8]; 3],
    /// Bytes lent for the output.
    pub output: usize,
    /// How often.
    pub rounds: u32,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The error, if it failed.
    pub result: Result<(), ErrorCode>,
    /// The command refused it, not the upcall.
    pub refused: bool,
    /// Bytes of output, or the value that the command answered with.
    pub value: u32,
    /// The output.
    pub output: Vec<u8>,
}

/// A meter with a bridge. It stands at the bridge's turn between requests.
pub struct Bridge {
    /// The meter.
    pub machine: Machine,
    mailbox: u32,
    turn: u32,
}

impl Bridge {
    /// Returns a blank meter in the factory state that does not measure: nothing but the bridge
    /// runs.
    ///
    /// # Panics
    /// When the image is not built.
    pub fn quiet() -> Self {
        Self::boot(&firmware::key_bridge().without("metering"))
    }

    /// Returns a blank meter in the factory state that measures.
    ///
    /// # Panics
    /// When the image is not built.
    pub fn measuring() -> Self {
        Self::boot(&firmware::key_bridge())
    }

    /// Returns a meter with this flash, at the bridge's first turn.
    ///
    /// # Panics
    /// When the bridge does not run.
    pub fn boot(firmware: &Firmware) -> Self {
        const STEP: Duration = Duration::from_millis(1);
        let mut machine = meter::boot(firmware.bytes(), LOAD, SEED);
        let mut mailbox = None;
        machine.run_until(LIMIT, |machine| {
            mailbox = find_mailbox(machine);
            mailbox.is_some()
        });
        let (mailbox, turn) = mailbox.expect("the bridge runs");
        let mut bridge = Bridge {
            machine,
            mailbox,
            turn,
        };
        bridge.machine.run_for(STEP);
        // It stays: the core translates its code again whenever one comes or goes.
        bridge.machine.add_breakpoint(turn);
        bridge.run_to_turn(LIMIT).expect("the bridge has its turn");
        bridge
    }

    /// Returns where the bridge's RAM lies.
    pub fn ram() -> std::ops::Range<u32> {
        let ram = manifest().app("dlms").expect("a slot").ram;
        ram.start..ram.start + ram.size
    }

    /// Runs to the bridge's next turn; returns none if that does not come.
    pub fn run_to_turn(&mut self, limit: Duration) -> Option<()> {
        let stop = self.machine.run_for(limit);
        (stop == Stop::Breakpoint(self.turn)).then_some(())
    }

    fn set(&mut self, word: Word, value: u32) {
        let place = self.mailbox + mailbox::word(word) as u32;
        assert!(self.machine.write_memory(place, &value.to_le_bytes()));
    }

    /// Returns a word of the mailbox.
    ///
    /// # Panics
    /// Never: it lies in RAM.
    pub fn get(&mut self, word: Word) -> u32 {
        let place = self.mailbox + mailbox::word(word) as u32;
        self.machine.read_word(place).expect("RAM")
    }

    /// Returns where a buffer of the mailbox lies.
    pub fn buffer(&self, number: usize) -> u32 {
        self.mailbox + mailbox::buffer(number) as u32
    }

    /// Puts a request into the mailbox; the bridge finds it when it goes on.
    ///
    /// # Panics
    /// When an input is longer than the mailbox takes.
    pub fn post(&mut self, request: Request<'_>) {
        let (command, first, second) = request.command;
        let lengths = [Word::Input, Word::Associated, Word::Nonce];
        for (number, (input, word)) in request.inputs.into_iter().zip(lengths).enumerate() {
            assert!(input.len() <= mailbox::SIZES[number], "input {number}");
            let place = self.buffer(number);
            assert!(self.machine.write_memory(place, input));
            self.set(word, input.len() as u32);
        }
        self.set(Word::Output, request.output as u32);
        self.set(Word::Rounds, request.rounds);
        self.set(Word::Done, 0);
        self.set(Word::First, first);
        self.set(Word::Second, second);
        self.set(Word::Command, command.number());
    }

    /// Returns the answer to the request that was posted, at the bridge's turn.
    ///
    /// # Panics
    /// When it is not done, or ended with a number that no error has.
    pub fn answer(&mut self, request: Request<'_>) -> Answer {
        assert_eq!(self.get(Word::Command), IDLE, "not done");
        let status = self.get(Word::Status);
        let result = match status {
            0 => Ok(()),
            number => Err(ErrorCode::try_from(number).expect("an error")),
        };
        let value = self.get(Word::Value);
        let length = (value as usize).min(request.output);
        let place = self.buffer(mailbox::OUTPUT);
        let output = self.machine.read_memory(place, length).expect("RAM");
        Answer {
            result,
            refused: self.get(Word::Refused) != 0,
            value,
            output: if result.is_ok() { output } else { Vec::new() },
        }
    }

    /// Has a request carried out.
    ///
    /// # Panics
    /// When it does not end.
    pub fn carry_out(&mut self, request: Request<'_>) -> Answer {
        self.post(request);
        let ended = self.run_to_turn(LIMIT);
        assert!(ended.is_some(), "{:?} does not end", request.command);
        self.answer(request)
    }

    /// A command with room for any output; its output or its error.
    ///
    /// # Errors
    /// The key store's.
    pub fn call(
        &mut self,
        command: Command,
        first: u32,
        second: u32,
        inputs: [&[u8]; 3],
    ) -> Result<Vec<u8>, ErrorCode> {
        let answer = self.carry_out(Request {
            command: (command, first, second),
            inputs,
            output: mailbox::SIZES[mailbox::OUTPUT],
            rounds: 1,
        });
        answer.result.map(|()| answer.output)
    }

    /// Imports a key.
    ///
    /// # Errors
    /// The key store's.
    pub fn import(&mut self, object: u32, key: &[u8]) -> Result<(), ErrorCode> {
        self.call(Command::Import, object, 0, [key, &[], &[]])
            .map(drop)
    }

    /// Erases an object.
    ///
    /// # Errors
    /// The key store's.
    pub fn erase(&mut self, object: u32) -> Result<(), ErrorCode> {
        self.call(Command::Erase, object, 0, NOTHING).map(drop)
    }

    /// Overwrites the buffers of the mailbox, so that no key is in the app's RAM
    /// because the test put it there.
    pub fn clear_buffers(&mut self) {
        let start = self.buffer(0);
        let length = mailbox::SIZES.iter().sum();
        assert!(self.machine.write_memory(start, &vec![0; length]));
    }
}

/// Mailbox and turn, once the bridge has made them.
fn find_mailbox(machine: &mut Machine) -> Option<(u32, u32)> {
    let ram = Bridge::ram();
    let bytes = machine.read_memory(ram.start, ram.len())?;
    let at = (0..bytes.len())
        .step_by(MAGIC.len())
        .find(|at| bytes[*at..].starts_with(&MAGIC))?;
    let mailbox = ram.start + at as u32;
    let turn = machine.read_word(mailbox + mailbox::word(Word::Turn) as u32)?;
    let flash = manifest().app("dlms").expect("a slot").flash;
    (flash.start..flash.start + flash.size)
        .contains(&turn)
        .then_some((mailbox, turn))
}
