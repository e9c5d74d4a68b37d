//! Tests of recordings.

use super::*;
use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// A file that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(content: &[u8]) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "recording-{}-{}.csv",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Scratch(path)
    }

    fn open(&self, playback: Playback) -> Result<Recording, MainsError> {
        Recording::open(&self.0, playback)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// One second of 50 Hz, `rate` rows a second, beginning at 100 s.
fn sine(rate: u32) -> Scratch {
    let mut text = String::from("time,voltage,current\n");
    for n in 0..rate {
        let seconds = f64::from(n) / f64::from(rate);
        let angle = seconds * 50.0 * TAU;
        writeln!(
            text,
            "{:.9},{:.9},{:.9}",
            100.0 + seconds,
            325.0 * angle.sin(),
            7.0 * (angle - 0.5).sin()
        )
        .unwrap();
    }
    Scratch::new(text.as_bytes())
}

fn worst_error(recording: &mut Recording, from: f64, to: f64) -> f64 {
    let mut worst = 0.0f64;
    let mut seconds = from;
    while seconds < to {
        let (volts, amperes) = recording.at((seconds * 1e9) as u64);
        let angle = seconds * 50.0 * TAU;
        worst = worst
            .max((volts / 325.0 - angle.sin()).abs())
            .max((amperes / 7.0 - (angle - 0.5).sin()).abs());
        seconds += 0.000_083;
    }
    worst
}

#[test]
fn a_sine_comes_back_also_across_the_seam() {
    for (rate, tolerance) in [(1_000, 2e-3), (4_000, 1e-5), (10_000, 1e-6)] {
        let file = sine(rate);
        let mut recording = file.open(Playback::Loop).unwrap();
        let error = worst_error(&mut recording, 0.01, 3.2);
        assert!(error < tolerance, "{rate}: {error}");
    }
}

/// Mean power over 10 s of what [`sine`] is, as the meter samples it.
fn mean_watts(recording: &mut Recording) -> f64 {
    let samples = 40_000u64;
    let sum: f64 = (0..samples)
        .map(|n| {
            let (volts, amperes) = recording.at(n * 250_000);
            volts * amperes
        })
        .sum();
    sum / samples as f64
}

#[test]
fn the_energy_of_a_recording_is_that_of_its_wave_at_any_rate() {
    let watts = 325.0 * 7.0 / 2.0 * 0.5f64.cos();
    for (rate, tolerance) in [(1_000, 2e-3), (2_000, 2e-4), (7_300, 1e-5), (50_000, 1e-6)] {
        let file = sine(rate);
        let mut recording = file.open(Playback::Loop).unwrap();
        let error = mean_watts(&mut recording) / watts - 1.0;
        assert!(error.abs() < tolerance, "{rate} rows a second: {error}");
    }
}

#[test]
fn one_row_a_second_gives_the_curve_through_the_rows() {
    let file = Scratch::new(b"0,0,1\n1,10,1\n2,20,1\n3,30,1\n");
    let mut recording = file.open(Playback::Once).unwrap();
    for tenth in 0..=30u32 {
        let (volts, amperes) = recording.at(u64::from(tenth) * 100_000_000);
        assert!((volts - f64::from(tenth)).abs() < 1e-9, "{tenth}: {volts}");
        assert!((amperes - 1.0).abs() < 1e-12);
    }
}

#[test]
fn once_ends_in_silence() {
    let file = sine(1_000);
    let mut recording = file.open(Playback::Once).unwrap();
    assert!(worst_error(&mut recording, 0.01, 0.99) < 2e-3);
    assert_eq!(recording.at(1_500_000_000), (0.0, 0.0));
    assert_eq!(recording.at(u64::MAX), (0.0, 0.0));
    // And from the start again, as after a restored state.
    assert!(worst_error(&mut recording, 0.01, 0.5) < 2e-3);
}

#[test]
fn the_same_moment_gives_the_same_values_however_it_is_reached() {
    let file = sine(4_000);
    let mut through = file.open(Playback::Loop).unwrap();
    let moments: Vec<u64> = (0..40_000).map(|n| n * 83_000).collect();
    let played: Vec<_> = moments.iter().map(|&t| through.at(t)).collect();
    let mut jumping = file.open(Playback::Loop).unwrap();
    for at in [39_999, 5, 20_000, 12_050, 36_144, 24_096, 0] {
        let (volts, amperes) = jumping.at(moments[at]);
        assert!((volts - played[at].0).abs() < 1e-6, "{at}");
        assert!((amperes - played[at].1).abs() < 1e-6, "{at}");
    }
}

#[test]
fn memory_is_bounded() {
    let file = sine(100_000);
    let mut recording = file.open(Playback::Loop).unwrap();
    for n in 0..50_000u64 {
        recording.at(n * 100_000);
        assert!(recording.rows.len() < 200, "{}", recording.rows.len());
    }
}

/// The mean power of each 20 ms, and the rms of the current.
fn played(recording: &mut Recording, periods: u64) -> (Vec<f64>, f64) {
    let mut squares = 0.0;
    let watts = (0..periods)
        .map(|period| {
            let sum: f64 = (0..4_000)
                .map(|n| {
                    let (volts, amperes) = recording.at(period * 20_000_000 + n * 5_000);
                    squares += amperes * amperes;
                    volts * amperes
                })
                .sum();
            sum / 4_000.0
        })
        .collect();
    (watts, (squares / (periods * 4_000) as f64).sqrt())
}

#[test]
fn a_load_that_never_exports_shows_no_export() {
    // Direct voltage, a row a second, and a load that switches on and off.
    let switched = Scratch::new(b"0,230,0\n1,230,0\n2,230,2.4\n3,230,2.4\n4,230,0\n5,230,0\n");
    let (watts, _) = played(&mut switched.open(Playback::Once).unwrap(), 250);
    assert!(watts.iter().all(|watts| *watts >= 0.0), "{watts:?}");
    // A half-wave load, which is zero in every second half cycle, at 20 rows a period.
    let mut text = String::new();
    for n in 0..200 {
        let angle = f64::from(n) / 20.0 * TAU + 0.1;
        let volts = 325.0 * angle.sin();
        writeln!(
            text,
            "{},{},{}",
            f64::from(n) / 1_000.0,
            volts,
            volts.max(0.0) / 46.0
        )
        .unwrap();
    }
    let rectified = Scratch::new(text.as_bytes());
    let mut recording = rectified.open(Playback::Loop).unwrap();
    for n in 0..20_000u64 {
        let (volts, amperes) = recording.at(n * 10_000);
        assert!(amperes >= 0.0, "{amperes} A");
        assert!(volts > -1.0 || amperes < 0.4, "{volts} V, {amperes} A");
    }
}

#[test]
fn a_pulsed_current_keeps_its_rms() {
    for width in [1, 2, 3, 8] {
        // 146 rows a period, as at 7,300 a second, with a pulse in each half cycle.
        let mut text = String::new();
        let mut squares = 0.0;
        for n in 0..1_460 {
            let within = n % 73;
            let amperes = if (30..30 + width).contains(&within) {
                10.0
            } else {
                0.0
            };
            squares += amperes * amperes;
            let volts = 325.0 * (f64::from(n) / 146.0 * TAU).sin();
            writeln!(
                text,
                "{},{volts},{}",
                f64::from(n) / 7_300.0,
                amperes * volts.signum()
            )
            .unwrap();
        }
        let of_rows = (squares / 1_460.0f64).sqrt();
        let pulsed = Scratch::new(text.as_bytes());
        let (_, rms) = played(&mut pulsed.open(Playback::Loop).unwrap(), 20);
        let error = rms / of_rows - 1.0;
        assert!(error.abs() < 0.007, "{width} rows: {error}");
    }
}

#[test]
fn lines_end_in_any_way() {
    let rows = ["seconds,volts,amperes", "", "0,1.5,-2", "1,2,3", "2,4,5"];
    for end in ["\n", "\r\n", "\r"] {
        let file = Scratch::new(rows.join(end).as_bytes());
        let mut recording = file.open(Playback::Loop).unwrap();
        assert_eq!(recording.seconds(), 3.0, "{end:?}");
        assert_eq!(recording.at(4_000_000_000), (2.0, 3.0), "{end:?}");
        let wrong = [&rows[..4], &["2,4"]].concat().join(end);
        let file = Scratch::new(wrong.as_bytes());
        match file.open(Playback::Loop) {
            Err(MainsError::Line { line, .. }) => assert_eq!(line, 5, "{end:?}"),
            other => panic!("{end:?}: {other:?}"),
        }
    }
    let long = Scratch::new(&[b'1'; 1 << 20]);
    assert!(long.open(Playback::Loop).is_err(), "a line without an end");
}

#[test]
fn uneven_rows_do_not_overshoot() {
    let file = Scratch::new(b"0,0,0\n0.000001,100,1\n1,100,1\n1.000001,0,0\n2,0,0\n");
    let mut recording = file.open(Playback::Once).unwrap();
    for n in 0..2_000 {
        let (volts, amperes) = recording.at(n * 1_000_000);
        assert!((-1e-9..=100.0 + 1e-9).contains(&volts), "{n}: {volts}");
        assert!((-1e-9..=1.0 + 1e-9).contains(&amperes));
    }
}

#[test]
fn comments_spaces_and_line_ends() {
    let file = Scratch::new(
        "\u{FEFF}# made by a logger\r\n\r\nSeconds, Volts, Amperes\r\n 0 , 1.5 , -2e0 \r\n1,2,3"
            .as_bytes(),
    );
    let mut recording = file.open(Playback::Once).unwrap();
    assert_eq!(recording.at(0), (1.5, -2.0));
    assert_eq!(recording.seconds(), 2.0);
}

#[test]
fn malformed_files_name_the_line() {
    let long = [b"0,0,0\n".as_slice(), &[b'1'; 5_000]].concat();
    let cases: [(&[u8], u64); 12] = [
        (b"", 1),
        (b"seconds,volts,amperes\n", 1),
        (b"0,1,2\n", 1),
        (b"0,1,2\n1,x,3\n", 2),
        (b"0,1,2\n\n1,2\n", 3),
        (b"0,1,2\n1,2,3,4\n", 2),
        (b"0,1,2\n0,2,3\n", 2),
        (b"0,1,2\n1,nan,3\n", 2),
        (b"0,1,2\n1,inf,3\n", 2),
        (b"t,v,i\nt,v,i\n0,1,2\n", 2),
        (b"0,1,2\n\xFF\xFE\n", 2),
        (&long, 2),
    ];
    for (content, expected) in cases {
        let file = Scratch::new(content);
        match file.open(Playback::Loop) {
            Err(MainsError::Line { line, .. }) => {
                assert_eq!(line, expected, "{}", String::from_utf8_lossy(content));
            }
            other => panic!("{}: {other:?}", String::from_utf8_lossy(content)),
        }
    }
    assert!(matches!(
        Recording::open("no such file", Playback::Loop),
        Err(MainsError::Io { .. })
    ));
}

#[test]
fn a_file_that_changes_is_reported() {
    let file = sine(100_000);
    let mut recording = file.open(Playback::Loop).unwrap();
    recording.at(1_000_000);
    std::fs::write(&file.0, b"garbage\n").unwrap();
    for n in 0..2_000 {
        recording.at(n * 1_000_000);
    }
    assert!(recording.failure().is_some());
    assert_eq!(recording.at(0), (0.0, 0.0));
}
