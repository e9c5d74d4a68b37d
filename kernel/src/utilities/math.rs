//! Powers of two, as memory protection needs them, and division as timers need it.

/// The smallest power of two that is not below `num`; 1 for 0. Above 2^31 there
/// is none and the result is 2^31.
pub fn closest_power_of_two(num: u32) -> u32 {
    num.checked_next_power_of_two().unwrap_or(1 << 31)
}

/// The smallest power of two that is not below `num`; 1 for 0. Above the largest power
/// of two of a `usize` the result is that.
pub fn closest_power_of_two_usize(num: usize) -> usize {
    num.checked_next_power_of_two()
        .unwrap_or(1 << (usize::BITS - 1))
}

/// The largest `n` for which 2^n is not above `num`; 0 for 0.
pub fn log_base_two(num: u32) -> u32 {
    num.checked_ilog2().unwrap_or(0)
}

/// The largest `n` for which 2^n is not above `num`; 0 for 0.
pub fn log_base_two_u64(num: u64) -> u32 {
    num.checked_ilog2().unwrap_or(0)
}

/// `dividend / divisor`, rounded down.
///
/// The compiler's division of 64 bits is unrolled and takes 1 KB of flash; this one
/// takes about 250 instructions, and few when `divisor` divides the upper word.
///
/// # Panics
///
/// If `divisor` is 0.
#[inline(never)]
pub fn divide(dividend: u64, divisor: u32) -> u64 {
    let upper = (dividend >> 32) as u32;
    // Long division in base 2: bits of the lower word go out on the left, those of
    // the quotient come in on the right.
    let mut lower = dividend as u32;
    let mut rest = upper % divisor;
    if rest == 0 {
        lower /= divisor;
    } else {
        for _ in 0..u32::BITS {
            let carry = rest >> 31;
            rest = rest << 1 | lower >> 31;
            lower <<= 1;
            if carry != 0 || rest >= divisor {
                rest = rest.wrapping_sub(divisor);
                lower |= 1;
            }
        }
    }
    u64::from(upper / divisor) << 32 | u64::from(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_powers_of_two() {
        assert_eq!(closest_power_of_two(0), 1);
        assert_eq!(closest_power_of_two(33), 64);
        assert_eq!(closest_power_of_two(u32::MAX), 1 << 31);
        assert_eq!(closest_power_of_two_usize(4096), 4096);
        assert_eq!(log_base_two(0), 0);
        assert_eq!(log_base_two(1023), 9);
        assert_eq!(log_base_two_u64(1 << 40), 40);
    }

    #[test]
    fn divides() {
        let edges = [
            0,
            1,
            2,
            3,
            999,
            1_000,
            1 << 16,
            1 << 31,
            u64::from(u32::MAX),
        ];
        for upper in edges {
            for lower in edges {
                let dividend = upper << 32 | lower;
                for divisor in edges.into_iter().filter(|divisor| *divisor != 0) {
                    assert_eq!(
                        divide(dividend, divisor as u32),
                        dividend / divisor,
                        "{dividend} / {divisor}"
                    );
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "divisor of zero")]
    fn divides_not_by_zero() {
        divide(core::hint::black_box(1), core::hint::black_box(0));
    }
}
