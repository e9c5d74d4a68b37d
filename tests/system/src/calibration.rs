//! Meters that were calibrated on a bench, and what they have saved of the energy.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::specimen::meter::{boot, connect, console, last_reading};
use emulator::front_end::FrontEnd;
use emulator::mains::Mains;
use emulator::Machine;

use crate::energy_pages::{self, Fill};

/// Starts again without load, and returns the energy that the first line shows, in Wh.
///
/// # Panics
/// When no line comes.
pub fn restored_energy(machine: &mut Machine, seed: u64) -> f64 {
    connect(machine, "sine:230V,0A,50Hz", seed);
    machine.power_cycle();
    machine.take_uart_output(0);
    machine.run_for(Duration::from_millis(2_500));
    last_reading(machine)["import_Wh"]
}

/// Returns the flash of a meter that was calibrated and has saved its registers under this
/// load, its energy store filled up.
///
/// # Panics
/// As for [`calibrated`].
pub fn filled(fill: Fill, load: &str, seed: u64) -> Vec<u8> {
    let mut machine = boot(calibrated(seed).bytes(), load, seed);
    machine.run_for(Duration::from_secs(13));
    let mut flash = Firmware::meter()
        .with_data_of(&machine.flash())
        .bytes()
        .to_vec();
    let store = manifest().flash.energy_store;
    energy_pages::fill(&mut flash[store.start as usize..store.end() as usize], fill);
    flash
}

/// The steps of the calibration bench (docs/metrology.md): range and current.
const CALIBRATION: [(&str, &str); 6] = [
    ("high", "0.25"),
    ("high", "1"),
    ("high", "4"),
    ("low", "5"),
    ("low", "20"),
    ("low", "60"),
];

/// Returns the flash of the meter after calibration with the front end of `seed`; made once
/// in a test run.
///
/// # Panics
/// When the meter does not accept a step.
pub fn calibrated(seed: u64) -> Firmware {
    static MADE: Mutex<BTreeMap<u64, Firmware>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().expect("no test fails while it holds this");
    made.entry(seed).or_insert_with(|| calibrate(seed)).clone()
}

fn calibrate(seed: u64) -> Firmware {
    let mut machine = boot(Firmware::meter().bytes(), "sine:230V,0A,50Hz", seed);
    for (range, amperes) in CALIBRATION {
        let load = format!("sine:230V,{amperes}A,pf0.5,50Hz");
        let mains = Mains::parse(&load).expect("a load");
        machine.set_analog(Box::new(FrontEnd::from_seed(mains, seed)));
        machine.run_for(Duration::from_secs(1));
        machine.take_uart_output(0);
        machine.uart_input(
            0,
            format!("calibrate {range} 230 {amperes} 60\n").as_bytes(),
        );
        assert!(
            runs_until(&mut machine, &format!("ok calibrate {range} "), 14),
            "the meter did not accept {load}:\n{}",
            console(&machine)
        );
    }
    Firmware::meter().with_data_of(&machine.flash())
}

/// Runs until a line of the console starts with `answer`, at most so many
/// seconds; whether it came.
fn runs_until(machine: &mut Machine, answer: &str, seconds: u32) -> bool {
    (0..seconds).any(|_| {
        machine.run_for(Duration::from_secs(1));
        console(machine)
            .lines()
            .any(|line| line.starts_with(answer))
    })
}
