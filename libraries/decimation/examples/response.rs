//! Prints the coefficients (`taps`), or draws what poles and filter do to each frequency (`svg`).

use decimation::design::{
    decibels, poles, response, taps, BAND_HZ, CONVERTED_HZ, FOLD_HZ, SCAN_HZ,
};
use decimation::CONVERTED_PERIOD_US;
use std::fmt::Write;

/// The picture, in its own units.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 430.0;
/// Of the axes.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 824.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 372.0;
const MOST_HZ: f64 = 25_000.0;
const LEAST_DB: f64 = -80.0;
const MOST_DB: f64 = 10.0;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("taps") => print_taps(),
        Some("svg") => print!("{}", svg()),
        _ => eprintln!("usage: response taps | svg"),
    }
}

fn print_taps() {
    println!("//! The coefficients of the filter. Made by `cargo run -p decimation --features design \\\n//! --example response taps`.\n");
    println!("use crate::{{CHANNELS, LENGTH}};\n");
    println!(
        "/// For each scan, the oldest first, the coefficients of voltage, low and high gain, Q14."
    );
    println!("#[rustfmt::skip]\npub const TAPS: [[i16; CHANNELS]; LENGTH] = [");
    for [voltage, low, high] in taps() {
        println!("    [{voltage}, {low}, {high}],");
    }
    println!("];");
}

fn x(hertz: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * hertz / MOST_HZ
}

fn y(decibels: f64) -> f64 {
    TOP + (BOTTOM - TOP) * (MOST_DB - decibels.max(LEAST_DB)) / (MOST_DB - LEAST_DB)
}

/// A curve of decibels over frequency.
fn curve(colour: &str, dash: &str, decibels: impl Fn(f64) -> f64) -> String {
    let points: Vec<String> = (0..=1_000)
        .map(|at| {
            let hertz = MOST_HZ * f64::from(at) / 1_000.0;
            format!("{:.1},{:.1}", x(hertz), y(decibels(hertz).min(MOST_DB)))
        })
        .collect();
    format!(
        "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\" \
         points=\"{}\"/>\n",
        points.join(" ")
    )
}

fn text(at: (f64, f64), anchor: &str, words: &str) -> String {
    format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{words}</text>\n",
        at.0, at.1
    )
}

fn svg() -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    for (from, to, colour) in [
        (0.0, BAND_HZ, "#dcefdc"),
        (FOLD_HZ, SCAN_HZ + BAND_HZ, "#f7e0e0"),
        (CONVERTED_HZ - BAND_HZ, CONVERTED_HZ + BAND_HZ, "#f7e0e0"),
        (2.0 * SCAN_HZ - BAND_HZ, 2.0 * SCAN_HZ + BAND_HZ, "#f7e0e0"),
    ] {
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
            x(from),
            x(to) - x(from),
            BOTTOM - TOP
        );
    }
    for level in (0..=80).step_by(20) {
        let at = y(-f64::from(level));
        let colour = if level == 40 { "#c03030" } else { "#cccccc" };
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"{colour}\"/>"
        );
        let label = if level == 0 {
            "0 dB".into()
        } else {
            format!("-{level} dB")
        };
        svg += &text((LEFT - 8.0, at + 4.0), "end", &label);
    }
    for kilohertz in (0..=25).step_by(5) {
        let at = x(f64::from(kilohertz) * 1e3);
        svg += &text((at, BOTTOM + 18.0), "middle", &format!("{kilohertz} kHz"));
    }
    svg += &curve("#3060b0", "6 4", |hertz| 20.0 * poles(hertz).log10());
    svg += &curve("#b07020", "2 3", |hertz| {
        let (real, imaginary) = response(1, hertz);
        20.0 * real.hypot(imaginary).max(1e-9).log10()
    });
    svg += &curve("#101010", "", |hertz| decibels(1, hertz));
    svg += &text(
        (LEFT, 20.0),
        "start",
        "From the mains to the scans that are reckoned with",
    );
    svg += &text(
        (LEFT, 37.0),
        "start",
        "black: all; blue, dashed: the three RC poles; brown, dotted: the filter. \
         Green: the band. Red: what folds into it.",
    );
    svg += &text(
        (LEFT, BOTTOM + 44.0),
        "start",
        &format!(
            "The converter scans every {CONVERTED_PERIOD_US} us; behind the filter one scan of three \
             is kept."
        ),
    );
    svg += "</svg>\n";
    svg
}
