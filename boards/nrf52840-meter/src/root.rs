//! The root of trust: the device secret, the storage root derived from it, and the locks on code and secret.
//!
//! A bootloader's work, done here as long as there is none. The secret's page
//! holds, from its start: the secret (8 words), its check (the first word of
//! SHA-256 of the secret), a mark. The mark is written last, so a page without
//! it is a first start that power cut short, and begins anew.

use capsules_trust::entropy::health::{HealthTests, STARTUP_SAMPLES};
use hkdf::Hkdf;
use kernel::hil::entropy::Entropy32;
use kernel::ErrorCode;
use nrf52840::acl::{Acl, Lock};
use nrf52840::base;
use nrf52840::nvmc::{FlashPort, InternalFlash, Mode};
use nrf52840::rng::Rng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::policy::{CODE, DEVICE_SECRET};

/// Bytes of the secret and of the root.
pub const ROOT_BYTES: usize = 32;
const SECRET_WORDS: usize = ROOT_BYTES / 4;
const CHECK: usize = SECRET_WORDS;
const MARK: usize = SECRET_WORDS + 1;
const MARKED: u32 = 0x5EC2_E700;
/// Samples of raw entropy that are hashed into a secret: at half a bit each,
/// twice its strength.
const SECRET_SAMPLES: usize = 1_024;
/// Erase time of a page (electrical specification of the NVMC), with margin.
const ERASE_MS: u32 = 90;

/// What everything that the meter keeps is sealed under.
pub type Root = Zeroizing<[u8; ROOT_BYTES]>;

/// Locks all code against writing, makes the secret at the first start, derives the
/// root, and locks the secret against reading; all until the next reset.
///
/// `FAIL`: the part's entropy failed its health tests, the secret does not stay
/// in flash or was damaged, or a lock did not take. There is no root then, but what
/// can be locked is.
///
/// # Safety
/// Once, before any process exists and before anything else uses the flash
/// controller or the random number generator.
pub unsafe fn take() -> Result<Root, ErrorCode> {
    let acl = Acl::new(base::ACL);
    let lock = |range: core::ops::Range<usize>, lock| {
        acl.lock(range.start as u32, range.len() as u32, lock)
    };
    // First, because apps run also where there is no root.
    let code = CODE.map(|range| lock(range, Lock::Write));
    // SAFETY: meter.toml gives this page to the secret alone, and the caller
    // vouches for the rest.
    let page = unsafe { InternalFlash::new(base::NVMC, base::POWER, DEVICE_SECRET) };
    let secret = read(&page).map_or_else(|| make(&page), Ok);
    lock(DEVICE_SECRET, Lock::ReadWrite)?;
    code.into_iter().collect::<Result<(), _>>()?;
    let mut root = Root::default();
    Hkdf::<Sha256>::new(None, secret?.as_ref())
        .expand(b"wattlock storage root", root.as_mut())
        .map_err(|_| ErrorCode::FAIL)?;
    Ok(root)
}

fn address(word: usize) -> usize {
    DEVICE_SECRET.start + word * 4
}

/// The secret, if it is whole.
fn read(page: &InternalFlash) -> Option<Root> {
    let mut secret = Root::default();
    for (word, bytes) in secret.chunks_exact_mut(4).enumerate() {
        bytes.copy_from_slice(&page.word(address(word)).to_le_bytes());
    }
    let whole = page.word(address(MARK)) == MARKED && page.word(address(CHECK)) == check(&secret);
    whole.then_some(secret)
}

fn check(secret: &Root) -> u32 {
    let hash = Sha256::digest(secret.as_ref());
    u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// The first start: a secret from the part's own noise, kept in its page.
fn make(page: &InternalFlash) -> Result<Root, ErrorCode> {
    // A marked page whose check is wrong was damaged: a new secret would throw
    // away, without a word, all that was sealed.
    if page.word(address(MARK)) == MARKED {
        return Err(ErrorCode::FAIL);
    }
    let random = Rng::new(base::RNG);
    let mut tests = HealthTests::default();
    let mut hash = Sha256::new();
    for number in 0..usize::from(STARTUP_SAMPLES) + SECRET_SAMPLES {
        let sample = random.wait_for_byte();
        tests.sample(sample).map_err(|_| ErrorCode::FAIL)?;
        if number >= usize::from(STARTUP_SAMPLES) {
            hash.update([sample]);
        }
    }
    random.cancel()?;
    let mut secret = Root::default();
    secret.copy_from_slice(&hash.finalize());

    let ready = || while !page.ready() {};
    ready();
    page.set_mode(Mode::Erase);
    page.erase_part(DEVICE_SECRET.start, ERASE_MS);
    ready();
    page.set_mode(Mode::Write);
    let words = secret
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .chain([check(&secret), MARKED]);
    for (word, value) in words.enumerate() {
        page.program(address(word), value);
        ready();
    }
    page.set_mode(Mode::ReadOnly);
    match read(page) {
        Some(kept) if *kept == *secret => Ok(secret),
        _ => Err(ErrorCode::FAIL),
    }
}
