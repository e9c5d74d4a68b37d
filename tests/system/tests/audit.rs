//! The running image is what meter.toml says, and an image that is not is found out.

use audit::about::About;
use audit::report::Report;
use audit::scope::Scope;
use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::{audit, control};

/// The positive control: of an image with walls open on purpose the audit names each
/// of them, and no other.
#[test]
fn walls_that_are_open_are_named() {
    let findings = control::audit(&Firmware::opened(), &manifest(), &|_| {});
    let shortcomings = control::shortcomings(&findings);
    assert!(shortcomings.is_empty(), "{}", shortcomings.join("\n"));
    let held = findings.iter().filter(|finding| finding.held).count();
    assert!(held > 100, "{held} walls stand beside those that are open");
}

/// Of the true image none is open, and every attack comes to nothing.
#[test]
fn every_wall_of_the_manifest_stands_and_every_attack_comes_to_nothing() {
    let findings = audit(
        &Firmware::meter(),
        &manifest(),
        &Scope::everything(),
        &|_| {},
    );
    let report = Report::new(findings, About::default());
    assert!(report.held, "{}", report.markdown());
    assert!(report.walls > 6_500, "{} walls", report.walls);
}
