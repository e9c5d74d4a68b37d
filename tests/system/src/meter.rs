//! The meter in the emulator: boot, calibration, and what its console says.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use emulator::front_end::FrontEnd;
use emulator::image::Image;
use emulator::mains::Mains;
use emulator::{report, Config, Machine};

use crate::energy_pages::{self, Fill};
use crate::firmware::{manifest, Firmware};

/// A line of measurements, by key.
pub type Reading = BTreeMap<String, f64>;

/// A machine with this flash and this load, its front end drawn from `seed`.
///
/// # Panics
/// When the load is malformed or the host cannot run the emulator.
pub fn boot(flash: &[u8], mains: &str, seed: u64) -> Machine {
    let mains = Mains::parse(mains).expect("a load");
    boot_with(flash, mains, seed)
}

/// As [`boot`], with any mains.
///
/// # Panics
/// When the host cannot run the emulator.
pub fn boot_with(flash: &[u8], mains: Mains, seed: u64) -> Machine {
    machine(flash, None, mains, seed)
}

/// As [`boot`], with this content of the external flash.
///
/// # Panics
/// When the load is malformed or the host cannot run the emulator.
pub fn boot_with_nor(flash: &[u8], nor: Vec<u8>, mains: &str, seed: u64) -> Machine {
    let mains = Mains::parse(mains).expect("a load");
    machine(flash, Some(nor), mains, seed)
}

fn machine(flash: &[u8], nor: Option<Vec<u8>>, mains: Mains, seed: u64) -> Machine {
    let image = Image::from_raw(flash).expect("a flash image");
    let config = Config {
        seed,
        analog: Box::new(FrontEnd::from_seed(mains, seed)),
        nor,
        ..Config::default()
    };
    Machine::new(&image, config).expect("a machine")
}

/// Gives the meter this load from now on, its front end drawn from `seed`.
///
/// # Panics
/// When the load is malformed.
pub fn connect(machine: &mut Machine, load: &str, seed: u64) {
    let load = Mains::parse(load).expect("a load");
    machine.set_analog(Box::new(FrontEnd::from_seed(load, seed)));
}

/// Starts again without load: what the first line says of the energy was restored.
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

/// Flash of a meter that was calibrated and has saved its registers under this load,
/// its energy store filled up.
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

/// Everything that the meter has written on its local port.
pub fn console(machine: &Machine) -> String {
    String::from_utf8_lossy(machine.uart_output(0)).into_owned()
}

/// The lines of measurements so far.
pub fn readings(machine: &Machine) -> Vec<Reading> {
    machine
        .uart_output(0)
        .split(|byte| *byte == b'\n')
        .filter_map(report::meter::parse)
        .collect()
}

/// The newest line of measurements.
///
/// # Panics
/// When there is none.
pub fn last_reading(machine: &Machine) -> Reading {
    readings(machine)
        .pop()
        .expect("the meter has printed a line")
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

/// The flash of the meter after calibration with the front end of `seed`; made
/// once in a test run.
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
