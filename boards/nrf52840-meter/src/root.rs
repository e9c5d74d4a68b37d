//! The device secret's page and the locks of the flash controller, before anything else runs.

use capsules_trust::root::{self, Noise, Root, SecretPage};
use kernel::hil::entropy::Entropy32;
use kernel::ErrorCode;
use nrf52840::acl::{Acl, Lock};
use nrf52840::base;
use nrf52840::nvmc::{FlashPort, InternalFlash, Mode};
use nrf52840::rng::Rng;

use crate::tables::{CODE, DEVICE_SECRET};

/// Erase time of a page (electrical specification of the NVMC), with margin.
const ERASE_MS: u32 = 90;

/// Locks all code against writing, makes the secret at the first start, derives the root, and
/// locks the secret against reading; all until the next reset.
///
/// # Errors
/// Fails with `FAIL` if the part's entropy failed its health tests, if the secret does not
/// stay in flash or was damaged, or if a lock did not take. There is no root then, but what
/// can be locked is.
///
/// # Safety
/// It may be called once, before any process exists and before anything else uses the flash
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
    let page = Page(unsafe { InternalFlash::new(base::NVMC, base::POWER, DEVICE_SECRET) });
    let random = Rng::new(base::RNG);
    let root = root::take(&page, &RandomBytes(&random));
    random.cancel()?;
    lock(DEVICE_SECRET, Lock::ReadWrite)?;
    code.into_iter().collect::<Result<(), _>>()?;
    root
}

struct Page(InternalFlash);

impl Page {
    fn address(word: usize) -> usize {
        DEVICE_SECRET.start + word * 4
    }

    fn wait(&self) {
        while !self.0.ready() {}
    }
}

impl SecretPage for Page {
    fn read(&self, word: usize) -> u32 {
        self.0.word(Page::address(word))
    }

    fn erase(&self) {
        self.wait();
        self.0.set_mode(Mode::Erase);
        self.0.erase_part(DEVICE_SECRET.start, ERASE_MS);
        self.wait();
        self.0.set_mode(Mode::ReadOnly);
    }

    fn write(&self, word: usize, value: u32) {
        self.0.set_mode(Mode::Write);
        self.0.program(Page::address(word), value);
        self.wait();
        self.0.set_mode(Mode::ReadOnly);
    }
}

struct RandomBytes<'a>(&'a Rng<'static>);

impl Noise for RandomBytes<'_> {
    fn wait_for_sample(&self) -> u8 {
        self.0.wait_for_byte()
    }
}
