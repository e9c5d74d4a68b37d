//! The load profile lies sealed on the external flash: it outlives a loss of power, and says nothing to who reads the chip.

use std::time::Duration;

use audit::specimen::meter;
use system_tests::calibration;

const SEED: u64 = 1;
const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";

/// The lines of the load profile that `show` lists.
fn profile(machine: &mut emulator::Machine) -> Vec<String> {
    machine.take_uart_output(0);
    machine.uart_input(0, b"show\r");
    machine.run_for(Duration::from_secs(2));
    meter::console(machine)
        .lines()
        .filter(|line| line.starts_with("profile "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_load_profile_survives_a_loss_of_power() {
    let mut machine = meter::boot(calibration::calibrated(SEED).bytes(), LOAD, SEED);
    machine.run_for(Duration::from_secs(910));
    let before = profile(&mut machine);
    assert_eq!(before.len(), 1, "{before:?}");
    assert!(before[0].contains("import_Wh=229.") || before[0].contains("import_Wh=230."));

    machine.power_cycle();
    machine.run_for(Duration::from_secs(5));
    assert_eq!(profile(&mut machine), before);

    // Sealed: neither the record nor its first words stand there in the clear.
    let nor = machine.nor().expect("the board has one");
    let written: Vec<u8> = nor.iter().copied().filter(|byte| *byte != 0xFF).collect();
    assert!(written.len() > 64, "a record is there");
    let end = 900_u32.to_le_bytes();
    assert!(!written.windows(4).any(|window| window == end));
}
