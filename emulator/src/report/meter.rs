//! Finds the meter's console lines: `meter key=value key=value ...`.

use std::collections::BTreeMap;

/// The longest line that is kept; the meter's own have about 200 bytes.
const LONGEST: usize = 4096;

/// Watches a console for the meter's lines and keeps the last.
#[derive(Clone, Debug, Default)]
pub struct MeterLines {
    line: Vec<u8>,
    last: Option<BTreeMap<String, f64>>,
    count: u64,
}

impl MeterLines {
    /// Makes a reader that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in more of the console's output.
    pub fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => {
                    if let Some(values) = parse(&self.line) {
                        self.last = Some(values);
                        self.count += 1;
                    }
                    self.line.clear();
                }
                _ if self.line.len() < LONGEST => self.line.push(*byte),
                _ => {}
            }
        }
    }

    /// The values of the last whole line.
    pub fn last(&self) -> Option<&BTreeMap<String, f64>> {
        self.last.as_ref()
    }

    /// Returns how many lines there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// What a meter's display would show: volts, amperes, watts and kilowatt-hours. None
/// if the line lacks one of them.
pub fn display(values: &BTreeMap<String, f64>) -> Option<String> {
    let value = |key: &str| values.get(key).copied();
    Some(format!(
        "{:.1} V, {:.3} A, {:.1} W, import {:.6} kWh, export {:.6} kWh",
        value("V")?,
        value("A")?,
        value("W")?,
        value("import_Wh")? / 1_000.0,
        value("export_Wh")? / 1_000.0,
    ))
}

/// The values of one line; none if it is not the meter's.
pub fn parse(line: &[u8]) -> Option<BTreeMap<String, f64>> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let values: BTreeMap<String, f64> = text
        .strip_prefix("meter ")?
        .split_whitespace()
        .filter_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            Some((key.to_owned(), number(value)?))
        })
        .collect();
    (!values.is_empty()).then_some(values)
}

fn number(text: &str) -> Option<f64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16)
            .ok()
            .map(|value| value as f64),
        None => text.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_counts() {
        let mut lines = MeterLines::new();
        lines.feed(b"hello\nmeter t=1 V=229.9 flags=0x0010\r\nmeter t=2 V=");
        assert_eq!(lines.last().expect("one")["flags"], 16.0);
        lines.feed(b"230.1\n");
        assert_eq!(lines.last().expect("two")["V"], 230.1);
        assert_eq!(lines.count(), 2);
        lines.feed(b"meter \nmeter reading\nthe meter t=3\n");
        assert_eq!(lines.count(), 2);
    }

    #[test]
    fn a_display_shows_kilowatt_hours() {
        let line = b"meter t=9 V=230.02 A=4.9951 W=919.04 import_Wh=9330.622 export_Wh=0.5";
        let values = parse(line).expect("a line of the meter");
        assert_eq!(
            display(&values).as_deref(),
            Some("230.0 V, 4.995 A, 919.0 W, import 9.330622 kWh, export 0.000500 kWh")
        );
        assert_eq!(display(&BTreeMap::from([("V".to_owned(), 230.0)])), None);
    }
}
