//! Commands from the console: a bounded line, read once, all or nothing.

use metrology::{Range, Reference};

/// Longest command line in bytes, without its end.
pub const COMMAND_BYTES: usize = 64;

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Calibrate a current range, and the voltage, against a known load.
    Calibrate(Range, Reference),
    /// Accept no calibration from now on.
    Seal,
    /// Show calibration, seal and counters.
    Show,
    /// Say which commands there are.
    Help,
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// The line is longer than [`COMMAND_BYTES`].
    TooLong,
    /// The first word is none that is known.
    Unknown,
    /// The words after it are not what it needs.
    Arguments,
}

impl CommandError {
    /// One word for the console.
    pub fn name(self) -> &'static str {
        match self {
            CommandError::TooLong => "too_long",
            CommandError::Unknown => "unknown",
            CommandError::Arguments => "arguments",
        }
    }
}

/// Reads a line. None for one without a word.
///
/// # Errors
/// The line is no command.
pub fn parse(line: &[u8]) -> Result<Option<Command>, CommandError> {
    if line.len() > COMMAND_BYTES {
        return Err(CommandError::TooLong);
    }
    let mut words = line
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty());
    let Some(verb) = words.next() else {
        return Ok(None);
    };
    let command = match verb {
        b"seal" => Command::Seal,
        b"show" => Command::Show,
        b"help" => Command::Help,
        b"calibrate" => calibrate(&mut words).ok_or(CommandError::Arguments)?,
        _ => return Err(CommandError::Unknown),
    };
    match words.next() {
        None => Ok(Some(command)),
        Some(_) => Err(CommandError::Arguments),
    }
}

fn calibrate<'line>(words: &mut impl Iterator<Item = &'line [u8]>) -> Option<Command> {
    let range = match words.next()? {
        b"low" => Range::Low,
        b"high" => Range::High,
        _ => return None,
    };
    let reference = Reference {
        volts_uv: decimal(words.next()?, 6)?.try_into().ok()?,
        amperes_ua: decimal(words.next()?, 6)?.try_into().ok()?,
        lag_millidegrees: i32::try_from(decimal(words.next()?, 3)?)
            .ok()
            .filter(|lag| lag.abs() <= 180_000)?,
    };
    Some(Command::Calibrate(range, reference))
}

/// A decimal number in units of 10^-`places`. Further digits must be zeros, so
/// that nothing that was typed is silently dropped.
fn decimal(word: &[u8], places: u32) -> Option<i64> {
    let (negative, digits) = match word {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, word),
    };
    let point = digits.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    if whole.is_empty() || (point.is_some() && fraction.is_empty()) {
        return None;
    }
    let (kept, rest) = fraction.split_at(fraction.len().min(places as usize));
    if rest.iter().any(|&byte| byte != b'0') {
        return None;
    }
    let mut value = 0i64;
    for &byte in whole.iter().chain(kept) {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value = value.checked_mul(10)?.checked_add(digit.into())?;
    }
    value = value.checked_mul(10i64.pow(places - kept.len() as u32))?;
    Some(if negative { -value } else { value })
}

/// Collects bytes into lines; a line that is too long is dropped whole.
#[derive(Default)]
pub struct LineReader {
    line: crate::text::Text<COMMAND_BYTES>,
}

impl LineReader {
    /// Adds a byte. When it ends a line, gives the command in it.
    pub fn push(&mut self, byte: u8) -> Option<Result<Command, CommandError>> {
        if !matches!(byte, b'\r' | b'\n') {
            self.line.byte(byte);
            return None;
        }
        let result = if self.line.is_cut() {
            Err(CommandError::TooLong)
        } else {
            parse(self.line.as_bytes())
        };
        self.line.clear();
        result.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(volts_uv: u32, amperes_ua: u32, lag_millidegrees: i32) -> Reference {
        Reference {
            volts_uv,
            amperes_ua,
            lag_millidegrees,
        }
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(parse(b"seal"), Ok(Some(Command::Seal)));
        assert_eq!(parse(b"  show\t"), Ok(Some(Command::Show)));
        assert_eq!(
            parse(b"calibrate low 230 20.5 60"),
            Ok(Some(Command::Calibrate(
                Range::Low,
                reference(230_000_000, 20_500_000, 60_000)
            )))
        );
        assert_eq!(
            parse(b"calibrate high 229.999999 1 -0.25"),
            Ok(Some(Command::Calibrate(
                Range::High,
                reference(229_999_999, 1_000_000, -250)
            )))
        );
        assert_eq!(parse(b""), Ok(None));
        assert_eq!(parse(b"   "), Ok(None));
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        assert_eq!(parse(b"sealed"), Err(CommandError::Unknown));
        assert_eq!(parse(b"\xFF\x00"), Err(CommandError::Unknown));
        assert_eq!(
            parse(&[b'a'; COMMAND_BYTES + 1]),
            Err(CommandError::TooLong)
        );
        for line in [
            "seal now",
            "calibrate",
            "calibrate middle 230 5 0",
            "calibrate low 230 5",
            "calibrate low 230 5 0 0",
            "calibrate low -230 5 0",
            "calibrate low 230 -5 0",
            "calibrate low 4295 5 0",
            "calibrate low 230 5 181",
            "calibrate low 230 5 -180.001",
            "calibrate low 2e2 5 0",
            "calibrate low 230. 5 0",
            "calibrate low .5 5 0",
            "calibrate low 230.0000001 5 0",
            "calibrate low +230 5 0",
            "calibrate low 99999999999999999999 5 0",
            "calibrate low 9223372036854775807 5 0",
            "calibrate low - 5 0",
        ] {
            assert_eq!(
                parse(line.as_bytes()),
                Err(CommandError::Arguments),
                "{line}"
            );
        }
    }

    #[test]
    fn lines_end_with_either_character_and_long_ones_vanish() {
        let mut reader = LineReader::default();
        let mut results = Vec::new();
        let long = "x".repeat(5_000);
        for byte in format!("seal\r\n\nshow\n{long}\nseal\r").bytes() {
            results.extend(reader.push(byte));
        }
        assert_eq!(
            results,
            [
                Ok(Command::Seal),
                Ok(Command::Show),
                Err(CommandError::TooLong),
                Ok(Command::Seal)
            ]
        );
    }

    #[test]
    fn no_line_of_random_bytes_panics() {
        let mut state = 1u32;
        let mut reader = LineReader::default();
        let alphabet = b"calibrate low high 0123456789.- seal show\n\r\x00\xff";
        for _ in 0..200_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            reader.push(alphabet[state as usize % alphabet.len()]);
        }
    }
}
