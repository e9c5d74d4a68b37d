//! Entropy of the part, the generator on it, and driver 0x40001.

use capsules_core::rng::{self, RngDriver};
use capsules_trust::entropy::{Drbg, RandomNumbers, ReseedClock};
use kernel::capabilities::MemoryAllocationCapability;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::entropy::Entropy32;
use kernel::hil::rng::Rng as _;
use kernel::hil::time::OverflowClient;
use kernel::{static_init, Kernel};
use nrf52840::rng::Rng;

use crate::peripherals::Peripherals;

/// The generator.
pub type Generator = Drbg<'static, Rng<'static>>;
/// Its numbers for apps.
pub type Numbers = RandomNumbers<'static, Generator>;

/// What randomness is made of.
pub struct Randomness {
    /// The generator; it has neither been started nor got its client.
    pub generator: &'static Generator,
    /// Must hear of the generator.
    pub numbers: &'static Numbers,
    /// Must hear of the overflows of the counter.
    pub reseeding: &'static dyn OverflowClient,
    /// Driver 0x40001.
    pub driver: &'static RngDriver<'static, Numbers>,
}

/// Overflows of the 24-bit RTC between two seeds: 59 minutes and 44 seconds.
const OVERFLOWS_PER_SEED: u32 = 7;

/// Makes the generator on the part's entropy, the clock that seeds it anew, the numbers of
/// apps, and driver 0x40001.
///
/// # Safety
/// It may be called once: all of it stands in statics.
pub unsafe fn randomness(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> Randomness {
    type Clock = ReseedClock<'static, Rng<'static>>;
    // SAFETY: the caller calls this once.
    unsafe {
        let generator = static_init!(Generator, Drbg::new(&peripherals.common.rng));
        peripherals.common.rng.set_client(generator);
        let clock = static_init!(Clock, ReseedClock::new(generator, OVERFLOWS_PER_SEED));
        let numbers = static_init!(Numbers, RandomNumbers::new(generator));
        numbers.register();
        let driver = static_init!(
            RngDriver<'static, Numbers>,
            RngDriver::new(numbers, kernel.create_grant(rng::DRIVER_NUM, memory))
        );
        numbers.set_client(driver);
        Randomness {
            reseeding: clock,
            generator,
            numbers,
            driver,
        }
    }
}
