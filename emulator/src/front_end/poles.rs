//! The low-pass in front of each input: three RC poles.
//!
//! The poles are integrated in steps of 5 us, exactly for an input that runs straight from step to
//! step; between steps the output follows the cubic with its slopes. At the 40th harmonic this is
//! good to 0.1 %, at 50 Hz to a millionth. The steps stand on a grid of absolute time, and what
//! was more than 2 ms ago has no part in a result that a code could show: so an output does not
//! depend on which moments were asked for before it.

/// Poles of a channel.
pub const POLES: usize = 3;

/// Between steps, nanoseconds.
const STEP_NS: u64 = 5_000;
/// How long before an output the integration begins when there is nothing to go on from: 37 time
/// constants.
const SETTLING_STEPS: u64 = 400;

/// What a pole does in a step: what stays of it, and the parts of the input at the step's
/// beginning and at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    stays: f64,
    begin: f64,
    end: f64,
    /// Steps in a time constant's reciprocal, for the slope.
    rate: f64,
}

impl Step {
    fn new(seconds: f64) -> Step {
        let step = STEP_NS as f64 * 1e-9;
        let stays = (-step / seconds).exp();
        let mean = (1.0 - stays) * seconds / step;
        Step {
            stays,
            begin: mean - stays,
            end: 1.0 - mean,
            rate: step / seconds,
        }
    }
}

/// The poles of one channel with their state.
#[derive(Clone, Debug)]
pub struct Poles {
    steps: [Step; POLES],
    /// The step that the state is of.
    at: Option<u64>,
    /// The input and the poles' outputs at that step.
    state: [f64; POLES + 1],
    /// The last pole's output a step before, and its slope in steps then.
    before: (f64, f64),
}

impl Poles {
    /// Poles of these time constants, seconds.
    pub fn new(seconds: [f64; POLES]) -> Poles {
        Poles {
            steps: seconds.map(Step::new),
            at: None,
            state: [0.0; POLES + 1],
            before: (0.0, 0.0),
        }
    }

    /// The output at `time_ns`, for an `input` over nanoseconds. Times may go back at the price
    /// of a new beginning.
    pub fn output(&mut self, time_ns: u64, mut input: impl FnMut(u64) -> f64) -> f64 {
        let needed = time_ns / STEP_NS + 1;
        let near = |at: &u64| (*at..=*at + SETTLING_STEPS).contains(&needed);
        let mut at = self.at.filter(near).unwrap_or_else(|| {
            let first = needed.saturating_sub(SETTLING_STEPS);
            self.state = [input(first * STEP_NS); POLES + 1];
            self.before = (self.state[POLES], 0.0);
            first
        });
        while at < needed {
            at += 1;
            self.advance(input(at * STEP_NS));
        }
        self.at = Some(at);
        let along = (time_ns % STEP_NS) as f64 / STEP_NS as f64;
        cubic(self.before, (self.state[POLES], self.slope()), along)
    }

    /// Forgets everything: the input is another from now on.
    pub fn forget(&mut self) {
        self.at = None;
    }

    fn slope(&self) -> f64 {
        (self.state[POLES - 1] - self.state[POLES]) * self.steps[POLES - 1].rate
    }

    fn advance(&mut self, input: f64) {
        self.before = (self.state[POLES], self.slope());
        let mut begin = core::mem::replace(&mut self.state[0], input);
        for (pole, step) in self.steps.iter().enumerate() {
            let end = self.state[pole];
            let after = self.state[pole + 1] * step.stays + begin * step.begin + end * step.end;
            begin = core::mem::replace(&mut self.state[pole + 1], after);
        }
    }
}

/// Hermite's cubic between two values with their slopes.
fn cubic(from: (f64, f64), to: (f64, f64), along: f64) -> f64 {
    let rest = 1.0 - along;
    let bend = |slope: f64, other: f64| slope - other;
    let rise = to.0 - from.0;
    from.0 * rest
        + to.0 * along
        + along * rest * (bend(from.1, rise) * rest - bend(to.1, rise) * along)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const SECONDS: [f64; POLES] = [50e-6, 53e-6, 56e-6];

    fn exact(hertz: f64, time_ns: u64) -> f64 {
        let (mut gain, mut angle) = (1.0, TAU * hertz * time_ns as f64 * 1e-9);
        for seconds in SECONDS {
            let ratio = TAU * hertz * seconds;
            gain /= (1.0 + ratio * ratio).sqrt();
            angle -= ratio.atan();
        }
        gain * angle.sin()
    }

    #[test]
    fn sines_come_out_as_the_theory_says() {
        for (hertz, error) in [
            (50.0, 1e-5),
            (650.0, 2e-4),
            (2_000.0, 1e-3),
            (20_000.0, 1e-3),
        ] {
            let mut poles = Poles::new(SECONDS);
            for scan in 0..400u64 {
                let time_ns = 40_000_000 + scan * 51_234;
                let input = |ns: u64| (TAU * hertz * ns as f64 * 1e-9).sin();
                let shown = poles.output(time_ns, input);
                let right = exact(hertz, time_ns);
                assert!(
                    (shown - right).abs() < error,
                    "{hertz} Hz: {shown}, not {right}"
                );
            }
        }
    }

    #[test]
    fn an_output_does_not_depend_on_what_was_asked_before() {
        let input = |ns: u64| (ns as f64 * 1e-6).sin() * 1.3;
        let mut steady = Poles::new(SECONDS);
        for scan in 0..100_000u64 {
            let time_ns = scan * 12_345;
            let shown = steady.output(time_ns, input);
            if scan % 9_973 == 0 {
                let fresh = Poles::new(SECONDS).output(time_ns, input);
                let later = Poles::new(SECONDS);
                let mut later = later;
                later.output(time_ns + 300_000, input);
                assert!((shown - fresh).abs() < 1e-12);
                assert!((later.output(time_ns, input) - fresh).abs() < 1e-12);
            }
        }
    }
}
