//! The running image is what meter.toml says; an image with an open wall is not, and the audit names it.

use system_tests::audit::stage::Stage;
use system_tests::audit::sweep;
use system_tests::firmware::{manifest, Firmware};

#[test]
fn every_wall_of_the_page_stands() {
    let manifest = manifest();
    let apps = ["tls", "dlms", "update", "factory"];
    let mut stage = Stage::boot(&Firmware::meter(), &manifest, &apps).expect("puppets");
    let findings = sweep::all(&mut stage, &apps).expect("a sweep");
    let failed: Vec<String> = findings
        .iter()
        .filter(|finding| !finding.held)
        .map(ToString::to_string)
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        findings.len(),
        failed.join("\n")
    );
}
