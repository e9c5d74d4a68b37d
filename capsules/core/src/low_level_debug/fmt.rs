//! The text of low-level debug messages. Numbers are hexadecimal.

use super::DebugEntry;

/// Digits of the longest number.
const DIGITS: usize = 2 * size_of::<usize>();

/// The longest message: one with three numbers, or the longest words with two.
pub const BUF_LEN: usize = {
    let three_numbers = 35 + 3 * DIGITS;
    let longest_words = 45 + 2 * DIGITS;
    if three_numbers > longest_words {
        three_numbers
    } else {
        longest_words
    }
};

/// Puts text at the end of a buffer's used part, as far as there is room.
struct Message<'b> {
    buffer: &'b mut [u8],
    used: usize,
}

impl Message<'_> {
    fn text(mut self, text: &[u8]) -> Self {
        let room = self.buffer.get_mut(self.used..).unwrap_or_default();
        for (to, from) in room.iter_mut().zip(text) {
            *to = *from;
            self.used += 1;
        }
        self
    }

    fn hex(self, number: usize) -> Self {
        let mut digits = [0; DIGITS];
        let mut rest = number;
        let mut first = DIGITS;
        while first == DIGITS || rest != 0 {
            first -= 1;
            digits[first] = b"0123456789abcdef"[rest % 16];
            rest /= 16;
        }
        self.text(b"0x").text(&digits[first..])
    }

    fn line_end(self) -> usize {
        self.text(b"\n").used
    }
}

fn message(buffer: &mut [u8]) -> Message<'_> {
    Message { buffer, used: 0 }.text(b"LowLevelDebug: ")
}

/// Puts the message for `entry` of process `app` into `buffer`; returns its
/// length.
pub(super) fn format_entry(app: usize, entry: DebugEntry, buffer: &mut [u8]) -> usize {
    let message = message(buffer);
    match entry {
        DebugEntry::Dropped(count) => message
            .text(b"Dropped ")
            .hex(count)
            .text(b" entries for app ")
            .hex(app),
        DebugEntry::AlertCode(code) => message
            .text(b"App ")
            .hex(app)
            .text(b" alert code ")
            .hex(code),
        DebugEntry::Print1(number) => message.text(b"App ").hex(app).text(b" prints ").hex(number),
        DebugEntry::Print2(first, second) => message
            .text(b"App ")
            .hex(app)
            .text(b" prints ")
            .hex(first)
            .text(b" ")
            .hex(second),
    }
    .line_end()
}

/// Puts the message for an entry that was lost into `buffer`; returns its length.
pub(super) fn format_grant_failed(buffer: &mut [u8]) -> usize {
    message(buffer).text(b"grant init failed").line_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn text(app: usize, entry: DebugEntry) -> String {
        let mut buffer = [0; BUF_LEN];
        let length = format_entry(app, entry, &mut buffer);
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn says_who_and_what() {
        assert_eq!(
            text(0, DebugEntry::AlertCode(2)),
            "LowLevelDebug: App 0x0 alert code 0x2\n"
        );
        assert_eq!(
            text(0x1F, DebugEntry::Print1(0xA0)),
            "LowLevelDebug: App 0x1f prints 0xa0\n"
        );
        assert_eq!(
            text(3, DebugEntry::Print2(0, 0x1000)),
            "LowLevelDebug: App 0x3 prints 0x0 0x1000\n"
        );
        assert_eq!(
            text(1, DebugEntry::Dropped(2)),
            "LowLevelDebug: Dropped 0x2 entries for app 0x1\n"
        );
    }

    #[test]
    fn the_longest_messages_fit() {
        assert!(text(usize::MAX, DebugEntry::Dropped(usize::MAX)).ends_with("f\n"));
        assert!(text(usize::MAX, DebugEntry::Print2(usize::MAX, usize::MAX)).ends_with("f\n"));
        let mut short = [0; 10];
        assert_eq!(format_grant_failed(&mut short), 10);
    }
}
