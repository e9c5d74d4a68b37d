//! The root of trust: the device secret, and the storage root derived from it.
//!
//! A bootloader's work, done at the kernel's start as long as there is none. The
//! secret's page holds, from its start: the secret (8 words), its check (the first
//! word of SHA-256 of the secret), a mark. The mark is written last, so a page
//! without it is a first start that power cut short, and begins anew.

use hkdf::Hkdf;
use kernel::ErrorCode;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::entropy::health::{HealthTests, STARTUP_SAMPLES};

/// Bytes of the secret and of the root.
pub const ROOT_BYTES: usize = 32;
const SECRET_WORDS: usize = ROOT_BYTES / 4;
const CHECK: usize = SECRET_WORDS;
const MARK: usize = SECRET_WORDS + 1;
const MARKED: u32 = 0x5EC2_E700;
/// Samples of raw entropy that are hashed into a secret: at half a bit each,
/// twice its strength.
const SECRET_SAMPLES: usize = 1_024;

/// What everything that the meter keeps is sealed under.
pub type Root = Zeroizing<[u8; ROOT_BYTES]>;

/// The page of flash that holds the secret, before anything else runs: every call waits
/// for its end.
pub trait SecretPage {
    /// The word at this place of the page.
    fn read(&self, word: usize) -> u32;

    /// Erases the page.
    fn erase(&self);

    /// Writes one word of the erased page.
    fn write(&self, word: usize, value: u32);
}

/// The part's own noise, one raw sample at a time.
pub trait Noise {
    /// Waits for the next sample.
    fn wait_for_sample(&self) -> u8;
}

/// Reads the secret, or makes it at the first start, and derives the root.
///
/// # Errors
/// FAIL: the entropy failed its health tests, the secret does not stay in flash, or it
/// was damaged. There is no root then.
pub fn take(page: &impl SecretPage, noise: &impl Noise) -> Result<Root, ErrorCode> {
    let secret = read(page).map_or_else(|| make(page, noise), Ok)?;
    let mut root = Root::default();
    Hkdf::<Sha256>::new(None, secret.as_ref())
        .expand(b"wattlock storage root", root.as_mut())
        .map_err(|_| ErrorCode::FAIL)?;
    Ok(root)
}

/// The secret, if it is whole.
fn read(page: &impl SecretPage) -> Option<Root> {
    let mut secret = Root::default();
    for (word, bytes) in secret.chunks_exact_mut(4).enumerate() {
        bytes.copy_from_slice(&page.read(word).to_le_bytes());
    }
    let whole = page.read(MARK) == MARKED && page.read(CHECK) == check(&secret);
    whole.then_some(secret)
}

fn check(secret: &Root) -> u32 {
    let hash = Sha256::digest(secret.as_ref());
    u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// The first start: a secret from the part's own noise, kept in its page.
fn make(page: &impl SecretPage, noise: &impl Noise) -> Result<Root, ErrorCode> {
    // A marked page whose check is wrong was damaged: a new secret would throw
    // away, without a word, all that was sealed.
    if page.read(MARK) == MARKED {
        return Err(ErrorCode::FAIL);
    }
    let mut tests = HealthTests::default();
    let mut hash = Sha256::new();
    for number in 0..usize::from(STARTUP_SAMPLES) + SECRET_SAMPLES {
        let sample = noise.wait_for_sample();
        tests.sample(sample).map_err(|_| ErrorCode::FAIL)?;
        if number >= usize::from(STARTUP_SAMPLES) {
            hash.update([sample]);
        }
    }
    let mut secret = Root::default();
    secret.copy_from_slice(&hash.finalize());

    page.erase();
    let words = secret
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .chain([check(&secret), MARKED]);
    for (word, value) in words.enumerate() {
        page.write(word, value);
    }
    match read(page) {
        Some(kept) if *kept == *secret => Ok(secret),
        _ => Err(ErrorCode::FAIL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::{Cell, RefCell};
    use std::vec;
    use std::vec::Vec;

    const WORDS: usize = 1_024;

    /// A page whose power fails after some operations: those after it change nothing.
    struct Page {
        words: RefCell<Vec<u32>>,
        left: Cell<usize>,
        erases: Cell<usize>,
    }

    impl Page {
        fn of(words: Vec<u32>, operations: usize) -> Self {
            Page {
                words: RefCell::new(words),
                left: Cell::new(operations),
                erases: Cell::new(0),
            }
        }

        fn blank() -> Self {
            Page::of(vec![u32::MAX; WORDS], usize::MAX)
        }

        fn powered(&self) -> bool {
            let left = self.left.get();
            self.left.set(left.saturating_sub(1));
            left > 0
        }
    }

    impl SecretPage for Page {
        fn read(&self, word: usize) -> u32 {
            self.words.borrow()[word]
        }

        fn erase(&self) {
            if self.powered() {
                self.erases.set(self.erases.get() + 1);
                self.words.borrow_mut().fill(u32::MAX);
            }
        }

        fn write(&self, word: usize, value: u32) {
            if self.powered() {
                self.words.borrow_mut()[word] &= value;
            }
        }
    }

    /// Noise that differs from start to start.
    struct Seeded(Cell<u64>);

    impl Noise for Seeded {
        fn wait_for_sample(&self) -> u8 {
            let next = self.0.get().wrapping_mul(0x5851_F42D_4C95_7F2D);
            self.0.set(next.wrapping_add(0x1405_7B7E_F767_814F));
            (next >> 56) as u8
        }
    }

    struct Stuck;

    impl Noise for Stuck {
        fn wait_for_sample(&self) -> u8 {
            7
        }
    }

    fn noise(seed: u64) -> Seeded {
        Seeded(Cell::new(seed))
    }

    #[test]
    fn the_root_is_the_same_at_every_start_and_another_for_another_meter() {
        let page = Page::blank();
        let first = take(&page, &noise(1)).expect("a root");
        let again = take(&page, &noise(2)).expect("a root");
        assert_eq!(*first, *again);
        assert_eq!(page.erases.get(), 1, "the secret is made once");
        let other = take(&Page::blank(), &noise(2)).expect("a root");
        assert_ne!(*first, *other);
        let secret = read(&page).expect("a secret");
        assert_ne!(
            *secret, *first,
            "the root is derived, not the secret itself"
        );
    }

    #[test]
    fn a_first_start_that_power_cuts_short_begins_anew() {
        let whole = SECRET_WORDS + 3;
        for operations in 0..whole - 1 {
            let page = Page::of(vec![u32::MAX; WORDS], operations);
            assert_eq!(take(&page, &noise(3)).err(), Some(ErrorCode::FAIL));
            let page = Page::of(page.words.into_inner(), usize::MAX);
            let root = take(&page, &noise(4)).expect("a root after the cut");
            assert_eq!(*root, *take(&page, &noise(5)).expect("the same root"));
            assert_eq!(page.erases.get(), 1, "cut after {operations}");
        }
    }

    #[test]
    fn a_damaged_secret_is_never_replaced() {
        let page = Page::blank();
        take(&page, &noise(6)).expect("a root");
        let whole = page.words.into_inner();
        for word in 0..=CHECK {
            for bit in [0, 13, 31] {
                let mut words = whole.clone();
                words[word] ^= 1 << bit;
                let page = Page::of(words.clone(), usize::MAX);
                assert_eq!(take(&page, &noise(7)).err(), Some(ErrorCode::FAIL));
                assert_eq!(page.words.into_inner(), words, "nothing is written");
            }
        }
    }

    #[test]
    fn noise_that_fails_its_health_tests_makes_no_secret() {
        let page = Page::blank();
        assert_eq!(take(&page, &Stuck).err(), Some(ErrorCode::FAIL));
        assert_eq!(page.erases.get(), 0);
    }
}
