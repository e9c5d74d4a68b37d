//! What is drawn, on terminals of several sizes.

use super::*;
use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;

fn view() -> View {
    let line = b"meter t=12 V=229.999 A=4.9952 W=919.025 var=689.395 VA=1148.891 PF=0.7999 \
                 Hz=50.000 import_Wh=3.715836 export_Wh=0.25";
    let process = |name: &str, faults| Process {
        name: name.into(),
        state: "yielded",
        short_id: 1,
        restarts: faults,
        faults,
        flash_start: 0,
        ram_start: 0,
        dropped_upcalls: 0,
        system_calls: 123_456,
    };
    let wave = |peak: f64| {
        (0..=240)
            .map(|n| peak * (f64::from(n) / 60.0 * std::f64::consts::PI).sin())
            .collect()
    };
    View {
        seconds: 3_661.5,
        speed: "1".into(),
        times: 1.0,
        load: "kettle: 230 V 8.700 A +0° 50 Hz".into(),
        supply: Supply::On,
        curves: Curves {
            milliseconds: 40.0,
            volts: wave(325.27),
            amperes: wave(7.07),
        },
        readings: emulator::report::meter::parse(line),
        pulses: 17,
        lit: true,
        processes: vec![process("metering", 0), process("blink", 2)],
        flash: Flash {
            words: 4_242,
            erases: 7,
            worst: vec![(0xF_7000, 3), (0xF_8000, 2), (0xF_9000, 2)],
            nor_erases: 1,
            nor_bytes: 640,
        },
        said: Some("ok calibrate low revision=1".into()),
    }
}

/// The rows of a terminal of this size.
fn drawn(view: &View, columns: u16, rows: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    terminal.draw(|frame| draw(view, frame)).expect("drawn");
    let buffer = terminal.backend().buffer().clone();
    let row = |y| {
        (0..columns)
            .map(|x| buffer[(x, y)].symbol().to_owned())
            .collect()
    };
    (0..rows).map(row).collect()
}

#[test]
fn every_size_shows_what_matters() {
    let view = view();
    for (columns, rows) in [(80, 24), (60, 20), (200, 60), (132, 43)] {
        let screen = drawn(&view, columns, rows).join("\n");
        for what in [
            "Wattlock",
            "kettle",
            "01:01:01",
            "voltage, V",
            "active power, W",
            "1148.9 VA",
            "689.4 var",
            "50.000 Hz",
            "0.003716 kWh in",
            "0.000250 kWh out",
            "● 17 pulses",
            "metering",
            "4242 words, 7 erases",
            "page 0xf7000: 3 (0.03 % of life)",
            "ok calibrate low",
            "quit",
            "+400 V",
            "+8 A",
            "40 ms",
        ] {
            assert!(
                screen.contains(what),
                "{columns}x{rows}: no {what}\n{screen}"
            );
        }
        let braille = |c: char| ('\u{2801}'..='\u{28FF}').contains(&c);
        let points = screen.chars().filter(|c| braille(*c)).count();
        assert!(
            points > 40,
            "{columns}x{rows}: {points} cells of curves\n{screen}"
        );
        let blocks = screen.chars().filter(|c| "█▀▄".contains(*c)).count();
        assert!(
            blocks > 60,
            "{columns}x{rows}: {blocks} cells of digits\n{screen}"
        );
    }
}

#[test]
fn no_size_is_too_small_or_too_large_to_draw() {
    let mut odd = view();
    odd.curves = Curves::default();
    odd.readings = None;
    odd.processes.clear();
    odd.said = None;
    for columns in (1..100).step_by(3).chain([250, 500]) {
        for rows in (1..50).step_by(2).chain([120]) {
            for view in [&view(), &odd] {
                let screen = drawn(view, columns, rows);
                assert_eq!(screen.len(), usize::from(rows));
            }
        }
    }
    assert!(drawn(&odd, 39, 9)[0].contains("at least 40 by 10"));
}

#[test]
fn a_pulled_plug_is_seen() {
    let mut view = view();
    view.supply = Supply::Off;
    assert!(drawn(&view, 80, 24)[0].contains("UNPLUGGED"));
    view.load = "a load whose name is so long that it does not fit beside the clock".into();
    assert!(drawn(&view, 60, 20)[0].contains("UNPLUGGED"));
}

#[test]
fn readings_take_the_room_that_there_is() {
    assert_eq!(figure(Some(229.999), 3, 1, 25), "229.999");
    assert_eq!(figure(Some(229.999), 3, 1, 19), "230.0");
    assert_eq!(figure(Some(-12_345.6), 3, 1, 24), "-12346");
    assert_eq!(figure(Some(1e9), 3, 1, 19), "---");
    assert_eq!(figure(None, 3, 1, 19), "---");
}
