//! The flashed image measures: accuracy, starting current, creep, registers over time.

use std::time::Duration;

use audit::specimen::meter::{self, Reading};
use emulator::Machine;
use system_tests::calibration;

/// The front end of these tests.
const SEED: u64 = 1;

fn run(mains: &str, seconds: u64) -> Machine {
    let mut machine = meter::boot(calibration::calibrated(SEED).bytes(), mains, SEED);
    machine.run_for(Duration::from_secs(seconds));
    machine
}

fn assert_near(reading: &Reading, key: &str, wanted: f64, percent: f64) {
    let error = (reading[key] / wanted - 1.0) * 100.0;
    assert!(
        error.abs() <= percent,
        "{key} is {} instead of {wanted}: {error:.3} %",
        reading[key]
    );
}

/// Energy between two readings as mean power, watts.
fn mean_power(readings: &[Reading], key: &str) -> f64 {
    let (first, last) = (&readings[1], &readings[readings.len() - 1]);
    let seconds = (last["samples"] - first["samples"]) * 153e-6;
    (last[key] - first[key]) * 3_600.0 / seconds
}

fn assert_nothing_lost(machine: &Machine) {
    let statistics = machine.statistics();
    assert_eq!(statistics.samples_lost + statistics.samples_overwritten, 0);
    assert_eq!(meter::last_reading(machine)["lost"], 0.0);
}

#[test]
fn every_quantity_is_measured() {
    let machine = run("sine:230V,5A,pf0.8,50Hz", 8);
    let reading = meter::last_reading(&machine);
    assert_near(&reading, "V", 230.0, 0.3);
    assert_near(&reading, "A", 5.0, 0.5);
    assert_near(&reading, "W", 920.0, 0.5);
    assert_near(&reading, "var", 690.0, 0.7);
    assert_near(&reading, "VA", 1_150.0, 0.7);
    assert_near(&reading, "PF", 0.8, 0.5);
    assert_near(&reading, "Hz", 50.0, 0.02);
    assert_near(
        &Reading::from([(
            "W".into(),
            mean_power(&meter::readings(&machine), "import_Wh"),
        )]),
        "W",
        920.0,
        0.5,
    );
    // Calibration may have left a trace in the register; this load adds nothing.
    let first = &meter::readings(&machine)[0];
    assert_eq!(reading["export_Wh"], first["export_Wh"]);
    assert_nothing_lost(&machine);
}

#[test]
fn sixty_hertz_and_export() {
    let machine = run("sine:230V,10A,pf-1,60Hz", 6);
    let reading = meter::last_reading(&machine);
    assert_near(&reading, "Hz", 60.0, 0.02);
    assert_near(&reading, "W", -2_300.0, 0.5);
    let first = &meter::readings(&machine)[0];
    assert_eq!(reading["import_Wh"], first["import_Wh"]);
    assert!(reading["export_Wh"] > first["export_Wh"] + 1.0);
}

#[test]
fn starting_current_is_registered() {
    let machine = run("sine:230V,20mA,pf1,50Hz", 12);
    let watts = mean_power(&meter::readings(&machine), "import_Wh");
    assert!((3.9..5.3).contains(&watts), "{watts} W instead of 4.6 W");
}

#[test]
fn nothing_is_registered_without_load() {
    let machine = run("sine:264.5V,0A,50Hz", 60);
    let readings = meter::readings(&machine);
    for key in ["import_Wh", "export_Wh", "import_varh", "export_varh"] {
        assert_eq!(
            readings[0][key],
            readings[readings.len() - 1][key],
            "{key} crept"
        );
    }
    assert_nothing_lost(&machine);
}

#[test]
fn pulses_follow_the_energy() {
    // 13.8 kW are 3.83 pulses a second.
    let mut machine = run("sine:230V,60A,pf1,50Hz", 2);
    let pulses = machine.pin_falls(LED_PIN);
    let before = meter::last_reading(&machine)["import_Wh"];
    machine.run_for(Duration::from_secs(10));
    let energy = meter::last_reading(&machine)["import_Wh"] - before;
    let counted = (machine.pin_falls(LED_PIN) - pulses) as f64;
    assert!(
        (counted - energy).abs() <= 2.0,
        "{counted} pulses for {energy} Wh"
    );
}

/// P0.13, LED 1 of the DK.
const LED_PIN: u8 = 13;

#[test]
fn registers_survive_a_loss_of_power() {
    // Longer than the longest time between two saves.
    let mut machine = run("sine:230V,20A,pf1,50Hz", 130);
    let before = meter::last_reading(&machine)["import_Wh"];
    let lines = meter::readings(&machine).len();
    machine.power_cycle();
    machine.run_for(Duration::from_secs(3));
    let after = &meter::readings(&machine)[lines];
    let watt_hours_of_a_save = 4_600.0 * 125.0 / 3_600.0;
    assert!(after["import_Wh"] > 0.0, "the registers were lost");
    assert!(
        before - after["import_Wh"] <= watt_hours_of_a_save,
        "{} Wh became {} Wh",
        before,
        after["import_Wh"]
    );
}

/// Lets the meter run for a time and looks at every line it prints.
fn long_run(seconds: u64) {
    const STEP: u64 = 600;
    let mut machine = meter::boot(
        calibration::calibrated(SEED).bytes(),
        "sine:230V,5A,pf0.8,50Hz",
        SEED,
    );
    let mut readings: Vec<Reading> = Vec::new();
    for _ in 0..seconds / STEP {
        machine.run_for(Duration::from_secs(STEP));
        for reading in meter::readings(&machine) {
            if let Some(last) = readings.last() {
                for key in ["import_Wh", "import_varh", "samples", "t"] {
                    assert!(reading[key] > last[key], "{key} stood still or went back");
                }
            }
            if readings.len() > 2 {
                readings.pop();
            }
            readings.push(reading);
        }
        machine.take_uart_output(0);
        assert_eq!(readings.last().expect("a line")["lost"], 0.0);
        let statistics = machine.statistics();
        assert_eq!(statistics.samples_lost + statistics.samples_overwritten, 0);
        assert_eq!(
            statistics.overwritten_words, 0,
            "a word was written too often"
        );
    }
    let watts = mean_power(&readings, "import_Wh");
    assert!((watts / 920.0 - 1.0).abs() <= 0.005, "{watts} W");
    let statistics = machine.statistics();
    let saves_expected = seconds / 130;
    assert!(statistics.flash_writes > saves_expected);
    let worn = statistics.page_erases.iter().max().copied().unwrap_or(0);
    println!(
        "{seconds} s: {} words written, {} page erases, at most {worn} of one page",
        statistics.flash_writes, statistics.flash_erases
    );
}

#[test]
fn ten_minutes_without_a_lost_sample() {
    long_run(600);
}

#[test]
#[ignore = "24 hours of virtual time: make test-long"]
fn a_day_without_a_lost_sample() {
    long_run(24 * 3_600);
}
