//! Reads the description of a synthetic load.

use super::error::MainsError;
use super::synthesis::{Harmonic, Synthesis};

/// Harmonics beyond are nothing that gets through the poles of the front end.
const HIGHEST_ORDER: u32 = 1_000;
/// Most harmonics of one wave: each costs a sine a conversion.
const MOST_HARMONICS: usize = 100;

/// Reads the comma-separated items after `sine:`, which stands `offset` characters before.
pub(super) fn parse(items: &str, offset: usize) -> Result<Synthesis, MainsError> {
    let mut parser = Parser::default();
    let mut column = offset + 1;
    for item in items.split(',') {
        parser
            .item(item.trim())
            .map_err(|message| MainsError::Spec {
                column: column + item.chars().take_while(|c| c.is_whitespace()).count(),
                message,
            })?;
        column += item.chars().count() + 1;
    }
    Ok(parser.finish())
}

#[derive(Default)]
struct Parser {
    volts: Option<f64>,
    amperes: Option<f64>,
    lag_degrees: Option<f64>,
    hertz: Option<f64>,
    voltage_harmonics: Vec<Harmonic>,
    current_harmonics: Vec<Harmonic>,
}

impl Parser {
    fn item(&mut self, item: &str) -> Result<(), String> {
        // Units and keywords in any case; only ASCII changes, so lengths stay.
        let lower = item.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("pf") {
            return set(&mut self.lag_degrees, "power factor", lag(rest)?);
        }
        if let Some(rest) = lower.strip_prefix('h') {
            return self.harmonic(rest);
        }
        if let Some(value) = lower.strip_suffix("hz") {
            let hertz = within(value, "frequency", 0.1, 1_000.0)?;
            return set(&mut self.hertz, "frequency", hertz);
        }
        if let Some(value) = lower.strip_suffix('v') {
            let volts = within(value, "voltage", 0.0, 100_000.0)?;
            return set(&mut self.volts, "voltage", volts);
        }
        if let Some(value) = lower.strip_suffix("ma") {
            let amperes = within(value, "current", -1e8, 1e8)? / 1_000.0;
            return set(&mut self.amperes, "current", amperes);
        }
        if let Some(value) = lower.strip_suffix('a') {
            let amperes = within(value, "current", -100_000.0, 100_000.0)?;
            return set(&mut self.amperes, "current", amperes);
        }
        Err(format!(
            "`{item}` is none of VOLTSV, AMPERESA, pfFACTOR, FREQUENCYHz, hORDER:PERCENT%"
        ))
    }

    fn harmonic(&mut self, item: &str) -> Result<(), String> {
        let (order, rest) = item
            .split_once(':')
            .ok_or("a harmonic is written h3:10% or h5v:2%@30")?;
        let (order, waves) = match order.strip_suffix('v') {
            Some(order) => (order, &mut self.voltage_harmonics),
            None => (order, &mut self.current_harmonics),
        };
        let order = order
            .parse()
            .ok()
            .filter(|order| (2..=HIGHEST_ORDER).contains(order))
            .ok_or_else(|| format!("the order of a harmonic is 2 to {HIGHEST_ORDER}"))?;
        let (percent, phase) = rest.split_once('@').unwrap_or((rest, "0"));
        let percent = percent
            .strip_suffix('%')
            .ok_or("the size of a harmonic is in %")?;
        if waves.len() >= MOST_HARMONICS {
            return Err(format!("more than {MOST_HARMONICS} harmonics"));
        }
        waves.push(Harmonic {
            order,
            fraction: within(percent, "harmonic", 0.0, 1_000.0)? / 100.0,
            phase_degrees: within(phase, "phase", -360.0, 360.0)?,
        });
        Ok(())
    }

    fn finish(self) -> Synthesis {
        let default = Synthesis::default();
        Synthesis {
            volts: self.volts.unwrap_or(default.volts),
            amperes: self.amperes.unwrap_or(default.amperes),
            lag_degrees: self.lag_degrees.unwrap_or(default.lag_degrees),
            hertz: self.hertz.unwrap_or(default.hertz),
            voltage_harmonics: self.voltage_harmonics,
            current_harmonics: self.current_harmonics,
        }
    }
}

/// The angle of a power factor such as `0.8`, `0.5ind`, `0.8cap`, `-1`.
fn lag(text: &str) -> Result<f64, String> {
    let (factor, sign) = if let Some(factor) = text.strip_suffix("cap") {
        (factor, -1.0)
    } else {
        (text.strip_suffix("ind").unwrap_or(text), 1.0)
    };
    if factor.parse::<f64>().is_err() {
        return Err(format!(
            "`pf{text}` is no power factor: pf0.8 or pf0.8ind lags, pf0.8cap leads, pf-0.8 exports"
        ));
    }
    Ok(sign
        * within(factor, "power factor", -1.0, 1.0)?
            .acos()
            .to_degrees())
}

fn within(text: &str, what: &str, least: f64, most: f64) -> Result<f64, String> {
    let value: f64 = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is no number for the {what}"))?;
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(format!("the {what} is {least} to {most}, not {value}"))
    }
}

fn set(place: &mut Option<f64>, what: &str, value: f64) -> Result<(), String> {
    if place.replace(value).is_some() {
        return Err(format!("the {what} is given twice"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(items: &str) -> Synthesis {
        parse(items, 5).unwrap()
    }

    #[test]
    fn the_usual_descriptions() {
        let plain = load("230V,5A,pf0.8,50Hz");
        assert_eq!(
            (plain.volts, plain.amperes, plain.hertz),
            (230.0, 5.0, 50.0)
        );
        assert!((plain.watts() - 920.0).abs() < 1e-9);
        assert!((plain.vars() - 690.0).abs() < 1e-9);
        assert!(load("5A,pf0.8cap").vars() < 0.0);
        assert!((load("5A,pf0.5ind").watts() - 575.0).abs() < 1e-9);
        assert_eq!(load("20mA").amperes, 0.02);
        assert!((load("5A,pf-1").watts() + 1_150.0).abs() < 1e-9);
        assert!((load("-5A").watts() + 1_150.0).abs() < 1e-9);
        assert_eq!(load("230V, 60Hz").hertz, 60.0);
    }

    #[test]
    fn a_load_has_the_energy_that_one_computes_by_hand() {
        // 230 V x 5 A x 0.8; the third harmonic of the current meets none of the
        // voltage: no energy, but apparent power, 1.15 kVA x sqrt(1 + 0.1^2).
        let harmonic = load("230V,5A,pf0.8,50Hz,h3:10%");
        let (mut joules, mut squares) = (0.0, 0.0);
        let step_ns = 50_000;
        for step in 0..20_000u64 {
            let (volts, amperes) = (
                harmonic.volts(step * step_ns),
                harmonic.amperes(step * step_ns),
            );
            joules += volts * amperes * step_ns as f64 * 1e-9;
            squares += amperes * amperes;
        }
        assert!((joules - 920.0).abs() < 1e-6, "{joules} J in a second");
        assert!((harmonic.watts() - 920.0).abs() < 1e-9);
        let amperes = (squares / 20_000.0).sqrt();
        assert!((amperes - 5.0 * 1.01f64.sqrt()).abs() < 1e-9, "{amperes}");
        assert!((harmonic.volt_amperes() - 1_150.0 * 1.01f64.sqrt()).abs() < 1e-9);
        // With 10 % in the voltage too, in phase at the load of power factor 1.
        let both = load("230V,5A,50Hz,h3:10%,h3v:10%");
        assert!((both.watts() - 1_150.0 * 1.01).abs() < 1e-9);
    }

    #[test]
    fn harmonics() {
        let load = load("5A,h3:10%,h5v:2%@30");
        assert_eq!(
            load.current_harmonics,
            [Harmonic {
                order: 3,
                fraction: 0.1,
                phase_degrees: 0.0
            }]
        );
        assert_eq!(
            load.voltage_harmonics,
            [Harmonic {
                order: 5,
                fraction: 0.02,
                phase_degrees: 30.0
            }]
        );
    }

    #[test]
    fn errors_say_where() {
        for (items, column) in [
            ("230V,5A,pf1.2", 14),
            ("", 6),
            ("230V,", 11),
            ("230V, bananas", 12),
            ("nanV", 6),
            ("infA", 6),
            ("5A,6A", 9),
            ("0Hz", 6),
            ("h1:10%", 6),
            ("h3:10", 6),
            ("h3v10%", 6),
            ("h3:-1%", 6),
            ("h999999999999:1%", 6),
            ("5µ", 6),
        ] {
            match parse(items, 5) {
                Err(MainsError::Spec { column: at, .. }) => assert_eq!(at, column, "{items}"),
                other => panic!("{items}: {other:?}"),
            }
        }
    }
}
