//! Line rates of the UARTE.

/// Rates and the values that the product specification gives for BAUDRATE.
const RATES: [(u32, u32); 18] = [
    (1_200, 0x0004_F000),
    (2_400, 0x0009_D000),
    (4_800, 0x0013_B000),
    (9_600, 0x0027_5000),
    (14_400, 0x003A_F000),
    (19_200, 0x004E_A000),
    (28_800, 0x0075_C000),
    (31_250, 0x0080_0000),
    (38_400, 0x009D_0000),
    (56_000, 0x00E5_0000),
    (57_600, 0x00EB_0000),
    (76_800, 0x013A_9000),
    (115_200, 0x01D6_0000),
    (230_400, 0x03B0_0000),
    (250_000, 0x0400_0000),
    (460_800, 0x0740_0000),
    (921_600, 0x0F00_0000),
    (1_000_000, 0x1000_0000),
];

/// The register value for a rate, if the part has it.
pub fn register_value(baud_rate: u32) -> Option<u32> {
    RATES
        .iter()
        .find(|(rate, _)| *rate == baud_rate)
        .map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_the_rate_within_its_tolerance() {
        for (rate, value) in RATES {
            // The register holds the rate as a fraction of 16 MHz in 32 bits.
            let exact = (f64::from(rate) / 16e6) * 2f64.powi(32);
            let error = (f64::from(value) / exact - 1.0).abs();
            assert!(error < 0.025, "{rate}: {error}");
        }
        assert_eq!(register_value(115_200), Some(0x01D6_0000));
        assert_eq!(register_value(115_201), None);
    }
}
