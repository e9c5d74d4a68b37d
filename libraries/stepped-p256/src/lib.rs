//! P-256 operations as state machines that do one bounded step per call.
//!
//! A kernel that may not be busy for the millions of instructions of a signature
//! calls [`Signing::step`] (and its siblings) once per turn, and serves
//! interrupts and apps in between.
//!
//! 1. **Bounded.** A step is at most five point additions or doublings, one
//!    field inversion, or some tens of scalar multiplications. An operation has
//!    at most [`MAX_STEPS`] steps.
//! 2. **The same work for every secret.** Secret scalars pass through a fixed
//!    window of four bits with a table that is read as a whole for each window;
//!    the exponent of an inversion is public. The arithmetic is the `p256`
//!    crate's, with complete formulas. Only verification, which knows no secret,
//!    takes its time from its input.
//! 3. **Nothing stays.** States are wiped when dropped. Each step wipes the
//!    stack below it ([`wipe_stack`]), where the compiler may have left copies.

#![no_std]
#![forbid(unsafe_code)]

mod agreement;
mod inversion;
mod joint_multiplication;
mod keys;
mod multiplication;
mod public_key;
mod signing;
mod verification;

pub use agreement::Agreement;
pub use public_key::PublicKeyDerivation;
pub use signing::Signing;
pub use verification::{Evidence, Verification};

use zeroize::Zeroize;

/// No operation has more steps.
pub const MAX_STEPS: usize = 128;

/// Where an operation is after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<T> {
    /// Call again.
    More,
    /// This is the result, and remains so in further calls.
    Done(T),
}

/// A secret that is not in 1 to n - 1, or a public key that is not an
/// uncompressed point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidKey;

/// Overwrites the unused 6 KB of stack below the caller: more than any step and any start of an operation uses.
///
/// Each step does it for itself; callers do it after they have moved a state to
/// its place or handled a secret themselves.
#[inline(never)]
pub fn wipe_stack() {
    const WORDS: usize = 1536;
    let mut unused = [0u32; WORDS];
    unused.zeroize();
    core::hint::black_box(&unused);
}

/// What a stage of an operation leads to: another step, or the result.
fn finished<T: Copy>(result: &Option<T>) -> Progress<T> {
    wipe_stack();
    match result {
        Some(value) => Progress::Done(*value),
        None => Progress::More,
    }
}
