//! A command of the key store with its buffers, by a scripted app.

use drivers::key_store::Command;

use crate::fixture::Fixture;
use crate::probe::KEY_STORE;
use crate::specimen::scripted_app::{Answer, Call, Silent};

/// Where inputs and output stand in the arena.
pub const INPUT: u32 = 0;
/// Associated data.
pub const ASSOCIATED: u32 = 256;
/// Nonce.
pub const NONCE: u32 = 384;
/// Output.
pub const OUTPUT: u32 = 512;
/// Bytes of the output buffer.
pub const OUTPUT_BYTES: u32 = 256;
/// What no attack uses otherwise.
pub const SPARE: u32 = 1_024;

/// A command and what goes with it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which command, and its arguments.
    pub command: (Command, u32, u32),
    /// Input, associated data, nonce.
    pub inputs: [&'a [u8]; 3],
}

impl<'a> Request<'a> {
    /// Makes a request with an input alone, which may be empty.
    pub fn new(command: (Command, u32, u32), input: &'a [u8]) -> Self {
        Self {
            command,
            inputs: [input, &[], &[]],
        }
    }

    /// Makes a request with an input and a nonce.
    pub fn sealing(command: (Command, u32, u32), input: &'a [u8], nonce: &'a [u8; 12]) -> Self {
        Self {
            command,
            inputs: [input, &[], nonce],
        }
    }

    /// Writes the inputs into the app's arena, and returns the calls that share them.
    pub fn prepare(&self, fixture: &mut Fixture, app: &str) -> Result<Vec<Call>, Silent> {
        let scripted = fixture.scripted_app(app)?;
        let arena = scripted.arena();
        let mut calls = Vec::new();
        let places = [INPUT, ASSOCIATED, NONCE];
        for ((number, bytes), place) in (0..).zip(self.inputs).zip(places) {
            scripted.fill(&mut fixture.machine, place, bytes);
            let length = bytes.len() as u32;
            let address = if length == 0 { 0 } else { arena + place };
            calls.push(Call::share(KEY_STORE, number, address, length));
        }
        scripted.fill(&mut fixture.machine, OUTPUT, &[0; OUTPUT_BYTES as usize]);
        calls.push(Call::lend(KEY_STORE, 0, arena + OUTPUT, OUTPUT_BYTES));
        Ok(calls)
    }

    /// Returns the command itself.
    pub fn call(&self) -> Call {
        let (command, first, second) = self.command;
        Call::command(KEY_STORE, command, first, second)
    }

    /// Makes the call, and returns its answer and output.
    ///
    /// # Errors
    /// The app is silent.
    pub fn make(&self, fixture: &mut Fixture, app: &str) -> Result<(Answer, Vec<u8>), Silent> {
        let mut calls = self.prepare(fixture, app)?;
        let at = calls.len();
        calls.push(self.call().and_wait());
        calls.extend(take_back());
        let answer = fixture.make(app, &calls)?[at];
        let length = answer.upcall.map_or(0, |[_, length, _]| length);
        let length = length.min(OUTPUT_BYTES) as usize;
        let scripted = fixture.scripted_app(app)?;
        Ok((answer, scripted.look(&mut fixture.machine, OUTPUT, length)))
    }
}

/// Returns the calls that take all buffers back.
pub fn take_back() -> [Call; 4] {
    [
        Call::share(KEY_STORE, 0, 0, 0),
        Call::share(KEY_STORE, 1, 0, 0),
        Call::share(KEY_STORE, 2, 0, 0),
        Call::lend(KEY_STORE, 0, 0, 0),
    ]
}
