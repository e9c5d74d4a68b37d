//! The last lines of a console.

use std::collections::VecDeque;

/// Lines that are kept.
const MOST_LINES: usize = 16;
/// The longest line that is kept, bytes.
const LONGEST: usize = 512;

/// Keeps the last lines of what a port sends.
#[derive(Debug, Default)]
pub struct Tail {
    line: Vec<u8>,
    lines: VecDeque<String>,
}

impl Tail {
    /// Takes in more of the port's output.
    pub fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => {
                    let text = String::from_utf8_lossy(&self.line);
                    let text: String = text.chars().filter(|c| !c.is_control()).collect();
                    if !text.is_empty() {
                        self.lines.push_back(text);
                    }
                    self.line.clear();
                    if self.lines.len() > MOST_LINES {
                        self.lines.pop_front();
                    }
                }
                _ if self.line.len() < LONGEST => self.line.push(*byte),
                _ => {}
            }
        }
    }

    /// The last line that is no reading of the meter.
    pub fn said(&self) -> Option<&str> {
        let mut lines = self.lines.iter().rev();
        let line = lines.find(|line| !line.starts_with("meter "))?;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_is_found_among_readings() {
        let mut tail = Tail::default();
        assert_eq!(tail.said(), None);
        tail.feed(b"ok seal\r\nmeter t=1 V=230\r\nmeter t=2");
        assert_eq!(tail.said(), Some("ok seal"));
        tail.feed(b"\x1b[2J\nprofile end=900\n");
        assert_eq!(tail.said(), Some("profile end=900"));
        for _ in 0..100 {
            tail.feed(&[b'x'; 1_000]);
            tail.feed(b"\n");
        }
        assert_eq!(tail.lines.len(), MOST_LINES);
        assert_eq!(tail.said().map(str::len), Some(LONGEST));
    }
}
