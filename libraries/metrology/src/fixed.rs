//! Fixed-point functions that run once a window: logarithm, sine, arc sine.

/// One in Q30.
pub(crate) const ONE_Q30: i64 = 1 << 30;

/// 2 pi in Q28.
const TWO_PI_Q28: u64 = 1_686_629_713;

/// Base-2 logarithm in Q16, linear between powers of two: continuous and
/// monotonous, which is all that interpolation over a level needs. 0 counts as 1.
pub(crate) fn log2_q16(value: u32) -> i32 {
    let value = value.max(1);
    let exponent = 31 - value.leading_zeros();
    // Shifted so that the leading one is bit 31; the 16 bits below it.
    let mantissa = (value << value.leading_zeros() << 1) >> 16;
    ((exponent << 16) | mantissa) as i32
}

/// Sine and cosine in Q30 of an angle in 2^-32 turns.
pub(crate) fn sin_cos_q30(turns: u32) -> (i64, i64) {
    let within = turns & 0x3FFF_FFFF;
    let sine = quarter_sine_q30(within);
    let cosine = quarter_sine_q30(0x4000_0000 - within);
    match turns >> 30 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

/// Sine of 0 to a quarter turn; the series to x^13 is exact to 1e-9.
fn quarter_sine_q30(turns: u32) -> i64 {
    // Q32 turns * Q28 = Q60; to Q30.
    let x = ((u64::from(turns) * TWO_PI_Q28) >> 30) as i64;
    let square = (x * x) >> 30;
    let mut sum = ONE_Q30;
    for denominator in [156, 110, 72, 42, 20, 6] {
        sum = ONE_Q30 - ((square * sum) >> 30) / denominator;
    }
    (x * sum) >> 30
}

/// Arc sine in Q30 radians of a sine in Q30; good to 1e-6 up to 0.2.
pub(crate) fn small_arc_sine_q30(sine: i64) -> i64 {
    let square = (sine * sine) >> 30;
    let cubic = ((sine * square) >> 30) / 6;
    let quintic = ((((sine * square) >> 30) * square) >> 30) * 3 / 40;
    sine + cubic + quintic
}

/// An angle in thousandths of a degree as 2^-32 turns.
pub(crate) fn turns_of_millidegrees(millidegrees: i32) -> u32 {
    ((i64::from(millidegrees.rem_euclid(360_000)) << 32) / 360_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_and_cosine_agree_with_the_library() {
        for step in 0..10_000u32 {
            let turns = step.wrapping_mul(429_497);
            let angle = f64::from(turns) / 4_294_967_296.0 * core::f64::consts::TAU;
            let (sine, cosine) = sin_cos_q30(turns);
            assert!((sine as f64 / ONE_Q30 as f64 - angle.sin()).abs() < 1e-7);
            assert!((cosine as f64 / ONE_Q30 as f64 - angle.cos()).abs() < 1e-7);
        }
    }

    #[test]
    fn arc_sine_agrees_with_the_library() {
        for thousandth in -200..=200 {
            let sine = f64::from(thousandth) / 1_000.0;
            let got = small_arc_sine_q30((sine * ONE_Q30 as f64) as i64) as f64 / ONE_Q30 as f64;
            assert!((got - sine.asin()).abs() < 1e-6, "{sine}: {got}");
        }
    }

    #[test]
    fn logarithm_is_monotonous_and_exact_at_powers() {
        for power in 0..32 {
            assert_eq!(log2_q16(1 << power), power << 16);
        }
        assert!((1..100_000).all(|value| log2_q16(value) <= log2_q16(value + 1)));
        assert_eq!(log2_q16(0), 0);
        assert!(log2_q16(u32::MAX) < 32 << 16);
    }
}
