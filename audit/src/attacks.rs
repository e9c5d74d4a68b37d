//! One attack after the other against a meter that measures, and what became of each.

use std::sync::OnceLock;
use std::time::Duration;

use attacker::selector;
use attacker::{Attack, Expected, ATTACKS, BREACH, CONTAINED, LINE_START};
use emulator::machine::Snapshot;
use emulator::report::crash_log;
use emulator::{Machine, Stop};

use crate::specimen::artifacts::manifest;
use crate::specimen::firmware::Firmware;
use crate::specimen::meter;

/// The slot of an attacker that carries out the whole catalogue.
pub const SLOT: &str = "dlms";
/// What the meter measures meanwhile.
const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
const SEED: u64 = 1;
/// Most time until the apps start: seed, key store, signatures.
const START: Duration = Duration::from_secs(3);
/// Between looks at whether the attacker has begun.
const LOOK: Duration = Duration::from_millis(20);
/// How long an attack then goes on, with a line of measurements in it.
const DURATION: Duration = Duration::from_millis(1_150);
/// Power factor 0.8 at 230 V and 5 A, with the tolerance of an uncalibrated
/// front end.
const WATTS: std::ops::Range<f64> = 850.0..990.0;

/// What became of one attack.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The attack.
    pub attack: &'static Attack,
    /// What it got, in words.
    pub found: String,
    /// Which walls failed; none when all held.
    pub failures: Vec<String>,
}

/// The meter at the moment before the attacker's first instruction; booted once, when
/// the first attack wants it.
pub struct Armed {
    slot: &'static str,
    moment: OnceLock<Moment>,
}

struct Moment {
    flash: Vec<u8>,
    snapshot: Snapshot,
    /// Where the words lie that choose the attack.
    selector: u32,
}

impl Moment {
    /// The attacker has been verified by now, so that one start serves all attacks. It may
    /// call all drivers that are not restricted, and tells on the console how it goes.
    fn arrive(slot: &str) -> Self {
        let firmware = Firmware::granted().with_attacker(slot, ATTACKS[0].name, 0);
        let object = firmware.object(slot);
        let slot = manifest().app(slot).expect("a slot of meter.toml").flash;
        let place = selector::place(object.bytes()).expect("the object has a selector");
        let mut machine = meter::boot(firmware.bytes(), LOAD, SEED);
        let entry = slot.start + object.entry();
        assert!(machine.add_breakpoint(entry), "an instruction's address");
        assert_eq!(machine.run_for(START), Stop::Breakpoint(entry), "it starts");
        machine.remove_hooks(entry);
        Self {
            flash: machine.flash(),
            snapshot: machine.save(),
            selector: slot.start + place as u32,
        }
    }
}

impl Armed {
    /// Prepares the attacker in this slot, signed as its app; nothing is booted yet.
    pub fn in_slot(slot: &'static str) -> Self {
        Self {
            slot,
            moment: OnceLock::new(),
        }
    }

    /// Returns the attacker's slot.
    pub fn slot(&self) -> &'static str {
        self.slot
    }

    fn moment(&self) -> &Moment {
        self.moment.get_or_init(|| Moment::arrive(self.slot))
    }

    /// Returns a machine for attacks.
    ///
    /// # Panics
    /// When the images are not built.
    pub fn machine(&self) -> Machine {
        meter::boot(&self.moment().flash, LOAD, SEED)
    }

    /// Carries out one attack on such a machine, whatever was done on it before.
    ///
    /// # Panics
    /// When the machine refuses its state.
    pub fn carry_out(&self, machine: &mut Machine, attack: &'static Attack) -> Outcome {
        let moment = self.moment();
        let restored = machine.restore(&moment.snapshot);
        restored.expect("a state of such a machine");
        let (number, _) = attacker::find(attack.name).expect("an attack of the catalogue");
        assert!(machine.write_memory(moment.selector, &selector::words(number, 0)));
        run(machine, attack.expected);
        outcome(machine, attack)
    }
}

fn outcome(machine: &mut Machine, attack: &'static Attack) -> Outcome {
    let text = meter::console(machine);
    let attacks: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(LINE_START))
        .collect();
    let starts = attacks
        .iter()
        .filter(|line| line.contains(": start"))
        .count();
    let last = attacks.last().copied().unwrap_or("").to_owned();
    let state = attacker_state(machine);

    let mut failures = Vec::new();
    let mut expect = |held: bool, wall: &str| {
        if !held {
            failures.push(wall.to_owned());
        }
    };
    expect(!text.contains(BREACH), "the attacker got through");
    expect(starts >= 1, "the attack did not start");
    expect(
        as_expected(attack.expected, &last, starts, &state),
        "the attack did not end as it must",
    );
    expect_metering(machine, &mut expect);
    Outcome {
        attack,
        found: format!("{} [{state:?}]", last.trim_start_matches(LINE_START)),
        failures,
    }
}

/// Runs until the attacker has begun, and then as long as it takes to see what comes
/// of it. An attack that spins is cut short once the meter has measured beside it.
fn run(machine: &mut Machine, expected: Expected) {
    let begin = machine.nanoseconds();
    while machine.nanoseconds() - begin < START.as_nanos() as u64 {
        machine.run_for(LOOK);
        if meter::console(machine).contains(LINE_START) {
            break;
        }
    }
    if expected != Expected::Spin {
        machine.run_for(DURATION);
        return;
    }
    let begin = machine.nanoseconds();
    while machine.nanoseconds() - begin < DURATION.as_nanos() as u64 {
        machine.run_for(LOOK);
        if !meter::readings(machine).is_empty() {
            break;
        }
    }
}

/// State, faults and restarts of the attacker, as the kernel's process table has them.
#[derive(Debug, Default)]
struct AttackerState {
    state: String,
    faults: u32,
    restarts: u32,
}

fn attacker_state(machine: &mut Machine) -> AttackerState {
    crash_log::read(machine)
        .and_then(|log| {
            log.processes
                .into_iter()
                .find(|process| process.name == "attacker")
        })
        .map(|process| AttackerState {
            state: process.state.to_string(),
            faults: process.faults,
            restarts: process.restarts,
        })
        .unwrap_or_default()
}

fn as_expected(expected: Expected, last: &str, starts: usize, state: &AttackerState) -> bool {
    let faulted = state.faults >= 1;
    let contained = last.contains(CONTAINED) && !faulted;
    match expected {
        Expected::Fault => faulted,
        Expected::Contained => contained,
        Expected::FaultOrContained => faulted || contained,
        Expected::Spin => !faulted && starts == 1,
        Expected::Terminate => state.state == "terminated" && starts == 1,
        Expected::Restart => state.restarts >= 1 && starts >= 2,
    }
}

/// Whatever the attacker did: the kernel never reset, and no sample was lost.
fn expect_metering(machine: &mut Machine, expect: &mut impl FnMut(bool, &str)) {
    let resets = machine.statistics().resets[1..].iter().sum::<u64>();
    expect(resets == 0, "the kernel was reset");
    let metering = crash_log::read(machine).and_then(|log| {
        log.processes
            .into_iter()
            .find(|process| process.name == "metering")
    });
    expect(
        metering.is_some_and(|process| process.faults == 0 && process.restarts == 0),
        "the metering app was hit",
    );
    let statistics = machine.statistics();
    expect(
        statistics.samples_lost + statistics.samples_overwritten == 0,
        "the converter lost samples",
    );
    let reading = meter::readings(machine).pop();
    expect(reading.is_some(), "the meter fell silent");
    if let Some(reading) = reading {
        expect(reading["lost"] == 0.0, "the metering app lost samples");
        expect(WATTS.contains(&reading["W"]), "the meter measured wrongly");
    }
}
