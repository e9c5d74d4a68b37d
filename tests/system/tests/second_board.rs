//! A second board on the same chip, with upstream's drivers alone, runs apps that tockloader installed.

use std::time::Duration;

use audit::specimen::artifacts::read_built;
use audit::specimen::meter;

/// Each app prints its place twice a second through the board's console and alarm.
#[test]
fn apps_run_on_a_board_without_a_meter() {
    let flash = read_built("dk-guest/meter.img");
    let mut machine = meter::boot(&flash, "sine:230V,0A,50Hz", 1);
    machine.run_for(Duration::from_millis(2_200));
    let console = meter::console(&machine);
    let lines: Vec<&str> = console.lines().collect();
    let places: std::collections::BTreeSet<&&str> = lines.iter().collect();
    assert_eq!(places.len(), 2, "two apps, each in its place:\n{console}");
    for place in places {
        assert!(place.starts_with("relocatable 0004"), "{place}");
        let count = lines.iter().filter(|line| *line == place).count();
        assert!((3..=5).contains(&count), "{place} came {count} times");
    }
    // Nobody scans: this board has no meter.
    assert_eq!(machine.statistics().samples, 0);
    assert_eq!(machine.statistics().resets[1..].iter().sum::<u64>(), 0);
}
