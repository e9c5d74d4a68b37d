//! The accuracy table and diagram of docs/: Markdown and SVG from what was
//! measured at the IEC points.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::iec::{
    Accuracy, PowerFactor, AIM_PERCENT, BASIC_AMPERES, MAXIMUM_AMPERES, PROMISED_PERCENT,
};

/// Size of the diagram and of the frame in it, in pixels.
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 780.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 370.0;
/// The vertical axis reaches from minus to plus this, percent.
const LARGEST_PERCENT: f64 = 1.2;
/// The horizontal axis, amperes, logarithmic.
const LEAST_AMPERES: f64 = 0.2;
const MOST_AMPERES: f64 = 80.0;

/// Marks of the horizontal axis.
const AMPERE_MARKS: [f64; 8] = [0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0];
/// Marks of the vertical axis.
const PERCENT_MARKS: [f64; 9] = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0];

/// Writes `iec-accuracy.md` and `iec-accuracy.svg` into `folder`.
pub fn save(folder: &Path, found: &[Accuracy], conditions: &str) -> io::Result<()> {
    fs::write(folder.join("iec-accuracy.md"), markdown(found, conditions))?;
    fs::write(folder.join("iec-accuracy.svg"), svg(found))
}

/// Returns the table: a row for each current, a column for each power factor.
pub fn markdown(found: &[Accuracy], conditions: &str) -> String {
    let mut text = String::from("# Accuracy at the IEC points\n\n");
    let _ = writeln!(text, "{conditions}\n");
    let _ = writeln!(
        text,
        "Error of active energy in percent. Promised: {PROMISED_PERCENT} %; class 1 of IEC 62053-21 \
         allows 1.0 % (1.5 % at the smallest currents). Ib = {BASIC_AMPERES} A, \
         Imax = {MAXIMUM_AMPERES} A.\n"
    );
    text.push_str("| current (A) | of Ib |");
    for power_factor in PowerFactor::ALL {
        let _ = write!(text, " PF {} |", power_factor.label());
    }
    text.push_str("\n|---:|---:|");
    text.push_str(&"---:|".repeat(PowerFactor::ALL.len()));
    text.push('\n');
    for amperes in currents(found) {
        let _ = write!(text, "| {amperes} | {:.2} |", amperes / BASIC_AMPERES);
        for power_factor in PowerFactor::ALL {
            let cell = found
                .iter()
                .find(|one| one.amperes == amperes && one.power_factor == power_factor)
                .map_or("-".into(), |one| format!("{:+.3}", one.error_percent));
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    let worst = found
        .iter()
        .map(|one| one.error_percent.abs())
        .fold(0.0, f64::max);
    let _ = writeln!(
        text,
        "\nLargest: {worst:.3} %.\n\n![Error over current](iec-accuracy.svg)"
    );
    text
}

/// Returns the diagram: error over current, a line for each power factor, between the
/// limits of the class and of the promise.
pub fn svg(found: &[Accuracy]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"17\">Error of active energy over current</text>"
    );
    axes(&mut out);
    for (percent, colour, name) in [
        (1.0, "#b00020", "class 1"),
        (PROMISED_PERCENT, "#c77700", "promised"),
        (AIM_PERCENT, "#8a8a8a", "aim"),
    ] {
        for limit in [percent, -percent] {
            let y = vertical(limit);
            let _ = writeln!(
                out,
                "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\" \
                 stroke=\"{colour}\" stroke-dasharray=\"6 4\"/>"
            );
        }
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\" text-anchor=\"end\">{name}</text>",
            RIGHT - 4.0,
            vertical(percent) - 4.0
        );
    }
    let colours = ["#1459b3", "#157a3d", "#7a2a9c"];
    for (index, (power_factor, colour)) in PowerFactor::ALL.into_iter().zip(colours).enumerate() {
        curve(&mut out, found, power_factor, colour);
        let x = LEFT + 200.0 * index as f64;
        let y = HEIGHT - 14.0;
        let _ = writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{y:.1}\">power factor {}</text>",
            x + 4.0,
            y - 4.0,
            x + 14.0,
            power_factor.label()
        );
    }
    out.push_str("</svg>\n");
    out
}

fn axes(out: &mut String) {
    for amperes in AMPERE_MARKS {
        let x = horizontal(amperes);
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{BOTTOM}\" stroke=\"#e4e4e4\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{amperes}</text>",
            BOTTOM + 18.0
        );
    }
    for percent in PERCENT_MARKS {
        let y = vertical(percent);
        let colour = if percent == 0.0 { "#606060" } else { "#e4e4e4" };
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\" stroke=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{percent:+.2}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    let _ = writeln!(
        out,
        "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"none\" \
         stroke=\"#606060\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">current in A</text>\n\
         <text x=\"16\" y=\"{:.1}\" text-anchor=\"middle\" \
         transform=\"rotate(-90 16 {:.1})\">error in %</text>",
        RIGHT - LEFT,
        BOTTOM - TOP,
        (LEFT + RIGHT) / 2.0,
        BOTTOM + 38.0,
        (TOP + BOTTOM) / 2.0,
        (TOP + BOTTOM) / 2.0,
    );
}

fn curve(out: &mut String, found: &[Accuracy], power_factor: PowerFactor, colour: &str) {
    let mut points: Vec<&Accuracy> = found
        .iter()
        .filter(|one| one.power_factor == power_factor)
        .collect();
    points.sort_by(|a, b| a.amperes.total_cmp(&b.amperes));
    let mut path = String::new();
    let mut marks = String::new();
    for (index, point) in points.into_iter().enumerate() {
        let (x, y) = (horizontal(point.amperes), vertical(point.error_percent));
        let step = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{step}{x:.1} {y:.1} ");
        let _ = writeln!(
            marks,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"><title>{} A, \
             {:+.3} %</title></circle>",
            point.amperes, point.error_percent
        );
    }
    let _ = writeln!(
        out,
        "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n{marks}",
        path.trim_end()
    );
}

fn horizontal(amperes: f64) -> f64 {
    let along = (amperes / LEAST_AMPERES).ln() / (MOST_AMPERES / LEAST_AMPERES).ln();
    LEFT + along.clamp(0.0, 1.0) * (RIGHT - LEFT)
}

fn vertical(percent: f64) -> f64 {
    let along = percent.clamp(-LARGEST_PERCENT, LARGEST_PERCENT) / LARGEST_PERCENT;
    (TOP + BOTTOM) / 2.0 - along * (BOTTOM - TOP) / 2.0
}

/// The currents of the table, rising, each once.
fn currents(found: &[Accuracy]) -> Vec<f64> {
    let mut currents: Vec<f64> = found.iter().map(|one| one.amperes).collect();
    currents.sort_by(f64::total_cmp);
    currents.dedup();
    currents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iec::iec_points;

    fn found() -> Vec<Accuracy> {
        iec_points()
            .iter()
            .rev()
            .enumerate()
            .map(|(index, point)| Accuracy {
                amperes: point.amperes,
                power_factor: point.power_factor,
                error_percent: index as f64 / 100.0 - 0.1,
            })
            .collect()
    }

    #[test]
    fn the_table_has_a_cell_for_every_point() {
        let text = markdown(&found(), "Conditions.");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
        assert_eq!(rows.len(), 1 + currents(&found()).len());
        assert_eq!(rows[1], "| 0.25 | 0.05 | +0.190 | +0.090 | -0.010 |");
        assert!(text.contains("Largest: 0.190 %"));
        let gap = markdown(&found()[1..], "");
        assert!(
            gap.contains(" - |"),
            "a point that was not measured is shown as such"
        );
    }

    #[test]
    fn the_diagram_has_a_mark_for_every_point_within_its_frame() {
        let mut points = found();
        points[0].error_percent = 50.0;
        points[1].error_percent = -50.0;
        let text = svg(&points);
        assert_eq!(text.matches("<title>").count(), points.len());
        assert_eq!(text.matches("<path").count(), PowerFactor::ALL.len());
        for mark in text.lines().filter(|line| line.contains("<title>")) {
            let y: f64 = mark
                .split("cy=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .and_then(|number| number.parse().ok())
                .unwrap();
            assert!((TOP..=BOTTOM).contains(&y), "{mark}");
        }
    }
}
