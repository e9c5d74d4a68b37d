//! Random numbers for apps, from a generator that is not ready, ready, and broken.

use std::cell::{Cell, RefCell};

use capsules_trust::entropy::{DrbgClient, RandomNumbers};
use kernel::deferred_call::{initialize_deferred_call_state, DeferredCall, DeferredCallClient};
use kernel::hil::rng::{Client, Continue, Rng};
use kernel::platform::chip::ThreadIdProvider;
use kernel::ErrorCode;
use meter_hil::random_source::RandomSource;
use testing::random::SeededRandom;

enum OneThread {}

// SAFETY: the one test of this program is its only user.
unsafe impl ThreadIdProvider for OneThread {
    fn running_thread_id() -> usize {
        1
    }
}

/// Takes words until it has as many as it wants.
#[derive(Default)]
struct Taker {
    wanted: Cell<usize>,
    words: RefCell<Vec<u32>>,
    results: RefCell<Vec<Result<(), ErrorCode>>>,
}

impl Client for Taker {
    fn randomness_available(
        &self,
        randomness: &mut dyn Iterator<Item = u32>,
        error: Result<(), ErrorCode>,
    ) -> Continue {
        self.results.borrow_mut().push(error);
        let mut words = self.words.borrow_mut();
        let missing = self.wanted.get() - words.len();
        words.extend(randomness.take(missing));
        if words.len() < self.wanted.get() {
            Continue::More
        } else {
            Continue::Done
        }
    }
}

fn run() {
    while DeferredCall::service_next_pending().is_some() {}
}

/// One test: deferred calls belong to one thread of a program.
#[test]
fn requests_wait_for_the_seed_and_hear_of_a_failure() {
    initialize_deferred_call_state::<OneThread>();
    let generator: &'static SeededRandom = Box::leak(Box::new(SeededRandom::new(1)));
    generator.fails.set(Some(ErrorCode::BUSY));
    let numbers: &'static _ = Box::leak(Box::new(RandomNumbers::new(generator)));
    let taker: &'static Taker = Box::leak(Box::default());
    numbers.register();
    numbers.set_client(taker);

    taker.wanted.set(20);
    numbers.get().unwrap();
    run();
    assert!(taker.results.borrow().is_empty(), "there is no seed yet");
    generator.fails.set(None);
    numbers.seeded();
    run();
    // Sixteen words fit in one answer.
    assert_eq!(*taker.results.borrow(), [Ok(()), Ok(())]);
    let mut bytes = [0; 80];
    SeededRandom::new(1).fill(&mut bytes).unwrap();
    let expected: Vec<u32> = bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
        .collect();
    assert_eq!(*taker.words.borrow(), expected);
    // Nobody asks now: a new seed changes nothing.
    numbers.seeded();
    run();
    assert_eq!(taker.results.borrow().len(), 2);

    // A request that is withdrawn gets no answer.
    taker.wanted.set(21);
    numbers.get().unwrap();
    numbers.cancel().unwrap();
    run();
    assert_eq!(taker.results.borrow().len(), 2);

    // One that waits when the source fails hears of it, once.
    generator.fails.set(Some(ErrorCode::BUSY));
    numbers.get().unwrap();
    run();
    generator.fails.set(Some(ErrorCode::FAIL));
    numbers.failed();
    run();
    assert_eq!(taker.results.borrow()[2..], [Err(ErrorCode::FAIL)]);
    assert_eq!(taker.words.borrow().len(), 20);
}
