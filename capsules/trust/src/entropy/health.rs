//! Health tests of a noise source: SP 800-90B, section 4.4.
//!
//! A sample is one byte of the hardware. The least entropy that the design counts
//! on is H = 4 bits a sample, half of what the part's bias correction should give.
//! With a false-positive rate of alpha = 2^-20 a test, the cutoffs are
//!
//! - repetition count (4.4.1): C = 1 + ceil(-log2(alpha) / H) = 1 + 20 / 4 = 6;
//! - adaptive proportion (4.4.2), window W = 512 for samples that are not binary:
//!   C = 1 + CRITBINOM(W, 2^-H, 1 - alpha) = 62.
//!
//! A source of 8 bits a sample trips over the first once in 2^40 samples, and
//! practically never over the second.

/// Bits of entropy that a sample is taken to have.
pub const ENTROPY_BITS_PER_SAMPLE: usize = 4;
/// Equal samples in a row that are a failure.
pub const REPETITION_CUTOFF: u16 = 6;
/// Samples in a window of the adaptive proportion test.
pub const PROPORTION_WINDOW: u16 = 512;
/// Samples in a window, equal to its first and with it, that are a failure.
pub const PROPORTION_CUTOFF: u16 = 62;
/// Samples that are tested and thrown away at start (4.3, requirement 4: at least
/// 1,024).
pub const STARTUP_SAMPLES: u16 = 1024;

/// Which test failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthFailure {
    /// The source is stuck.
    Repetition,
    /// The source prefers a value.
    Proportion,
}

/// Both continuous tests; they see every sample that the source gives.
#[derive(Default)]
pub struct HealthTests {
    /// The sample before, and how often it came in a row.
    last: Option<(u8, u16)>,
    window: Option<Window>,
}

struct Window {
    first: u8,
    /// Samples equal to the first, with the first.
    equal: u16,
    samples: u16,
}

impl HealthTests {
    /// Tests the next sample.
    ///
    /// # Errors
    ///
    /// The test that failed. The source is not to be trusted any more.
    pub fn sample(&mut self, sample: u8) -> Result<(), HealthFailure> {
        self.repetition(sample)?;
        self.proportion(sample)
    }

    fn repetition(&mut self, sample: u8) -> Result<(), HealthFailure> {
        let count = match self.last {
            Some((last, count)) if last == sample => count + 1,
            _ => 1,
        };
        if count >= REPETITION_CUTOFF {
            return Err(HealthFailure::Repetition);
        }
        self.last = Some((sample, count));
        Ok(())
    }

    fn proportion(&mut self, sample: u8) -> Result<(), HealthFailure> {
        let window = self.window.get_or_insert(Window {
            first: sample,
            equal: 0,
            samples: 0,
        });
        window.samples += 1;
        if window.first == sample {
            window.equal += 1;
            if window.equal >= PROPORTION_CUTOFF {
                return Err(HealthFailure::Proportion);
            }
        }
        if window.samples == PROPORTION_WINDOW {
            self.window = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FALSE_POSITIVES: f64 = 1.0 / (1 << 20) as f64;

    #[test]
    fn the_cutoffs_follow_from_entropy_and_false_positive_rate() {
        let entropy = ENTROPY_BITS_PER_SAMPLE as f64;
        let repetition = 1.0 + (-FALSE_POSITIVES.log2() / entropy).ceil();
        assert_eq!(repetition, f64::from(REPETITION_CUTOFF));

        // CRITBINOM: the fewest successes whose cumulated probability reaches the level.
        let success = (-entropy).exp2();
        let trials = i32::from(PROPORTION_WINDOW);
        let mut probability = (1.0 - success).powi(trials);
        let mut cumulated = probability;
        let mut successes = 0;
        while cumulated < 1.0 - FALSE_POSITIVES {
            probability *= f64::from(trials - successes) / f64::from(successes + 1) * success
                / (1.0 - success);
            cumulated += probability;
            successes += 1;
        }
        assert_eq!(1 + successes, i32::from(PROPORTION_CUTOFF));
    }

    #[test]
    fn a_stuck_source_fails_at_the_cutoff() {
        let mut tests = HealthTests::default();
        for _ in 1..REPETITION_CUTOFF {
            assert_eq!(tests.sample(0xA5), Ok(()));
        }
        assert_eq!(tests.sample(0xA5), Err(HealthFailure::Repetition));
    }

    #[test]
    fn a_run_that_ends_in_time_is_forgotten() {
        let mut tests = HealthTests::default();
        for round in 0..200u16 {
            for _ in 1..REPETITION_CUTOFF {
                assert_eq!(tests.sample(round as u8), Ok(()));
            }
        }
    }

    /// A value other than all before it, in turn.
    fn others() -> impl Iterator<Item = u8> {
        (1..=u8::MAX).cycle()
    }

    #[test]
    fn a_source_that_prefers_a_value_fails_at_the_cutoff() {
        let mut tests = HealthTests::default();
        let mut others = others();
        for _ in 1..PROPORTION_CUTOFF {
            assert_eq!(tests.sample(0), Ok(()));
            assert_eq!(tests.sample(others.next().unwrap()), Ok(()));
        }
        assert_eq!(tests.sample(0), Err(HealthFailure::Proportion));
    }

    #[test]
    fn the_proportion_is_counted_anew_in_each_window() {
        let mut tests = HealthTests::default();
        for _ in 0..8 {
            let mut others = others();
            for index in 0..PROPORTION_WINDOW {
                let zero = index % 2 == 0 && index / 2 < PROPORTION_CUTOFF - 1;
                let sample = if zero { 0 } else { others.next().unwrap() };
                assert_eq!(tests.sample(sample), Ok(()));
            }
        }
    }
}
