//! What the command line does at the part's pins: `--pin` and `--button`.

use super::arguments::parse_time;
use emulator::bus::outside::{Edge, PIN_COUNT};
use emulator::time::{cycles_of, Cycles};
use std::time::Duration;

/// BUTTON1 to BUTTON4 of the nRF52840-DK, which pull their pins low: P0.11, P0.12, P0.24
/// and P0.25.
const BUTTON_PINS: [u8; 4] = [11, 12, 24, 25];
/// How long a button is held unless the command line says.
const HOLD: Duration = Duration::from_millis(100);
/// Pins of P0.
const PORT: u8 = 32;

/// A button that is pressed, and perhaps let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    down: Edge,
    up: Option<Edge>,
}

impl Press {
    /// What happens at the pin.
    pub fn edges(self) -> impl Iterator<Item = Edge> {
        std::iter::once(self.down).chain(self.up)
    }
}

/// Reads `P0.11=low@2s`: the pin, its level and when it comes to have it (at once unless
/// said).
pub fn parse_pin(text: &str) -> Result<Edge, String> {
    let (pin, rest) = text
        .split_once('=')
        .ok_or("expected PIN=LEVEL or PIN=LEVEL@TIME, as P0.11=low@2s")?;
    let (level, at) = moment(rest)?;
    let high = match level {
        "high" | "1" => true,
        "low" | "0" => false,
        other => return Err(format!("{other:?} is no level: high or low")),
    };
    Ok(Edge {
        at,
        pin: pin_number(pin)?,
        high,
    })
}

/// Reads `1@2s` or `1@2s+500ms`: the button, when it is pressed (at once unless said) and
/// how long; `1` alone holds it down for ever.
pub fn parse_button(text: &str) -> Result<Press, String> {
    let number = text.split_once('@').map_or(text, |(number, _)| number);
    let pin = number
        .parse::<usize>()
        .ok()
        .and_then(|number| BUTTON_PINS.get(number.checked_sub(1)?))
        .copied()
        .ok_or_else(|| format!("{number:?} is no button: 1 to {}", BUTTON_PINS.len()))?;
    let edge = |at, high| Edge { at, pin, high };
    let Some((_, when)) = text.split_once('@') else {
        return Ok(Press {
            down: edge(0, false),
            up: None,
        });
    };
    let (at, hold) = match when.split_once('+') {
        Some((at, hold)) => (at, parse_time(hold)?),
        None => (when, HOLD),
    };
    let at = parse_time(at)?;
    Ok(Press {
        down: edge(cycles_of(at), false),
        up: Some(edge(cycles_of(at.saturating_add(hold)), true)),
    })
}

/// What stands before `@`, and the instant behind it.
fn moment(text: &str) -> Result<(&str, Cycles), String> {
    match text.split_once('@') {
        Some((what, time)) => Ok((what, cycles_of(parse_time(time)?))),
        None => Ok((text, 0)),
    }
}

/// The number of `P0.11` or `P1.02`.
fn pin_number(text: &str) -> Result<u8, String> {
    let number = |port: u8, pin: &str| {
        let digits = (1..=2).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit());
        let pin = pin.parse::<u8>().ok().filter(|pin| digits && *pin < PORT)?;
        Some(port * PORT + pin).filter(|pin| usize::from(*pin) < PIN_COUNT)
    };
    let parsed = match text.split_once('.') {
        Some(("P0" | "p0", pin)) => number(0, pin),
        Some(("P1" | "p1", pin)) => number(1, pin),
        _ => None,
    };
    parsed.ok_or_else(|| format!("{text:?} is no pin: P0.00 to P0.31, P1.00 to P1.15"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use emulator::time::{CORE_HZ, MILLISECOND};

    #[test]
    fn pins_are_driven_as_the_command_line_says() {
        let edge = |at, pin, high| Ok(Edge { at, pin, high });
        assert_eq!(parse_pin("P0.11=low@2s"), edge(2 * CORE_HZ, 11, false));
        assert_eq!(parse_pin("P1.2=1"), edge(0, 34, true));
        for wrong in [
            "P0.11",
            "P0.32=low",
            "P1.16=low",
            "P2.1=low",
            "P0.+1=low",
            "P0.11=on",
            "P0.11=low@x",
            "=low",
            "11=low",
        ] {
            assert!(parse_pin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn buttons_are_pressed_and_let_go() {
        let edges = |text| -> Vec<Edge> { parse_button(text).expect(text).edges().collect() };
        let low = |at, pin| Edge {
            at,
            pin,
            high: false,
        };
        let high = |at, pin| Edge {
            at,
            pin,
            high: true,
        };
        let second = CORE_HZ;
        assert_eq!(edges("1"), [low(0, 11)]);
        assert_eq!(
            edges("3@2s"),
            [
                low(2 * second, 24),
                high(2 * second + 100 * MILLISECOND, 24)
            ]
        );
        assert_eq!(edges("4@1s+3s"), [low(second, 25), high(4 * second, 25)]);
        for wrong in ["", "0", "5", "1@", "1@2s+", "1@2s+x", "one@2s"] {
            assert!(parse_button(wrong).is_err(), "{wrong}");
        }
    }
}
