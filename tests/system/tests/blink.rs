//! The app that newcomers copy blinks at its rate beside the metering app, which loses nothing.

use std::time::Duration;

use audit::specimen::meter;
use emulator::time::MILLISECOND;
use system_tests::tockloader::{self, Installation};

/// P0.14, LED2 of the development kit, which is active low.
const LED_PIN: u8 = 14;
/// Milliseconds between two changes of the LED.
const HALF_PERIOD: u64 = 500;

#[test]
fn blink_keeps_its_rate_and_costs_the_meter_no_sample() {
    let image = Installation::new("blink.img");
    image.install("blink-factory.tab");
    let mut machine = image.boot();
    machine.take_edges();
    machine.run_for(Duration::from_secs(10));

    let edges: Vec<_> = machine
        .take_edges()
        .into_iter()
        .filter(|edge| edge.pin == LED_PIN)
        .collect();
    assert_eq!(edges.len(), 20, "{edges:?}");
    for pair in edges.windows(2) {
        assert_ne!(pair[0].high, pair[1].high);
        let milliseconds = (pair[1].at - pair[0].at) / MILLISECOND;
        let late = milliseconds.checked_sub(HALF_PERIOD);
        assert!(late.is_some_and(|late| late < 5), "{milliseconds} ms");
    }

    let console = meter::console(&machine);
    assert_eq!(console.matches("blink: LED2\n").count(), 1, "{console}");
    let states: Vec<_> = tockloader::processes(&mut machine)
        .into_iter()
        .map(|process| (process.name, process.faults, process.short_id))
        .collect();
    assert_eq!(
        states,
        [("metering".into(), 0, 2), ("blink".into(), 0, 0)],
        "a guest is nobody"
    );
    let statistics = machine.statistics();
    assert_eq!(statistics.samples_lost + statistics.samples_overwritten, 0);
    let reading = meter::last_reading(&machine);
    assert_eq!(reading["lost"], 0.0);
    assert!(reading["samples"] > 11.0 * 6_535.0);
}
