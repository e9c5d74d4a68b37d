//! On a meter of bring-up programs run that nobody has signed, and are nobody.
//!
//! What the meter itself does with them, the audit shows (`audit/scenarios/identity.rs`).

use std::time::Duration;

use audit::specimen::artifacts::read_built;
use audit::specimen::meter;
use audit::specimen::signed::strangers_key;
use emulator::report::crash_log;
use system_tests::firmware;

const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";

/// The kernel of bring-up lets guests run, but gives them nobody's identity.
#[test]
fn guests_of_bring_up_are_no_apps() {
    let bring_up = firmware::bring_up();
    let stranger = bring_up.scripted_app("update").signed(&strangers_key());
    let firmware = bring_up
        .with_object("dlms", &read_built("attacker-dlms.tbf"))
        .with_object("update", stranger.bytes());
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    machine.run_for(Duration::from_secs(3));
    let log = crash_log::read(&mut machine).expect("a process table");
    let find = |name| {
        let mut processes = log.processes.iter();
        let process = processes.find(|process| process.name == name);
        process.unwrap_or_else(|| panic!("{name} is not in the table"))
    };
    for name in ["attacker", "update"] {
        let guest = find(name);
        assert!(!guest.state.starts_with("refused"), "{}", guest.state);
        assert!(guest.system_calls > 0, "{name} has run");
        assert_eq!(guest.short_id, 0, "locally unique");
    }
    assert_eq!(find("metering").short_id, 2);
}
