//! Apps that compute for ever keep neither the meter nor the apps below them from executing.

use std::time::Duration;

use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use audit::specimen::scripted_app::{Call, ScriptedApp};
use drivers::alarm;

const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
/// Apps that a taken-over one would keep from executing.
const BELOW: [&str; 2] = ["update", "factory"];
/// Calls that each of them makes.
const CALLS: usize = 40;

/// Boots the meter with these apps spinning; those below are scripted.
fn try_with(spinning: &[&str]) {
    let firmware = spinning
        .iter()
        .fold(Firmware::meter(), |firmware, slot| {
            firmware.with_attacker(slot, "spin", 0)
        })
        .with_scripted_apps(&BELOW);
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    for slot in BELOW {
        let scripted = ScriptedApp::find(&mut machine, &manifest(), slot)
            .unwrap_or_else(|silent| panic!("{spinning:?} spin: {silent}"));
        let calls = [Call::command(alarm::NUMBER, alarm::Command::Now, 0, 0); CALLS];
        let begin = machine.nanoseconds();
        let answers = scripted.make(&mut machine, &calls);
        let answers = answers.unwrap_or_else(|silent| panic!("{spinning:?} spin: {silent}"));
        assert!(answers.iter().all(|answer| answer.succeeded()), "{slot}");
        // It naps for a second at the most before it looks for work.
        let took = Duration::from_nanos(machine.nanoseconds() - begin);
        assert!(took < Duration::from_millis(1_500), "{slot}: {took:?}");
    }
    machine.run_for(Duration::from_millis(1_500));
    let reading = meter::readings(&machine)
        .pop()
        .expect("the meter measures");
    assert_eq!(reading["lost"], 0.0, "{spinning:?} spin");
    assert!((850.0..990.0).contains(&reading["W"]), "{}", reading["W"]);
}

#[test]
fn an_app_that_spins_in_the_place_of_tls_keeps_no_other_from_executing() {
    try_with(&["tls"]);
}

#[test]
fn an_app_that_spins_in_the_place_of_dlms_keeps_no_other_from_executing() {
    try_with(&["dlms"]);
}

#[test]
fn both_together_keep_no_other_from_executing() {
    try_with(&["tls", "dlms"]);
}
