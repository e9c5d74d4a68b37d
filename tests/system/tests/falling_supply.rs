//! The supply falls before it is gone: what was measured is saved from the charge that is left.
//!
//! docs/energy-store.md states how long that takes, and so how long the supply
//! must hold up. A supply that is gone at once is `power_cut.rs`.

use std::collections::BTreeSet;
use std::time::Duration;

use audit::specimen::meter;
use emulator::machine::Cut;
use emulator::{Machine, Stop};
use metering::save_budget::{FIRST_TOKENS, MOST_WARNINGS};
use system_tests::calibration;
use system_tests::energy_pages::Fill;

const SEED: u64 = 1;
const LOAD: &str = "sine:230V,60A,pf1,50Hz";
/// Of [`LOAD`], in a millisecond.
const WH_A_MS: f64 = 230.0 * 60.0 / 3_600_000.0;
/// What a falling supply may cost: a cycle and a block before the warning, and
/// the time until the app is there.
const COST_MS: f64 = 50.0;
/// From the warning until the registers are durable, at the most
/// (docs/energy-store.md).
const BOUND: Duration = Duration::from_millis(40);
/// What docs/hardware.md asks of the supply.
const HOLD_UP: Duration = Duration::from_millis(50);

/// Runs until the next line of measurements begins; the energy of the one before.
fn at_a_line(machine: &mut Machine) -> f64 {
    machine.run_for(Duration::from_millis(100));
    let reading = meter::last_reading(machine)["import_Wh"];
    machine.take_uart_output(0);
    let stop = machine.run_until_uart(0, "meter t=", Duration::from_secs(2));
    assert_eq!(stop, Stop::Found);
    reading
}

/// A meter at full load, in the middle of a second and of the ten between two
/// saves; the energy that it has measured by now, to a block.
fn measuring(flash: &[u8]) -> (Machine, f64) {
    let mut machine = meter::boot(flash, LOAD, SEED);
    machine.run_for(Duration::from_secs(16));
    let energy = at_a_line(&mut machine) + 1_000.0 * WH_A_MS;
    machine.run_for(Duration::from_millis(637));
    (machine, energy + 637.0 * WH_A_MS)
}

/// A number of the answer to `show`.
fn shown(machine: &mut Machine, key: &str) -> u32 {
    machine.take_uart_output(0);
    machine.uart_input(0, b"show\r");
    machine.run_for(Duration::from_secs(2));
    let console = meter::console(machine);
    let line = console
        .lines()
        .find(|line| line.starts_with("show "))
        .expect("an answer");
    line.split(' ')
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
        .expect("the key")
        .parse()
        .expect("a number")
}

/// Lets the supply fall; the time until the last word of the save is written.
fn time_to_save(machine: &mut Machine) -> Duration {
    time_to_save_within(machine, Duration::from_millis(60))
}

/// As [`time_to_save`], for a save that may take so long.
fn time_to_save_within(machine: &mut Machine, most: Duration) -> Duration {
    let begin = machine.now();
    let mut writes = machine.statistics().flash_writes;
    let first = writes;
    let mut last = begin;
    machine.set_supply_low(true);
    for _ in 0..most.as_micros() / 100 {
        machine.run_for(Duration::from_micros(100));
        let now = machine.statistics().flash_writes;
        if now > writes {
            writes = now;
            last = machine.now();
        }
    }
    assert!(writes >= first + 5, "nothing was saved");
    Duration::from_nanos(emulator::time::nanoseconds(last - begin))
}

#[test]
fn a_falling_supply_costs_two_cycles() {
    let (mut machine, measured) = measuring(calibration::calibrated(SEED).bytes());
    let warned = machine.now();
    let before = machine.save();
    let at = Cut::Time(Duration::from_nanos(machine.nanoseconds()));
    machine.set_falling_cut(at, HOLD_UP);
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
    let held_up = emulator::time::nanoseconds(machine.now() - warned);
    assert_eq!(held_up / 1_000, HOLD_UP.as_micros() as u64);
    assert_eq!(machine.statistics().supply_warnings, 1);
    let kept = calibration::restored_energy(&mut machine, SEED);
    let least = measured - COST_MS * WH_A_MS;
    let most = measured + COST_MS * WH_A_MS;
    assert!(
        (least..=most).contains(&kept),
        "{kept} Wh of {measured} Wh, not within {least} to {most}"
    );

    // A supply that is gone at once costs what was not yet saved.
    machine.restore(&before).expect("the same machine");
    meter::connect(&mut machine, LOAD, SEED);
    machine.set_cut(Some(at));
    assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
    let kept = calibration::restored_energy(&mut machine, SEED);
    assert!(
        kept > 0.0 && kept < measured - 1_000.0 * WH_A_MS,
        "{kept} Wh"
    );
}

#[test]
fn a_supply_that_comes_back_costs_nothing() {
    let (mut machine, _) = measuring(calibration::calibrated(SEED).bytes());
    let before = machine.save();
    let saves = shown(&mut machine, "saves");
    machine.restore(&before).expect("the same machine");
    meter::connect(&mut machine, LOAD, SEED);
    for low in [true, false] {
        machine.set_supply_low(low);
        machine.run_for(Duration::from_millis(150));
    }
    // Two seconds on, as `show` above.
    assert_eq!(shown(&mut machine, "saves"), saves + 1);
    machine.run_for(Duration::from_secs(3));
    let reading = meter::last_reading(&machine);
    assert_eq!(reading["lost"], 0.0);
    assert_eq!(reading["export_Wh"], 0.0);
    assert!((reading["W"] - 13_800.0).abs() < 30.0, "{reading:?}");
    assert_eq!(machine.statistics().resets, [1, 0, 0, 0, 0]);
    assert_eq!(machine.notes().refused_flash.len(), 0);
    // It is watched again.
    let warnings = machine.statistics().supply_warnings;
    time_to_save(&mut machine);
    assert!(machine.statistics().supply_warnings > warnings);
}

#[test]
fn a_supply_that_bounces_keeps_the_budget() {
    let (mut machine, _) = measuring(calibration::calibrated(SEED).bytes());
    for _ in 0..200 {
        machine.set_supply_low(true);
        machine.run_for(Duration::from_millis(20));
        machine.set_supply_low(false);
        machine.run_for(Duration::from_millis(130));
    }
    assert!(machine.statistics().supply_warnings >= 200);
    let saves = shown(&mut machine, "saves");
    assert_eq!(saves, FIRST_TOKENS + MOST_WARNINGS);
    assert_eq!(meter::last_reading(&machine)["lost"], 0.0);
    assert_eq!(machine.statistics().overwritten_words, 0);
}

#[test]
fn a_cut_in_the_last_save_leaves_the_registers_old_or_new() {
    let (mut machine, _) = measuring(calibration::calibrated(SEED).bytes());
    let before = machine.save();
    let first = machine.flash_operations();
    time_to_save(&mut machine);
    let operations = machine.flash_operations() - first;
    let new = calibration::restored_energy(&mut machine, SEED);
    machine.restore(&before).expect("the same machine");
    let old = calibration::restored_energy(&mut machine, SEED);
    assert!(old < new, "{old} Wh, then {new} Wh");
    let mut found = BTreeSet::new();
    for number in 1..=operations {
        machine.restore(&before).expect("the same machine");
        meter::connect(&mut machine, LOAD, SEED);
        machine.set_supply_low(true);
        machine.set_cut(Some(Cut::FlashOperation(first + number)));
        assert_eq!(machine.run_for(Duration::from_secs(1)), Stop::PowerCut);
        let kept = calibration::restored_energy(&mut machine, SEED);
        assert!(
            kept == old || kept == new,
            "cut at operation {number} of {operations}: {kept} Wh, neither {old} nor {new}"
        );
        found.insert(kept == new);
    }
    assert_eq!(found.len(), 2, "both were seen");
    assert_eq!(machine.statistics().overwritten_words, 0);
}

#[test]
fn the_last_save_waits_for_no_erase() {
    let (mut machine, _) = measuring(calibration::calibrated(SEED).bytes());
    let usual = time_to_save(&mut machine);
    assert!(usual < BOUND, "{usual:?}");

    // While the next page is erased, at each third part of it. At the first
    // there is nothing new to save yet.
    let mut machine = meter::boot(
        &calibration::filled(Fill::UntilTheNextErases, LOAD, SEED),
        LOAD,
        SEED,
    );
    machine.run_for(Duration::from_secs(5));
    let parts = machine.statistics().flash_erase_parts;
    let erasing = |machine: &Machine| machine.statistics().flash_erase_parts - parts;
    let stop = machine.run_until(Duration::from_secs(15), |machine| erasing(machine) > 0);
    assert_eq!(stop, Stop::Found);
    let mut longest = usual;
    for part in [4, 7, 10, 13, 16] {
        let stop = machine.run_until(Duration::from_secs(1), |machine| erasing(machine) >= part);
        assert_eq!(stop, Stop::Found);
        let state = machine.save();
        longest = longest.max(time_to_save(&mut machine));
        assert!(erasing(&machine) < 17 + part, "one erase");
        machine.restore(&state).expect("the same machine");
        meter::connect(&mut machine, LOAD, SEED);
    }
    assert!(longest < BOUND, "{longest:?}");

    // Without room in the page: the next one is opened, which is erased by now.
    let mut most_words = 0;
    for _ in 0..20 {
        machine.run_for(Duration::from_millis(500));
        let (words, parts) = (machine.statistics().flash_writes, erasing(&machine));
        longest = longest.max(time_to_save(&mut machine));
        most_words = most_words.max(machine.statistics().flash_writes - words);
        machine.set_supply_low(false);
        if most_words >= 40 {
            assert_eq!(erasing(&machine), parts, "it waited for an erase");
            break;
        }
    }
    assert!(most_words >= 40, "it was not opened");
    assert!(longest < BOUND, "{longest:?}");
    println!("saved after {usual:?}, beside an erase or in a new page {longest:?}");
}

#[test]
fn the_first_save_of_a_start_waits_for_an_erase_if_it_needs_a_page() {
    const FIRST_BOUND: Duration = Duration::from_millis(300);
    let mut machine = meter::boot(
        &calibration::filled(Fill::UntilTheNextOpens, LOAD, SEED),
        LOAD,
        SEED,
    );
    machine.run_for(Duration::from_secs(5));
    let (words, parts) = {
        let before = machine.statistics();
        (before.flash_writes, before.flash_erase_parts)
    };
    let first = time_to_save_within(&mut machine, FIRST_BOUND);
    assert!(machine.statistics().flash_writes - words >= 40);
    assert!(machine.statistics().flash_erase_parts > parts);
    assert!((BOUND..FIRST_BOUND).contains(&first), "{first:?}");
    println!("the first save of a start that needs a page: after {first:?}");
}
