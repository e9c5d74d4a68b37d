//! Powers of two, as memory protection needs them.

/// The smallest power of two that is not below `num`; 1 for 0. Above 2^31 there
/// is none and the result is 2^31.
pub fn closest_power_of_two(num: u32) -> u32 {
    num.checked_next_power_of_two().unwrap_or(1 << 31)
}

/// As [`closest_power_of_two`], for the width of an address.
pub fn closest_power_of_two_usize(num: usize) -> usize {
    num.checked_next_power_of_two()
        .unwrap_or(1 << (usize::BITS - 1))
}

/// The largest `n` for which 2^n is not above `num`; 0 for 0.
pub fn log_base_two(num: u32) -> u32 {
    num.checked_ilog2().unwrap_or(0)
}

/// As [`log_base_two`], for 64 bits.
pub fn log_base_two_u64(num: u64) -> u32 {
    num.checked_ilog2().unwrap_or(0)
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
}
