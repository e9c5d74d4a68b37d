//! The NVIC: enabling, disabling and finding interrupts.
//!
//! The kernel serves interrupts in thread mode. The handler of every line
//! (`generic_isr`) only switches the line off and marks it
//! pending again; the kernel's loop then asks [`next_pending`], lets the
//! driver serve it, and switches the line on again with
//! [`Nvic::clear_pending`] and [`Nvic::enable`].
//!
//! All lines have one priority ([`crate::priority`]), so that they never
//! nest.

use crate::registers::{ICTR, NVIC_ICER, NVIC_ICPR, NVIC_IPR, NVIC_ISER, NVIC_ISPR};

/// Words of 32 lines that the core has.
fn words() -> usize {
    (ICTR.get() & 0xF) as usize + 1
}

/// Forgets every pending interrupt.
pub fn clear_all_pending() {
    for word in 0..words() {
        NVIC_ICPR.at(word).set(!0);
    }
}

/// Switches every line on.
pub fn enable_all() {
    for word in 0..words() {
        NVIC_ISER.at(word).set(!0);
    }
}

/// Switches every line off.
pub fn disable_all() {
    for word in 0..words() {
        NVIC_ICER.at(word).set(!0);
    }
}

/// Gives every line the priority `priority` (the byte of the register).
pub(crate) fn set_all_priorities(priority: u8) {
    for word in 0..words() * 8 {
        NVIC_IPR.at(word).set(u32::from_ne_bytes([priority; 4]));
    }
}

/// The lowest pending line, looking at the first `WORDS` words of 32 lines.
///
/// A chip knows how many lines it has, and with a constant the search is a
/// few instructions: 2 words cover the nRF52840's 48 lines.
#[inline]
pub fn next_pending_of<const WORDS: usize>() -> Option<u32> {
    (0..WORDS).find_map(|word| {
        let pending = NVIC_ISPR.at(word).get();
        (pending != 0).then(|| word as u32 * 32 + pending.trailing_zeros())
    })
}

/// Returns whether a line is pending, looking at the first `WORDS` words of 32 lines.
///
/// Asked after every system call, so it has no loop: each condition is known
/// when it is compiled.
#[inline(always)]
pub fn has_pending_of<const WORDS: usize>() -> bool {
    const { assert!(WORDS <= 4) };
    let mut pending = 0;
    if WORDS > 0 {
        pending |= NVIC_ISPR.at(0).get();
    }
    if WORDS > 1 {
        pending |= NVIC_ISPR.at(1).get();
    }
    if WORDS > 2 {
        pending |= NVIC_ISPR.at(2).get();
    }
    if WORDS > 3 {
        pending |= NVIC_ISPR.at(3).get();
    }
    pending != 0
}

/// The lowest pending line of all that the core has.
pub fn next_pending() -> Option<u32> {
    next_pending_with_mask((0, 0))
}

/// Returns whether any line is pending.
pub fn has_pending() -> bool {
    has_pending_with_mask((0, 0))
}

/// The lowest pending line that is not in `mask` (lines 255 to 128, lines 127
/// to 0; see [`crate::interrupt_mask`]).
pub fn next_pending_with_mask(mask: (u128, u128)) -> Option<u32> {
    (0..words()).find_map(|word| {
        let pending = NVIC_ISPR.at(word).get() & !mask_word(mask, word);
        (pending != 0).then(|| word as u32 * 32 + pending.trailing_zeros())
    })
}

/// Returns whether a line that is not in `mask` is pending.
pub fn has_pending_with_mask(mask: (u128, u128)) -> bool {
    (0..words()).any(|word| NVIC_ISPR.at(word).get() & !mask_word(mask, word) != 0)
}

fn mask_word(mask: (u128, u128), word: usize) -> u32 {
    match word {
        0..=3 => (mask.1 >> (32 * word)) as u32,
        4..=7 => (mask.0 >> (32 * (word - 4))) as u32,
        _ => 0,
    }
}

/// The mask of the given lines for [`nvic::next_pending_with_mask`](next_pending_with_mask).
#[macro_export]
macro_rules! interrupt_mask {
    ($($line:expr),+ $(,)?) => {{
        let mut high = 0u128;
        let mut low = 0u128;
        $(
            if $line < 128 {
                low |= 1u128 << $line;
            } else {
                high |= 1u128 << ($line - 128);
            }
        )+
        (high, low)
    }};
}

/// One interrupt line, to be handed to whoever serves it.
pub struct Nvic(u32);

impl Nvic {
    /// The line `line` (0 to 239).
    ///
    /// # Safety
    ///
    /// Only the chip hands out lines: whoever has one can make the kernel miss
    /// that interrupt for ever.
    pub const unsafe fn new(line: u32) -> Nvic {
        assert!(line < 240);
        Nvic(line)
    }

    /// Switches the line on.
    #[inline]
    pub fn enable(&self) {
        NVIC_ISER.at(self.word()).set(self.bit());
    }

    /// Switches the line off.
    #[inline]
    pub fn disable(&self) {
        NVIC_ICER.at(self.word()).set(self.bit());
    }

    /// Forgets that the line is pending. A line whose device still asks
    /// becomes pending again at once.
    #[inline]
    pub fn clear_pending(&self) {
        NVIC_ICPR.at(self.word()).set(self.bit());
    }

    /// Makes the line pending, as if its device had asked.
    #[inline]
    pub fn set_pending(&self) {
        NVIC_ISPR.at(self.word()).set(self.bit());
    }

    #[inline(always)]
    fn word(&self) -> usize {
        (self.0 / 32) as usize
    }

    #[inline(always)]
    fn bit(&self) -> u32 {
        1 << (self.0 % 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mask_takes_each_line_out_of_its_word() {
        let mask = interrupt_mask!(0u32, 33u32, 127u32, 128u32, 200u32);
        assert_eq!(mask_word(mask, 0), 1);
        assert_eq!(mask_word(mask, 1), 1 << 1);
        assert_eq!(mask_word(mask, 2), 0);
        assert_eq!(mask_word(mask, 3), 1 << 31);
        assert_eq!(mask_word(mask, 4), 1);
        assert_eq!(mask_word(mask, 6), 1 << 8);
        assert_eq!(mask_word(mask, 8), 0);
    }

    #[test]
    fn line_maps_to_word_and_bit() {
        // SAFETY: the host's stand-in for the NVIC belongs to this test.
        let line = unsafe { Nvic::new(37) };
        line.enable();
        assert_eq!(NVIC_ISER.at(1).get(), 1 << 5);
        NVIC_ISPR.at(1).set(1 << 5 | 1 << 9);
        assert_eq!(next_pending_of::<2>(), Some(37));
        assert!(has_pending_of::<2>());
        NVIC_ISPR.at(1).set(0);
        assert_eq!(next_pending_of::<2>(), None);
        assert!(!has_pending_of::<2>());
    }
}
