//! Words in hexadecimal for panic reports, in less flash than the formatting of `core` takes.

use core::fmt::{self, Write};

/// Writes `0x` and the eight digits of a word (more for a wider one).
///
/// # Errors
///
/// As the writer.
#[inline(never)]
pub fn write_word(writer: &mut dyn Write, word: usize) -> fmt::Result {
    writer.write_str("0x")?;
    let digits = (usize::BITS - word.leading_zeros()).div_ceil(4).max(8);
    for place in (0..digits).rev() {
        let digit = (word >> (4 * place)) as u8 & 0xF;
        let character = if digit < 10 {
            b'0' + digit
        } else {
            b'A' - 10 + digit
        };
        writer.write_char(character.into())?;
    }
    Ok(())
}

/// Writes each text with its word behind it.
///
/// # Errors
///
/// As the writer.
#[inline(never)]
pub fn write_words(writer: &mut dyn Write, words: &[(&str, usize)]) -> fmt::Result {
    for (text, word) in words {
        writer.write_str(text)?;
        write_word(writer, *word)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn writes_as_core_does() {
        for word in [0, 0xF, 0xA0, 0x1234_5678, 0x2000_FFFF, u32::MAX as usize] {
            let mut text = String::new();
            write_words(&mut text, &[("a ", word), ("\r\n", word)]).unwrap();
            assert_eq!(text, std::format!("a {word:#010X}\r\n{word:#010X}"));
        }
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn writes_all_digits_of_a_wider_word() {
        let mut text = String::new();
        write_word(&mut text, 0x1_0000_0000).unwrap();
        assert_eq!(text, "0x100000000");
    }
}
