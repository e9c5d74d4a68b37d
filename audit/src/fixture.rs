//! A meter whose apps are scripted, with the apps' own headers and signatures, and its life.

use drivers::alarm;
use drivers::key_store::Command;
use std::collections::BTreeMap;

use emulator::machine::Snapshot;
use emulator::Machine;
use manifest::{Manifest, Operation, State};
use walls::Walls;

use super::probe::{slot_of, KEY_STORE};
use crate::specimen::firmware::Firmware;
use crate::specimen::meter;
use crate::specimen::scripted_app::{Answer, Call, ScriptedApp, Silent};

/// What the meter measures meanwhile.
pub const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
/// What chance is drawn from.
pub const SEED: u64 = 1;
/// Two seconds of the alarm's clock: all scripted apps look into their mailboxes by then.
const AHEAD: u32 = (2 * 32_768) << 8;
/// Where the peer's public key stands in the arena.
const PEER: u32 = 0;

/// The base point of P-256, SEC 1 uncompressed (FIPS 186-4, D.1.2.3): a peer whose
/// secret is 1.
pub const BASE_POINT: [u8; 65] = {
    let text = b"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    let mut bytes = [0; 65];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = nibble(text[2 * at]) << 4 | nibble(text[2 * at + 1]);
        at += 1;
    }
    bytes
};

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    }
}

/// The machine and its scripted apps.
pub struct Fixture {
    /// The machine.
    pub machine: Machine,
    /// The manifest that the audit goes by, which need not be that of the image.
    pub manifest: Manifest,
    scripted: BTreeMap<String, ScriptedApp>,
    /// Nonces that were given out.
    nonces: u32,
}

/// A fixture at a moment, from which others begin on machines of their own.
pub struct Kept {
    flash: Vec<u8>,
    snapshot: Snapshot,
    manifest: Manifest,
    scripted: BTreeMap<String, ScriptedApp>,
    nonces: u32,
}

impl Kept {
    /// Returns a fixture that stands where the one that was kept stood.
    ///
    /// # Errors
    /// The machine refuses the state.
    pub fn fixture(&self) -> Result<Fixture, Silent> {
        let mut machine = meter::boot(&self.flash, LOAD, SEED);
        let restored = machine.restore(&self.snapshot);
        restored.map_err(|error| error.to_string())?;
        Ok(Fixture {
            machine,
            manifest: self.manifest.clone(),
            scripted: self.scripted.clone(),
            nonces: self.nonces,
        })
    }
}

impl Fixture {
    /// Boots the firmware with scripted apps in these slots, and waits for them.
    ///
    /// # Errors
    /// One of them does not answer.
    ///
    /// # Panics
    /// When the images are not built.
    pub fn boot(firmware: &Firmware, manifest: &Manifest, slots: &[&str]) -> Result<Self, Silent> {
        let firmware = firmware.clone().with_scripted_apps(slots);
        let machine = meter::boot(firmware.bytes(), LOAD, SEED);
        Self::around(machine, manifest, slots)
    }

    /// Takes a machine that starts with scripted apps in these slots, and waits for them.
    ///
    /// # Errors
    /// One of them does not answer.
    pub fn around(machine: Machine, manifest: &Manifest, slots: &[&str]) -> Result<Self, Silent> {
        let mut fixture = Self {
            machine,
            manifest: manifest.clone(),
            scripted: BTreeMap::new(),
            nonces: 0,
        };
        for slot in slots {
            fixture.find(slot)?;
        }
        Ok(fixture)
    }

    /// Returns a nonce that ends in a value of its counter, greater than all before.
    pub fn fresh_nonce(&mut self) -> [u8; 12] {
        self.nonces += 1;
        let mut nonce = [0x4D; 12];
        nonce[8..].copy_from_slice(&self.nonces.to_be_bytes());
        nonce
    }

    /// Returns the scripted app in a slot.
    ///
    /// # Errors
    /// None was put there.
    pub fn scripted_app(&self, slot: &str) -> Result<ScriptedApp, Silent> {
        let scripted = self.scripted.get(slot).copied();
        scripted.ok_or_else(|| format!("no scripted app in slot {slot}"))
    }

    /// Waits for the scripted app of a new run in a slot.
    ///
    /// # Errors
    /// It does not answer.
    pub fn find(&mut self, slot: &str) -> Result<(), Silent> {
        let scripted = ScriptedApp::find(&mut self.machine, &self.manifest, slot)?;
        self.scripted.insert(slot.to_owned(), scripted);
        Ok(())
    }

    /// Makes calls in the name of an app.
    ///
    /// # Errors
    /// It is silent.
    pub fn make(&mut self, app: &str, calls: &[Call]) -> Result<Vec<Answer>, Silent> {
        self.scripted_app(app)?.make(&mut self.machine, calls)
    }

    /// Has several apps begin with a batch each at the same moment, and returns the answers of
    /// each.
    ///
    /// # Errors
    /// One of them is silent.
    pub fn make_together(
        &mut self,
        batches: &[(&str, Vec<Call>)],
    ) -> Result<Vec<Vec<Answer>>, Silent> {
        let clock = self.call(
            batches[0].0,
            Call::command(alarm::NUMBER, alarm::Command::Now, 0, 0),
        )?;
        let wait = Call::command(
            alarm::NUMBER,
            alarm::Command::Absolute,
            clock.registers[1],
            AHEAD,
        )
        .and_wait();
        let mut begun = Vec::new();
        for (app, calls) in batches {
            let scripted = self.scripted_app(app)?;
            let calls = [&[wait][..], calls].concat();
            scripted.start(&mut self.machine, &calls);
            begun.push((scripted, calls));
        }
        let finish = |(scripted, calls): (ScriptedApp, Vec<Call>)| {
            let answers = scripted.finish(&mut self.machine, &calls)?;
            Ok(answers[1..].to_vec())
        };
        begun.into_iter().map(finish).collect()
    }

    /// Makes one call in the name of an app.
    ///
    /// # Errors
    /// It is silent.
    pub fn call(&mut self, app: &str, call: Call) -> Result<Answer, Silent> {
        self.scripted_app(app)?.call(&mut self.machine, call)
    }

    /// Returns the fixture as it stands, to begin from again.
    pub fn keep(mut self) -> Kept {
        Kept {
            flash: self.machine.flash(),
            snapshot: self.machine.save(),
            manifest: self.manifest,
            scripted: self.scripted,
            nonces: self.nonces,
        }
    }

    /// Returns the state of the meter, as an app sees it.
    ///
    /// # Errors
    /// The app is silent, or may not know.
    pub fn state(&mut self, app: &str) -> Result<State, Silent> {
        let answer = self.call(app, Call::command(KEY_STORE, Command::State, 0, 0))?;
        let number = answer.registers[1] as usize;
        let state = answer.succeeded().then(|| State::from_number(number));
        state.flatten().ok_or_else(|| format!("state: {answer:?}"))
    }

    /// Has the app that may do so bring the meter into this state.
    ///
    /// # Errors
    /// Nobody may, or it does not work.
    pub fn advance_to(&mut self, state: State) -> Result<(), Silent> {
        let step = self
            .manifest
            .transitions
            .iter()
            .find(|step| step.to == state);
        let app = step.ok_or("no app may do that")?.app.clone();
        let number = state as u32;
        let call = Call::command(KEY_STORE, Command::AdvanceState, number, 0).and_wait();
        let answer = self.call(&app, call)?;
        match self.state(&app)? {
            now if answer.succeeded() && now == state => Ok(()),
            now => Err(format!("{app} asked for {state}: {answer:?}, it is {now}")),
        }
    }

    /// Has an app agree with the base point on a key for its slot.
    ///
    /// # Errors
    /// It is silent.
    pub fn agree(&mut self, app: &str, object: u16) -> Result<Answer, Silent> {
        let scripted = self.scripted_app(app)?;
        let short_id = self.manifest.app(app).map_or(0, |app| app.short_id);
        scripted.fill(&mut self.machine, PEER, &BASE_POINT);
        let address = scripted.arena() + PEER;
        let answers = scripted.make(
            &mut self.machine,
            &[
                Call::share(KEY_STORE, 0, address, BASE_POINT.len() as u32),
                Call::command(KEY_STORE, Command::Agree, object.into(), slot_of(short_id))
                    .and_wait(),
                Call::share(KEY_STORE, 0, 0, 0),
            ],
        )?;
        Ok(answers[1])
    }

    /// Returns the key with which an app agrees on session keys, if it may.
    pub fn agreement_key(&self, app: &str) -> Option<(String, u16)> {
        let walls = self.manifest.key_walls();
        walls
            .iter()
            .find(|wall| wall.app == app && wall.operation == Operation::Agree && wall.allowed())
            .map(|wall| (wall.key.to_owned(), wall.object))
    }
}
