//! How long an app waits for the CPU while others keep the kernel busy.

use std::time::Duration;

use audit::fixture::BASE_POINT;
use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::specimen::scripted_app::{Call, ScriptedApp, Silent};
use drivers::alarm;
use drivers::key_store::Command;
use emulator::Machine;
use key_bridge::mailbox::Word;

use crate::firmware;
use crate::key_bridge::{Bridge, Request, AES, KEY, NOTHING, SLOT as FIRST_SLOT};

/// RTC1 (nRF52840 PS, 6.22), left-justified in a word as the alarm driver gives it.
const TICKS_A_SECOND: u64 = 32_768 << 8;
/// A millisecond.
const NAP: u32 = 33 << 8;

/// The bridge has its turn every millisecond.
const TURN: Duration = Duration::from_millis(10);
/// The app that waits, in a slot of its own.
const SLOT: &str = "update";

/// What one app may do all the time.
pub struct Occupation {
    /// In words that go after "while another app".
    pub name: &'static str,
    request: Request<'static>,
    /// Alarms enough to meet every step of it, if it has many.
    alarms: usize,
}

/// The longest operation in steps, the longest step, and one that writes to flash.
pub const OCCUPATIONS: [Occupation; 4] = [
    Occupation {
        name: "signs",
        request: repeated((Command::Sign, KEY, 0), [&[0x3C; 32], &[], &[]]),
        alarms: 40,
    },
    Occupation {
        name: "seals 1,024 bytes",
        request: repeated(
            (Command::Encrypt, AES, 16),
            [&[0x5A; 1_024], &[0xA5; 64], &[7; 12]],
        ),
        alarms: 8,
    },
    Occupation {
        name: "agrees on keys",
        request: repeated(
            (Command::Agree, KEY, FIRST_SLOT),
            [&BASE_POINT, &[0xA5; 1_024], &[0x5A; 128]],
        ),
        alarms: 40,
    },
    Occupation {
        name: "generates keys",
        request: repeated((Command::Generate, KEY, 0), NOTHING),
        alarms: 30,
    },
];

const fn repeated(command: (Command, u32, u32), inputs: [&'static [u8]; 3]) -> Request<'static> {
    Request {
        command,
        inputs,
        output: 1_040,
        rounds: u32::MAX,
    }
}

/// A meter that measures, on which one app keeps the key store busy and another sets
/// alarms and looks at the clock when it runs again.
pub struct Busy {
    /// The app that calls the key store.
    pub bridge: Bridge,
    bystander: ScriptedApp,
    /// How many times the alarms that an occupation wants are set.
    patience: usize,
}

impl Busy {
    /// Returns a meter in the factory state with the keys that occupations need, both apps
    /// waiting.
    ///
    /// # Errors
    /// The other app does not run within a thousand turns of the bridge, or a key is
    /// not made.
    ///
    /// # Panics
    /// When the image is not built.
    pub fn boot() -> Result<Self, Silent> {
        Self::with(&firmware::key_bridge(), 1)
    }

    /// The same on this firmware, which has the key bridge, and with `patience` times as
    /// many alarms, for a kernel on which operations take longer.
    ///
    /// # Errors
    /// As [`Busy::boot`].
    ///
    /// # Panics
    /// When the bridge does not run.
    pub fn with(firmware: &Firmware, patience: usize) -> Result<Self, Silent> {
        const TURNS: usize = 1_000;
        let mut bridge = Bridge::boot(&firmware.clone().with_scripted_app(SLOT));
        let manifest = manifest();
        // The search ends at each turn of the bridge.
        let mut tries = (0..TURNS).map(|_| ScriptedApp::find(&mut bridge.machine, &manifest, SLOT));
        let bystander = tries.find_map(Result::ok);
        drop(tries);
        let bystander = bystander.ok_or("the app that waits does not run")?;
        for object in [KEY, AES] {
            bridge
                .call(Command::Generate, object, 0, NOTHING)
                .map_err(|error| format!("no key {object:#x}: {error:?}"))?;
        }
        Ok(Self {
            bridge,
            bystander,
            patience,
        })
    }

    /// Returns the longest that the other app waits while the bridge is occupied: from the
    /// moment that an alarm was set for to the app's own reading of the clock, in ticks of 31
    /// us, of alarms one after the other, each a millisecond after the last. The meter ends in
    /// the state that it began in.
    ///
    /// # Errors
    /// The other app falls silent, or the bridge's request is not done once.
    ///
    /// # Panics
    /// When the machine refuses its own state.
    pub fn longest_wait(&mut self, occupation: &Occupation) -> Result<Duration, Silent> {
        let before = self.bridge.machine.save();
        self.bridge.post(occupation.request);
        let ticks = longest(
            &self.bystander,
            &mut self.bridge.machine,
            occupation.alarms * self.patience,
        );
        let [done, status] = [Word::Done, Word::Status].map(|word| self.bridge.get(word));
        let restored = self.bridge.machine.restore(&before);
        restored.expect("its own state");
        // The bridge stands at its turn again, where the machine stops anew.
        self.bridge.run_to_turn(TURN).ok_or("no turn")?;
        let ticks = ticks.map_err(|silent| format!("{silent}: {done} rounds, status {status}"))?;
        if done == 0 {
            return Err("not one round was done".into());
        }
        Ok(Duration::from_nanos(ticks * 1_000_000_000 / TICKS_A_SECOND))
    }
}

/// In ticks of the alarm driver.
fn longest(bystander: &ScriptedApp, machine: &mut Machine, alarms: usize) -> Result<u64, Silent> {
    let nap = [
        Call::command(alarm::NUMBER, alarm::Command::Relative, NAP, 0).and_wait(),
        Call::command(alarm::NUMBER, alarm::Command::Now, 0, 0),
    ];
    let answers = bystander.make(machine, &nap.repeat(alarms))?;
    let mut longest = 0;
    for pair in answers.chunks_exact(nap.len()) {
        let [_, due, _] = pair[0].upcall.ok_or_else(|| format!("{pair:?}"))?;
        longest = longest.max(pair[1].registers[1].wrapping_sub(due));
    }
    Ok(longest.into())
}
