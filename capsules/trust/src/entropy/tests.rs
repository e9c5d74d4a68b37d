//! The generator on sources that are sound, stuck, biased, slow or dead.

use std::boxed::Box;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

use kernel::hil::entropy::Entropy32;
use kernel::hil::time::OverflowClient;
use kernel::ErrorCode;
use rfc6979::HmacDrbg;
use sha2::Sha256;
use testing::random::FakeEntropy;

use super::drbg::{REQUESTS_AT_MOST, REQUESTS_PER_SEED, SEED};
use super::health::STARTUP_SAMPLES;
use super::{Drbg, DrbgClient, ReseedClock};
use meter_hil::random_source::RandomSource;

/// Words of the tests at start and of the seed after it.
const FIRST_WORDS: usize = (STARTUP_SAMPLES as usize + SEED) / 4;

/// Words that look random (a multiplicative hash of their number).
fn sound(number: usize) -> u32 {
    let mut word = (number as u32).wrapping_add(0x1234_5678);
    for _ in 0..3 {
        word = (word ^ (word >> 15)).wrapping_mul(0x2C1B_3C6D);
    }
    word ^ (word >> 16)
}

#[derive(Default)]
struct Listener {
    heard: RefCell<Vec<&'static str>>,
}

impl DrbgClient for Listener {
    fn seeded(&self) {
        self.heard.borrow_mut().push("seeded");
    }

    fn failed(&self) {
        self.heard.borrow_mut().push("failed");
    }
}

struct Bench {
    source: &'static FakeEntropy,
    drbg: &'static Drbg<'static, FakeEntropy>,
    listener: &'static Listener,
}

fn bench() -> Bench {
    let source: &'static FakeEntropy = Box::leak(Box::default());
    let drbg = Box::leak(Box::new(Drbg::new(source)));
    let listener: &'static Listener = Box::leak(Box::default());
    source.set_client(drbg);
    drbg.set_client(listener);
    drbg.start();
    Bench {
        source,
        drbg,
        listener,
    }
}

fn seeded() -> Bench {
    let bench = bench();
    bench.source.give_while_wanted(usize::MAX, sound);
    bench
}

fn draw(drbg: &impl RandomSource) -> Result<[u8; 32], ErrorCode> {
    let mut bytes = [0; 32];
    drbg.fill(&mut bytes).map(|()| bytes)
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// NIST CAVP, HMAC_DRBG.rsp, SHA-256, no reseed, no personalization and no
/// additional input: the second of two requests of 1,024 bits.
#[test]
fn the_generator_is_the_one_of_the_standard() {
    let mut generator = HmacDrbg::<Sha256>::new(
        &hex("ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"),
        &hex("659ba96c601dc69fc902940805ec0ca8"),
        &[],
    );
    let mut output = [0; 128];
    generator.fill_bytes(&mut output);
    generator.fill_bytes(&mut output);
    assert_eq!(
        output[..],
        hex(
            "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89\
             d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1\
             07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668\
             961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8"
        )
    );
}

#[test]
fn nothing_is_given_before_the_seed() {
    let bench = bench();
    let mut bytes = [0xEE; 8];
    for _ in 0..FIRST_WORDS {
        assert_eq!(bench.drbg.fill(&mut bytes), Err(ErrorCode::BUSY));
        assert_eq!(bytes, [0xEE; 8], "nothing is written");
        bench.source.give_while_wanted(1, sound);
    }
    assert_eq!(bench.drbg.fill(&mut bytes), Ok(()));
    assert_eq!(bench.source.given(), FIRST_WORDS);
    assert!(!bench.source.is_wanted(), "it has what it needs");
    assert_eq!(*bench.listener.heard.borrow(), ["seeded"]);
}

#[test]
fn the_seed_is_what_follows_the_tests_at_start() {
    let bytes: Vec<u8> = (0..FIRST_WORDS)
        .flat_map(|number| sound(number).to_le_bytes())
        .skip(STARTUP_SAMPLES.into())
        .collect();
    let mut expected = [0; 32];
    HmacDrbg::<Sha256>::new(&bytes[..80], &bytes[80..], &[0; 32]).fill_bytes(&mut expected);
    assert_eq!(draw(seeded().drbg), Ok(expected));
}

#[test]
fn requests_differ_from_each_other() {
    let bench = seeded();
    let drawn: BTreeSet<_> = (0..500).map(|_| draw(bench.drbg).unwrap()).collect();
    assert_eq!(drawn.len(), 500);
}

#[test]
fn a_stuck_source_shuts_the_generator_for_good() {
    for stuck_at in [0, 100, FIRST_WORDS - 2] {
        let bench = bench();
        bench.source.give_while_wanted(usize::MAX, |number| {
            if number < stuck_at {
                sound(number)
            } else {
                0x5A5A_5A5A
            }
        });
        assert_eq!(
            draw(bench.drbg),
            Err(ErrorCode::FAIL),
            "stuck at {stuck_at}"
        );
        assert_eq!(*bench.listener.heard.borrow(), ["failed"]);
        assert!(!bench.source.is_wanted());
        // Nothing brings it back.
        bench.drbg.start();
        bench.drbg.reseed();
        assert!(!bench.source.is_wanted());
        assert_eq!(draw(bench.drbg), Err(ErrorCode::FAIL));
    }
}

#[test]
fn a_biased_source_shuts_the_generator() {
    let bench = bench();
    // Every other sample is the same; never two in a row.
    bench.source.give_while_wanted(usize::MAX, |number| {
        sound(number) & 0xFF00_FF00 | 0x0077_0077
    });
    assert_eq!(draw(bench.drbg), Err(ErrorCode::FAIL));
    assert!(bench.source.given() < 512 / 4, "within the first window");
}

#[test]
fn a_source_that_fails_later_shuts_the_generator_that_it_has_seeded() {
    let bench = seeded();
    assert!(draw(bench.drbg).is_ok());
    bench.drbg.reseed();
    bench.source.give_while_wanted(usize::MAX, |_| 0);
    assert_eq!(draw(bench.drbg), Err(ErrorCode::FAIL));
    assert_eq!(*bench.listener.heard.borrow(), ["seeded", "failed"]);
}

#[test]
fn a_dead_source_is_a_failure() {
    let source: &'static FakeEntropy = Box::leak(Box::default());
    source.off.set(true);
    let drbg: &'static Drbg<FakeEntropy> = Box::leak(Box::new(Drbg::new(source)));
    source.set_client(drbg);
    drbg.start();
    assert_eq!(draw(drbg), Err(ErrorCode::FAIL));

    let bench = bench();
    bench.source.fail(ErrorCode::FAIL);
    assert!(!bench.source.is_wanted());
    assert_eq!(draw(bench.drbg), Err(ErrorCode::FAIL));
}

#[test]
fn requests_ask_for_a_new_seed_and_stop_without_one() {
    let bench = seeded();
    for _ in 1..REQUESTS_PER_SEED {
        draw(bench.drbg).unwrap();
    }
    assert!(!bench.source.is_wanted());
    for _ in REQUESTS_PER_SEED..=REQUESTS_AT_MOST {
        draw(bench.drbg).unwrap();
        assert!(bench.source.is_wanted());
    }
    assert_eq!(draw(bench.drbg), Err(ErrorCode::BUSY));
    bench.source.give_while_wanted(usize::MAX, sound);
    assert!(draw(bench.drbg).is_ok());
    assert_eq!(bench.source.given(), FIRST_WORDS + SEED / 4);
    assert_eq!(*bench.listener.heard.borrow(), ["seeded", "seeded"]);
}

#[test]
fn a_new_seed_changes_what_follows_and_keeps_what_was() {
    let outputs: Vec<_> = [false, true]
        .into_iter()
        .flat_map(|other_entropy| {
            [false, true].map(|other_past| {
                let bench = seeded();
                if other_past {
                    draw(bench.drbg).unwrap();
                }
                bench.drbg.reseed();
                let offset = if other_entropy { 5_000 } else { 0 };
                bench
                    .source
                    .give_while_wanted(usize::MAX, |number| sound(number + offset));
                draw(bench.drbg).unwrap()
            })
        })
        .collect();
    let different: BTreeSet<_> = outputs.iter().collect();
    assert_eq!(different.len(), 4, "both the entropy and the past count");
}

#[test]
fn the_clock_reseeds_after_its_overflows() {
    let bench = seeded();
    let clock = ReseedClock::new(bench.drbg, 7);
    for _ in 0..3 {
        for _ in 0..6 {
            clock.overflow();
            assert!(!bench.source.is_wanted());
        }
        clock.overflow();
        assert!(bench.source.is_wanted());
        bench.source.give_while_wanted(usize::MAX, sound);
    }
    assert_eq!(*bench.listener.heard.borrow(), vec!["seeded"; 4]);
}
