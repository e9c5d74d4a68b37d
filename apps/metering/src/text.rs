//! Text in a buffer of fixed size, and numbers as text without floating point.

/// Up to `N` bytes of text. What does not fit is left out and noted.
#[derive(Clone, Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
    cut: bool,
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Text<N> {
    /// No text.
    pub const fn new() -> Self {
        Text {
            bytes: [0; N],
            length: 0,
            cut: false,
        }
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Whether something did not fit.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Forgets the text.
    pub fn clear(&mut self) {
        self.length = 0;
        self.cut = false;
    }

    /// Forgets the first `count` bytes.
    pub fn drop_front(&mut self, count: usize) {
        let count = count.min(self.length);
        self.bytes.copy_within(count..self.length, 0);
        self.length -= count;
    }

    /// Adds one byte. Whether it fitted.
    pub fn byte(&mut self, byte: u8) -> bool {
        match self.bytes.get_mut(self.length) {
            Some(place) => {
                *place = byte;
                self.length += 1;
                true
            }
            None => {
                self.cut = true;
                false
            }
        }
    }

    /// Adds text, as far as it fits.
    pub fn str(&mut self, text: &str) -> &mut Self {
        self.raw(text.as_bytes())
    }

    /// Adds bytes, as far as they fit.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        let fits = bytes.len().min(N - self.length);
        self.bytes[self.length..self.length + fits].copy_from_slice(&bytes[..fits]);
        self.length += fits;
        self.cut |= fits < bytes.len();
        self
    }

    /// Adds a whole number.
    pub fn number(&mut self, value: u64) -> &mut Self {
        self.digits(value, 1)
    }

    /// Adds `value`, counted in units of 10^-`scale`, with `places` digits
    /// after the point, rounded half up. `scale` is at least `places`.
    pub fn fixed(&mut self, value: u64, scale: u32, places: u32) -> &mut Self {
        let unit = 10u64.pow(scale - places);
        // Rounds without an overflow at the end of the range.
        let (mut rounded, rest) = (value / unit, value % unit);
        if rest >= unit.div_ceil(2) && unit > 1 {
            rounded += 1;
        }
        if places == 0 {
            return self.digits(rounded, 1);
        }
        let one = 10u64.pow(places);
        self.digits(rounded / one, 1).str(".");
        self.digits(rounded % one, places)
    }

    /// As [`Text::fixed`], with a minus sign for what is below zero and does
    /// not round to it.
    pub fn signed_fixed(&mut self, value: i64, scale: u32, places: u32) -> &mut Self {
        let magnitude = value.unsigned_abs();
        if value < 0 && magnitude >= 10u64.pow(scale - places).div_ceil(2) {
            self.str("-");
        }
        self.fixed(magnitude, scale, places)
    }

    /// Adds four hexadecimal digits behind `0x`.
    pub fn hex16(&mut self, value: u16) -> &mut Self {
        self.str("0x");
        for shift in [12, 8, 4, 0] {
            let nibble = usize::from(value >> shift & 0xF);
            self.byte(b"0123456789abcdef"[nibble]);
        }
        self
    }

    /// Adds a number with at least `least` digits.
    fn digits(&mut self, value: u64, least: u32) -> &mut Self {
        const CHUNK: u64 = 1_000_000_000;
        // The core divides 32 bits in hardware: cut 64 bits into such parts.
        let parts = [
            (value / (CHUNK * CHUNK)) as u32,
            (value / CHUNK % CHUNK) as u32,
            (value % CHUNK) as u32,
        ];
        let mut digits = [b'0'; 27];
        for (place, part) in digits.chunks_exact_mut(9).zip(parts) {
            let mut part = part;
            for digit in place.iter_mut().rev() {
                *digit = b'0' + (part % 10) as u8;
                part /= 10;
            }
        }
        let first = digits
            .iter()
            .position(|&digit| digit != b'0')
            .unwrap_or(digits.len());
        let start = first.min(digits.len() - least as usize);
        self.raw(&digits[start..])
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    fn text(write: impl FnOnce(&mut Text<64>)) -> String {
        let mut text = Text::new();
        write(&mut text);
        assert!(!text.is_cut());
        String::from_utf8(text.as_bytes().to_vec()).expect("ASCII")
    }

    #[test]
    fn numbers_at_the_ends_of_their_range() {
        assert_eq!(text(|t| _ = t.number(0)), "0");
        assert_eq!(text(|t| _ = t.number(1_000_000_000)), "1000000000");
        assert_eq!(text(|t| _ = t.number(u64::MAX)), u64::MAX.to_string());
        assert_eq!(text(|t| _ = t.fixed(u64::MAX, 9, 6)), "18446744073.709552");
        assert_eq!(
            text(|t| _ = t.signed_fixed(i64::MIN, 6, 3)),
            "-9223372036854.776"
        );
    }

    #[test]
    fn fixed_point_rounds_half_up() {
        assert_eq!(text(|t| _ = t.fixed(230_012_499, 6, 3)), "230.012");
        assert_eq!(text(|t| _ = t.fixed(230_012_500, 6, 3)), "230.013");
        assert_eq!(text(|t| _ = t.fixed(999_999_999, 6, 3)), "1000.000");
        assert_eq!(text(|t| _ = t.fixed(7, 6, 6)), "0.000007");
        assert_eq!(text(|t| _ = t.fixed(15, 1, 0)), "2");
    }

    #[test]
    fn small_negatives_show_no_sign() {
        assert_eq!(text(|t| _ = t.signed_fixed(-499, 6, 3)), "0.000");
        assert_eq!(text(|t| _ = t.signed_fixed(-500, 6, 3)), "-0.001");
        assert_eq!(text(|t| _ = t.signed_fixed(-920_341_000, 6, 3)), "-920.341");
    }

    #[test]
    fn hexadecimal_has_four_digits() {
        assert_eq!(text(|t| _ = t.hex16(0x0a0f)), "0x0a0f");
    }

    #[test]
    fn what_does_not_fit_is_noted() {
        let mut text = Text::<4>::new();
        text.str("abcdef");
        assert_eq!((text.as_bytes(), text.is_cut()), (&b"abcd"[..], true));
        text.drop_front(3);
        assert_eq!(text.as_bytes(), b"d");
        assert!(text.byte(b'e'));
        text.clear();
        assert!(text.is_empty() && !text.is_cut());
    }

    #[test]
    fn fixed_point_agrees_with_the_standard_library() {
        let mut value = 1u64;
        for _ in 0..200 {
            value = value
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let small = value >> (value % 50);
            let (whole, rest) = (small / 1_000_000, small % 1_000_000);
            assert_eq!(
                text(|t| _ = t.fixed(small, 6, 6)),
                format!("{whole}.{rest:06}")
            );
        }
    }
}
