//! The running image is what meter.toml says.

use system_tests::audit::audit;
use system_tests::audit::report::Report;
use system_tests::firmware::{manifest, Firmware};

#[test]
#[ignore = "many minutes in the emulator: make test-long, make audit"]
fn every_wall_of_the_page_stands() {
    let findings = audit(&Firmware::meter(), &manifest()).expect("an audit");
    let report = Report::new(findings);
    assert!(report.walls > 1_000, "{} walls", report.walls);
    assert_eq!(report.failed, 0, "{}", report.markdown());
}
