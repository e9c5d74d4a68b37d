//! The meter in the emulator: boot, load, and what its console says.

use std::collections::BTreeMap;

use emulator::front_end::FrontEnd;
use emulator::image::Image;
use emulator::mains::Mains;
use emulator::{report, Config, Machine};

/// A line of measurements, by key.
pub type Reading = BTreeMap<String, f64>;

/// Returns a machine with this flash and this load, its front end drawn from `seed`.
///
/// # Panics
/// When the load is malformed or the host cannot run the emulator.
pub fn boot(flash: &[u8], mains: &str, seed: u64) -> Machine {
    let mains = Mains::parse(mains).expect("a load");
    boot_with(flash, mains, seed)
}

/// Makes a machine as [`boot`] does, with any mains.
///
/// # Panics
/// When the host cannot run the emulator.
pub fn boot_with(flash: &[u8], mains: Mains, seed: u64) -> Machine {
    machine(flash, None, mains, seed)
}

/// Makes a machine as [`boot`] does, with this content of the external flash.
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

/// Returns everything that the meter has written on its local port.
pub fn console(machine: &Machine) -> String {
    String::from_utf8_lossy(machine.uart_output(0)).into_owned()
}

/// Returns the lines of measurements so far.
pub fn readings(machine: &Machine) -> Vec<Reading> {
    machine
        .uart_output(0)
        .split(|byte| *byte == b'\n')
        .filter_map(report::meter::parse)
        .collect()
}

/// Returns the newest line of measurements.
///
/// # Panics
/// When there is none.
pub fn last_reading(machine: &Machine) -> Reading {
    readings(machine)
        .pop()
        .expect("the meter has printed a line")
}
