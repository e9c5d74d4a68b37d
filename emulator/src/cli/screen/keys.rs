//! Keys from what a terminal sends.

use ratatui_termion::termion::event::{parse_event, Event, Key};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::Receiver;

const ESCAPE: u8 = 0x1B;
/// Bytes that wait to be read as keys, at the most.
const MOST: usize = 4096;

/// Reads keys as they come.
pub struct Keys {
    input: Receiver<Vec<u8>>,
    bytes: VecDeque<u8>,
}

impl From<Receiver<Vec<u8>>> for Keys {
    fn from(input: Receiver<Vec<u8>>) -> Self {
        Keys {
            input,
            bytes: VecDeque::new(),
        }
    }
}

impl Keys {
    /// The next key that has been pressed; none if none has.
    pub fn next(&mut self) -> Option<Key> {
        while self.bytes.len() < MOST {
            let Ok(more) = self.input.try_recv() else {
                break;
            };
            self.bytes.extend(more);
        }
        loop {
            // The beginning of a sequence waits for the rest of it.
            if matches!(
                (self.bytes.front(), self.bytes.get(1), self.bytes.get(2)),
                (Some(&ESCAPE), None, _) | (Some(&ESCAPE), Some(b'[' | b'O'), None)
            ) {
                return None;
            }
            let first = self.bytes.pop_front()?;
            let bytes = &mut self.bytes;
            let mut rest = std::iter::from_fn(|| bytes.pop_front().map(Ok::<u8, io::Error>));
            // What is no key is passed over.
            if let Ok(Event::Key(key)) = parse_event(first, &mut rest) {
                return Some(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn keys_arrive_whole_or_in_pieces() {
        let (sender, receiver) = sync_channel(8);
        let mut keys = Keys::from(receiver);
        let mut typed = |bytes: &[u8]| {
            sender.send(bytes.to_vec()).expect("open");
            std::iter::from_fn(|| keys.next()).collect::<Vec<Key>>()
        };
        assert_eq!(
            typed(b"p+\x03"),
            [Key::Char('p'), Key::Char('+'), Key::Ctrl('c')]
        );
        assert_eq!(typed(b"\x1b[A\x1b[D"), [Key::Up, Key::Left]);
        assert_eq!(typed(b"\x1b"), []);
        assert_eq!(typed(b"["), []);
        assert_eq!(typed(b"Bq"), [Key::Down, Key::Char('q')]);
        typed(b"\xFF\xFE\xFD\xFC");
        assert_eq!(typed(b"q"), [Key::Char('q')], "what is no key is gone");
    }
}
