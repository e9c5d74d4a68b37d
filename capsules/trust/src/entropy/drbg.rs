//! HMAC_DRBG with SHA-256 (SP 800-90A, section 10.1.2) on a health-tested entropy source.
//!
//! It asks the source for 1,024 samples to throw away, then for [`SEED`] samples
//! that make the first seed. It is reseeded after [`REQUESTS_PER_SEED`] requests,
//! and whenever [`Drbg::reseed`] is called. A reseed is a new instance whose
//! entropy is fresh and whose personalization string is output of the old one, so
//! that it is never worse than either.

use core::cell::Cell;

use capsules_system::loading_report::LoadedClient;
use kernel::hil::entropy::{Client32, Continue, Entropy32};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::{debug, ErrorCode};
use rfc6979::HmacDrbg;
use sha2::Sha256;
use zeroize::Zeroize;

use super::health::{HealthTests, ENTROPY_BITS_PER_SAMPLE, STARTUP_SAMPLES};
use meter_hil::random_source::RandomSource;

/// Samples in a seed: entropy input and nonce.
pub const SEED: usize = 128;
/// Of them, the entropy input.
const ENTROPY_INPUT: usize = 80;
/// Requests after which the generator asks for a new seed.
pub const REQUESTS_PER_SEED: u32 = 1024;
/// Requests after which it answers no more until it has a new seed.
pub const REQUESTS_AT_MOST: u32 = 2 * REQUESTS_PER_SEED;
/// Security strength in bits.
const STRENGTH: usize = 256;

// SP 800-90A, 8.6.7: entropy of the strength, and a nonce of half of it.
const _: () = assert!(ENTROPY_INPUT * ENTROPY_BITS_PER_SAMPLE >= STRENGTH);
const _: () = assert!((SEED - ENTROPY_INPUT) * ENTROPY_BITS_PER_SAMPLE >= STRENGTH / 2);

/// Hears what becomes of the generator.
pub trait DrbgClient {
    /// The generator has a seed, its first or a new one.
    fn seeded(&self);

    /// The source failed; the generator gives nothing any more.
    fn failed(&self);
}

/// The generator. It must be made its source's client, and started.
pub struct Drbg<'a, E: Entropy32<'a>> {
    source: &'a E,
    client: OptionalCell<&'a dyn DrbgClient>,
    phase: Cell<Phase>,
    tests: MapCell<HealthTests>,
    seed: [Cell<u8>; SEED],
    generator: MapCell<HmacDrbg<Sha256>>,
    requests: Cell<u32>,
}

/// What the generator wants from its source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not started, or seeded.
    Idle,
    /// So many samples are still to be thrown away.
    Startup(u16),
    /// So many samples of the seed are there.
    Seed(usize),
    /// The source failed.
    Failed,
}

impl<'a, E: Entropy32<'a>> Drbg<'a, E> {
    /// Makes a generator that takes its seeds from `source`. It has no numbers before its
    /// first seed.
    pub fn new(source: &'a E) -> Self {
        Self {
            source,
            client: OptionalCell::empty(),
            phase: Cell::new(Phase::Idle),
            tests: MapCell::new(HealthTests::default()),
            seed: [const { Cell::new(0) }; SEED],
            generator: MapCell::empty(),
            requests: Cell::new(0),
        }
    }

    /// Sets who hears when a seed has been taken in and when the source has failed.
    pub fn set_client(&self, client: &'a dyn DrbgClient) {
        self.client.set(client);
    }

    /// Begins the tests at start, which the first seed follows.
    pub fn start(&self) {
        if self.phase.get() == Phase::Idle && self.generator.is_none() {
            self.request(Phase::Startup(STARTUP_SAMPLES));
        }
    }

    /// Asks for a new seed; until it is there the old one serves.
    pub fn reseed(&self) {
        if self.phase.get() == Phase::Idle && self.generator.is_some() {
            self.request(Phase::Seed(0));
        }
    }

    /// Whether the generator has been shut for good.
    pub fn has_failed(&self) -> bool {
        self.phase.get() == Phase::Failed
    }

    fn request(&self, phase: Phase) {
        self.phase.set(phase);
        if self.source.get().is_err() {
            self.fail();
        }
    }

    fn fail(&self) {
        debug!("entropy source failed: no randomness from now on");
        self.phase.set(Phase::Failed);
        self.take_seed().zeroize();
        // What a broken source has seeded is not used either.
        self.generator.take();
        self.client.map(|client| client.failed());
    }

    /// Takes one sample that has passed the tests.
    fn take(&self, sample: u8) {
        match self.phase.get() {
            Phase::Idle | Phase::Failed => {}
            Phase::Startup(1) => self.phase.set(Phase::Seed(0)),
            Phase::Startup(left) => self.phase.set(Phase::Startup(left - 1)),
            Phase::Seed(filled) => {
                if let Some(place) = self.seed.get(filled) {
                    place.set(sample);
                }
                if filled + 1 >= SEED {
                    self.instantiate();
                } else {
                    self.phase.set(Phase::Seed(filled + 1));
                }
            }
        }
    }

    /// The samples that are there, which are then kept nowhere else.
    fn take_seed(&self) -> [u8; SEED] {
        core::array::from_fn(|index| self.seed[index].take())
    }

    fn instantiate(&self) {
        let mut seed = self.take_seed();
        let mut personalization = [0; 32];
        self.generator
            .map(|generator| generator.fill_bytes(&mut personalization));
        let (entropy, nonce) = seed.split_at(ENTROPY_INPUT);
        self.generator
            .replace(HmacDrbg::new(entropy, nonce, &personalization));
        seed.zeroize();
        personalization.zeroize();
        self.requests.set(0);
        self.phase.set(Phase::Idle);
        self.client.map(|client| client.seeded());
    }
}

/// Starts it, if nothing did before: its interrupts would delay the apps.
impl<'a, E: Entropy32<'a>> LoadedClient for Drbg<'a, E> {
    fn apps_loaded(&self) {
        self.start();
    }
}

impl<'a, E: Entropy32<'a>> RandomSource for Drbg<'a, E> {
    /// Some twenty blocks of SHA-256 for the first 32 bytes and four for each 32 more.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode> {
        if self.has_failed() {
            return Err(ErrorCode::FAIL);
        }
        let requests = self.requests.get();
        if requests >= REQUESTS_AT_MOST {
            return Err(ErrorCode::BUSY);
        }
        self.generator
            .map(|generator| generator.fill_bytes(bytes))
            .ok_or(ErrorCode::BUSY)?;
        self.requests.set(requests + 1);
        if requests + 1 >= REQUESTS_PER_SEED {
            self.reseed();
        }
        Ok(())
    }
}

impl<'a, E: Entropy32<'a>> Client32 for Drbg<'a, E> {
    fn entropy_available(
        &self,
        entropy: &mut dyn Iterator<Item = u32>,
        error: Result<(), ErrorCode>,
    ) -> Continue {
        let wants = || matches!(self.phase.get(), Phase::Startup(_) | Phase::Seed(_));
        if error.is_err() {
            if wants() {
                self.fail();
            }
            return Continue::Done;
        }
        while wants() {
            let Some(word) = entropy.next() else {
                return Continue::More;
            };
            for sample in word.to_le_bytes() {
                let tested = self.tests.map_or(Ok(()), |tests| tests.sample(sample));
                if tested.is_err() {
                    self.fail();
                    return Continue::Done;
                }
                self.take(sample);
            }
        }
        Continue::Done
    }
}
