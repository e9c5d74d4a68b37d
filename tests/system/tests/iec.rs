//! The IEC points, measured by the flashed image behind a front end with its errors.

use system_tests::iec::{iec_points, PROMISED_PERCENT};
use system_tests::iec_report;
use system_tests::iec_run;

const SEED: u64 = 1;

#[test]
fn every_point_is_within_half_a_percent() {
    let found = iec_run::measure_all(SEED);
    println!("{}", iec_report::markdown(&found, "The flashed image."));
    assert_eq!(found.len(), iec_points().len());
    for one in found {
        assert!(
            one.error_percent.abs() <= PROMISED_PERCENT,
            "{} A at power factor {}: {:+.3} %",
            one.amperes,
            one.power_factor.label(),
            one.error_percent
        );
    }
}
