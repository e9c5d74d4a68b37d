//! Frames of GDB's remote serial protocol: `$data#checksum`.

/// What the peer sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A packet's data, unescaped.
    Packet(Vec<u8>),
    /// A packet whose checksum is wrong.
    Damaged,
    /// Ctrl-C.
    Interrupt,
}

/// The longest packet that is taken.
pub const LONGEST: usize = 16 * 1024;

/// Finds packets in a stream of bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    data: Vec<u8>,
    sum: u8,
    first_digit: u8,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Outside,
    Data,
    Escaped,
    FirstDigit,
    SecondDigit,
}

impl Decoder {
    /// Takes a byte; what it completes.
    pub fn feed(&mut self, byte: u8) -> Option<Received> {
        match self.state {
            State::Outside => match byte {
                0x03 => return Some(Received::Interrupt),
                b'$' => {
                    self.data.clear();
                    self.sum = 0;
                    self.state = State::Data;
                }
                _ => {}
            },
            State::Data => {
                if byte == b'#' {
                    self.state = State::FirstDigit;
                    return None;
                }
                self.sum = self.sum.wrapping_add(byte);
                match byte {
                    b'}' => self.state = State::Escaped,
                    _ => self.push(byte),
                }
            }
            State::Escaped => {
                self.sum = self.sum.wrapping_add(byte);
                self.push(byte ^ 0x20);
                self.state = State::Data;
            }
            State::FirstDigit => {
                self.first_digit = byte;
                self.state = State::SecondDigit;
            }
            State::SecondDigit => {
                self.state = State::Outside;
                let digits = [self.first_digit, byte];
                let sum = std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                let data = std::mem::take(&mut self.data);
                return Some(if sum == Some(self.sum) && data.len() < LONGEST {
                    Received::Packet(data)
                } else {
                    Received::Damaged
                });
            }
        }
        None
    }

    fn push(&mut self, byte: u8) {
        // A longer one ends as damaged.
        if self.data.len() < LONGEST {
            self.data.push(byte);
        }
    }
}

/// The frame of `data`.
pub fn frame(data: &str) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(data.len() + 4);
    for byte in data.bytes() {
        if matches!(byte, b'$' | b'#' | b'}' | b'*') {
            escaped.extend([b'}', byte ^ 0x20]);
        } else {
            escaped.push(byte);
        }
    }
    let sum = escaped
        .iter()
        .fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let mut frame = vec![b'$'];
    frame.extend(escaped);
    frame.extend(format!("#{sum:02x}").bytes());
    frame
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal digits as bytes.
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Vec<Received> {
        let mut decoder = Decoder::default();
        bytes
            .iter()
            .filter_map(|byte| decoder.feed(*byte))
            .collect()
    }

    #[test]
    fn frames_come_back() {
        let text = "m20000000,4 #$}*";
        assert_eq!(
            decode(&frame(text)),
            [Received::Packet(text.as_bytes().to_vec())]
        );
        assert_eq!(frame("OK"), b"$OK#9a");
    }

    #[test]
    fn damage_is_seen() {
        assert_eq!(decode(b"$OK#9b"), [Received::Damaged]);
        assert_eq!(decode(b"+\x03$"), [Received::Interrupt]);
        assert_eq!(unhex("0g"), None);
        assert_eq!(unhex("00ff"), Some(vec![0, 255]));
    }
}
