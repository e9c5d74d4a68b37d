//! The one CRC-32 that our stored formats use: ISO-HDLC, as in zlib.

use crc::{Crc, NoTable, CRC_32_ISO_HDLC};

/// CRC-32/ISO-HDLC (polynomial 0x04C11DB7 reflected, start and final XOR
/// 0xFFFFFFFF), bit by bit: records are short, and a table would take 1 KB of flash.
static CRC32: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// CRC-32 of a sequence of 32-bit words, each taken as four bytes, least
/// significant first.
pub fn of_words<I: IntoIterator<Item = u32>>(words: I) -> u32 {
    let mut digest = CRC32.digest();
    for word in words {
        digest.update(&word.to_le_bytes());
    }
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::of_words;

    #[test]
    fn known_answer() {
        // "12345678" is the published check string without its "9".
        assert_eq!(of_words([0x3433_3231, 0x3837_3635]), 0x9AE0_DAAF);
    }
}
