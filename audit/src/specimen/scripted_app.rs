//! A scripted app makes the system calls that the host gives it (`attacker::scripted`).

use drivers::alarm;
use std::time::Duration;

use attacker::scripted as layout;
use emulator::{Machine, Stop};
use manifest::Manifest;

/// Longest time for a batch of calls; one that generates keys takes a second.
const LIMIT: Duration = Duration::from_secs(20);
/// First tag of the successful answers.
const SUCCESS: u32 = 128;
const COMMAND: u32 = 2;
const ALLOW_READ_WRITE: u32 = 3;
const ALLOW_READ_ONLY: u32 = 4;

/// What the scripted app is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    class: u32,
    arguments: [u32; 4],
    after: u32,
}

impl Call {
    /// Returns a command, and no waiting for what it starts.
    pub fn command(driver: u32, number: impl Into<u32>, first: u32, second: u32) -> Self {
        Self::class(COMMAND, [driver, number.into(), first, second])
    }

    /// Returns a system call of any class.
    pub fn class(class: u32, arguments: [u32; 4]) -> Self {
        Self {
            class,
            arguments,
            after: layout::GO_ON,
        }
    }

    /// Shares bytes for reading.
    pub fn share(driver: u32, number: u32, address: u32, length: u32) -> Self {
        Self::class(ALLOW_READ_ONLY, [driver, number, address, length])
    }

    /// Shares bytes for writing.
    pub fn lend(driver: u32, number: u32, address: u32, length: u32) -> Self {
        Self::class(ALLOW_READ_WRITE, [driver, number, address, length])
    }

    /// Stores a word, which is no system call.
    pub fn store(address: u32, value: u32) -> Self {
        Self::class(layout::STORE, [address, value, 0, 0])
    }

    /// Waits for upcall 0 of a driver whatever became of the calls before.
    pub fn wait(driver: u32) -> Self {
        Self::class(0, [2, driver, 0, 0])
    }

    /// Ends the run; the app starts anew.
    pub fn restart() -> Self {
        Self::class(6, [1, 0, 0, 0])
    }

    /// Sleeps so many milliseconds.
    pub fn sleep(milliseconds: u32) -> Self {
        // The alarm counts 32,768 Hz in the upper 24 of its 32 bits.
        let ticks = (milliseconds * 32_768 / 1_000) << 8;
        Self::command(alarm::NUMBER, alarm::Command::Relative, ticks, 0).and_wait()
    }

    /// Moves the app's break, up or down.
    pub fn move_break(bytes: i32) -> Self {
        Self::class(5, [1, bytes as u32, 0, 0])
    }

    /// Asks for an upcall to a function.
    pub fn subscribe(driver: u32, number: u32, function: u32) -> Self {
        Self::class(1, [driver, number, function, 0])
    }

    /// Waits, if the command succeeds, for upcall 0 of its driver.
    #[must_use]
    pub fn and_wait(mut self) -> Self {
        self.after = layout::WAIT;
        self
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The registers r0 to r3.
    pub registers: [u32; 4],
    /// Arguments of the upcall, if the call waited for one.
    pub upcall: Option<[u32; 3]>,
}

impl Answer {
    /// Returns the error of the call, or of the upcall that ended it.
    pub fn error(&self) -> Option<u32> {
        if self.registers[0] < SUCCESS {
            return Some(self.registers[1]);
        }
        let [status, ..] = self.upcall?;
        (status != 0).then_some(status)
    }

    /// Returns whether the call, and what it started, succeeded.
    pub fn succeeded(&self) -> bool {
        self.error().is_none()
    }
}

/// The scripted app does not answer: what was being done, and what the machine said.
pub type Silent = String;

/// One scripted app.
#[derive(Clone, Copy, Debug)]
pub struct ScriptedApp {
    mailbox: u32,
    arena: u32,
}

impl ScriptedApp {
    /// Runs the machine until the scripted app in a slot serves its mailbox.
    ///
    /// # Errors
    /// It does not, within four seconds.
    pub fn find(machine: &mut Machine, manifest: &Manifest, slot: &str) -> Result<Self, Silent> {
        let ram = manifest.app(slot).ok_or("no such slot")?.ram;
        let mut found = None;
        machine.run_until(Duration::from_secs(4), |machine| {
            let bytes = machine
                .read_memory(ram.start, ram.size as usize)
                .unwrap_or_default();
            found = mailbox(ram.start, &bytes);
            found.is_some()
        });
        found.ok_or_else(|| format!("the app in slot {slot} does not answer"))
    }

    /// Takes away what the scripted app is found by; its next run puts it back.
    pub fn forget(&self, machine: &mut Machine) {
        machine.write_data(self.mailbox, &[0; 4 * layout::MAGIC.len()]);
    }

    /// Returns the address of memory of the app that calls may share.
    pub fn arena(&self) -> u32 {
        self.arena
    }

    /// Fills the arena from `offset` on.
    pub fn fill(&self, machine: &mut Machine, offset: u32, bytes: &[u8]) {
        machine.write_data(self.arena + offset, bytes);
    }

    /// Returns what stands in the arena.
    pub fn look(&self, machine: &mut Machine, offset: u32, length: usize) -> Vec<u8> {
        machine
            .read_memory(self.arena + offset, length)
            .unwrap_or_default()
    }

    /// Makes calls, in batches that the mailbox holds.
    ///
    /// # Errors
    /// A batch is not done in time.
    pub fn make(&self, machine: &mut Machine, calls: &[Call]) -> Result<Vec<Answer>, Silent> {
        let mut answers = Vec::with_capacity(calls.len());
        for batch in calls.chunks(layout::MOST_CALLS) {
            self.start(machine, batch);
            answers.extend(self.finish(machine, batch)?);
        }
        Ok(answers)
    }

    /// Makes one call.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    pub fn call(&self, machine: &mut Machine, call: Call) -> Result<Answer, Silent> {
        let answers = self.make(machine, &[call])?;
        answers.first().copied().ok_or_else(|| "no answer".into())
    }

    /// Has the scripted app begin with one batch.
    pub fn start(&self, machine: &mut Machine, batch: &[Call]) {
        let mut bytes = Vec::new();
        for call in batch {
            let mut words = [0; layout::CALL_WORDS];
            words[0] = call.class;
            words[1..5].copy_from_slice(&call.arguments);
            words[layout::AFTER] = call.after;
            bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        machine.write_data(self.word(layout::CALLS), &bytes);
        let count = batch.len() as u32;
        machine.write_data(self.word(layout::COUNT), &count.to_le_bytes());
        machine.write_data(self.word(layout::STATE), &layout::GO.to_le_bytes());
    }

    /// Runs the machine until the scripted app is done with the batch.
    ///
    /// # Errors
    /// It is not, in time.
    pub fn finish(&self, machine: &mut Machine, batch: &[Call]) -> Result<Vec<Answer>, Silent> {
        let state = self.word(layout::STATE);
        let stop = machine.run_until(LIMIT, |machine| {
            machine.read_word(state) == Some(layout::IDLE)
        });
        if stop != Stop::Found {
            return Err(format!("no end of {batch:?}: {stop:?}"));
        }
        let length = batch.len() * layout::CALL_WORDS;
        let words: Vec<u32> = machine
            .read_memory(self.word(layout::CALLS), length * 4)
            .unwrap_or_default()
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        let answer = |(words, call): (&[u32], &Call)| Answer {
            registers: [words[6], words[7], words[8], words[9]],
            upcall: (call.after == layout::WAIT && words[6] >= SUCCESS).then(|| {
                let at = layout::UPCALL;
                [words[at], words[at + 1], words[at + 2]]
            }),
        };
        Ok(words
            .chunks_exact(layout::CALL_WORDS)
            .zip(batch)
            .map(answer)
            .collect())
    }

    fn word(&self, index: usize) -> u32 {
        self.mailbox + 4 * index as u32
    }
}

/// The mailbox in these bytes of RAM. It names the address of its arena, which a copy
/// of its first words elsewhere does not.
fn mailbox(start: u32, bytes: &[u8]) -> Option<ScriptedApp> {
    let magic: Vec<u8> = layout::MAGIC
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let at = (0..bytes.len())
        .step_by(4)
        .filter(|at| bytes[*at..].starts_with(&magic));
    let scripted = |at: usize| {
        let word = bytes.get(at + 4 * layout::ARENA_ADDRESS..)?.first_chunk()?;
        let scripted = ScriptedApp {
            mailbox: start + at as u32,
            arena: u32::from_le_bytes(*word),
        };
        (scripted.arena == scripted.word(layout::ARENA)).then_some(scripted)
    };
    at.filter_map(scripted).next()
}
