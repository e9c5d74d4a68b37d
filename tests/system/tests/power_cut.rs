//! The supply fails at every flash operation of a save: the registers are the old or the new ones.
//!
//! The energy store's own tests cut at every operation against a model; these
//! cut the whole meter: kernel, driver, flash controller and app.

use std::time::Duration;

use audit::specimen::meter;
use emulator::machine::Cut;
use emulator::Stop;
use system_tests::calibration;
use system_tests::energy_pages::Fill;

const SEED: u64 = 1;
const LOAD: &str = "sine:230V,20A,pf1,50Hz";
/// A save comes ten seconds after the one before; this is shortly before one.
const BEFORE_SAVE: Duration = Duration::from_millis(9_500);
/// And this is behind it, an erase of a page included.
const BEHIND_SAVE: Duration = Duration::from_millis(2_500);

fn cut_everywhere(fill: Fill) {
    let mut machine = meter::boot(&calibration::filled(fill, LOAD, SEED), LOAD, SEED);
    machine.run_for(BEFORE_SAVE);
    let first = machine.flash_operations();
    let before = machine.save();
    // A saved state leaves the front end out: every trial starts it anew, for
    // the same noise and so the same registers.
    meter::connect(&mut machine, LOAD, SEED);
    machine.run_for(BEHIND_SAVE);
    let operations = machine.flash_operations() - first;
    assert!(
        operations >= 4,
        "a save takes more than {operations} operations"
    );
    let new = calibration::restored_energy(&mut machine, SEED);

    machine.restore(&before).expect("the same machine");
    let old = calibration::restored_energy(&mut machine, SEED);
    assert!(new > old && old > 0.0, "{old} Wh, then {new} Wh");

    for number in 1..=operations {
        machine.restore(&before).expect("the same machine");
        meter::connect(&mut machine, LOAD, SEED);
        machine.set_cut(Some(Cut::FlashOperation(first + number)));
        assert_eq!(machine.run_for(BEHIND_SAVE), Stop::PowerCut);
        let found = calibration::restored_energy(&mut machine, SEED);
        assert!(
            found == old || found == new,
            "cut at operation {number} of {operations}: {found} Wh, neither {old} nor {new}"
        );
        // And once more, in the middle of what the start repairs.
        machine.power_cycle();
        machine.take_uart_output(0);
        machine.run_for(Duration::from_millis(2_500));
        let again = meter::last_reading(&machine)["import_Wh"];
        assert_eq!(
            again, found,
            "cut at operation {number}: another start, another register"
        );
    }
    assert_eq!(machine.statistics().overwritten_words, 0);
}

#[test]
fn while_a_page_fills() {
    cut_everywhere(Fill::AsItIs);
}

#[test]
fn in_a_half_full_page() {
    cut_everywhere(Fill::Records(60));
}

#[test]
fn while_the_next_page_is_erased() {
    cut_everywhere(Fill::UntilTheNextErases);
}
