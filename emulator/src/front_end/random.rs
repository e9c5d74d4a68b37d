//! Repeatable random numbers: SplitMix64 (Steele, Lea and Flood, 2014).

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of numbers from a seed.
#[derive(Clone, Debug)]
pub(super) struct Stream(u64);

impl Stream {
    pub(super) fn new(seed: u64) -> Stream {
        Stream(mix(seed))
    }

    /// Evenly distributed between -1 and 1.
    pub(super) fn signed(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        // 53 bits are what a f64 holds.
        (mix(self.0) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Evenly distributed between two bounds.
    pub(super) fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * (self.signed() + 1.0) / 2.0
    }

    /// Between two bounds, of either sign.
    pub(super) fn either_sign(&mut self, least: f64, most: f64) -> f64 {
        let size = self.between(least, most);
        if self.signed() < 0.0 {
            -size
        } else {
            size
        }
    }
}

/// A nearly Gaussian number (sum of eight even ones, cut at 4.9 sigma) with
/// deviation 1, a pure function of its arguments.
pub(super) fn gaussian_at(seed: u64, stream: u64, index: u64) -> f64 {
    let first = mix(mix(seed ^ stream.wrapping_mul(GOLDEN)) ^ index);
    let second = mix(first.wrapping_add(GOLDEN));
    let mut sum = 0u32;
    for bits in [first, second] {
        for part in 0..4 {
            sum += (bits >> (16 * part)) as u32 & 0xFFFF;
        }
    }
    // Each has mean 32767.5 and deviation 65536 / sqrt(12).
    (f64::from(sum) - 8.0 * 32_767.5) / (65_536.0 * 0.816_496_580_927_726)
}

fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(GOLDEN);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_gaussian_and_repeats() {
        let n = 200_000u64;
        let values: Vec<f64> = (0..n).map(|at| gaussian_at(5, 1, at * 250_000)).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let square = values.iter().map(|v| v * v).sum::<f64>() / n as f64;
        let beyond = values.iter().filter(|v| v.abs() > 2.0).count() as f64 / n as f64;
        let neighbours = values.windows(2).map(|v| v[0] * v[1]).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((square - 1.0).abs() < 0.02, "{square}");
        assert!((beyond - 0.0455).abs() < 0.005, "{beyond}");
        assert!(neighbours.abs() < 0.01, "{neighbours}");
        assert_eq!(gaussian_at(5, 1, 250_000), values[1]);
        assert_ne!(gaussian_at(6, 1, 250_000), values[1]);
        assert_ne!(gaussian_at(5, 2, 250_000), values[1]);
    }

    #[test]
    fn streams_stay_within_their_bounds() {
        let mut stream = Stream::new(9);
        let values: Vec<f64> = (0..10_000).map(|_| stream.between(2.0, 3.0)).collect();
        assert!(values.iter().all(|v| (2.0..=3.0).contains(v)));
        assert!(values.iter().any(|v| *v < 2.01) && values.iter().any(|v| *v > 2.99));
        let both: Vec<f64> = (0..100).map(|_| stream.either_sign(1.0, 2.0)).collect();
        assert!(both.iter().all(|v| (1.0..=2.0).contains(&v.abs())));
        assert!(both.iter().any(|v| *v < 0.0) && both.iter().any(|v| *v > 0.0));
    }
}
