//! The running image is what meter.toml says, and an image that is not is found out.

use system_tests::audit::about::About;
use system_tests::audit::finding::Topic;
use system_tests::audit::report::Report;
use system_tests::audit::scope::Scope;
use system_tests::audit::{audit, control};
use system_tests::firmware::{manifest, Firmware};

fn assert_held(scope: &Scope) -> Report {
    let findings = audit(&Firmware::meter(), &manifest(), scope, &|_| {});
    let report = Report::new(findings, About::default());
    assert!(report.held, "{}", report.markdown());
    report
}

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

/// And of the true image, as far as the control goes, none.
#[test]
fn the_same_walls_of_the_true_image_stand() {
    assert_held(&control::scope());
}

#[test]
fn flash_put_back_altered_or_taken_elsewhere_is_refused() {
    assert_held(&Scope::attacks(&[Topic::Replay, Topic::Records]));
}

#[test]
fn stolen_ids_are_of_no_use() {
    assert_held(&Scope::attacks(&[Topic::Identity]));
}

#[test]
#[ignore = "many minutes in the emulator: make test-long, make audit"]
fn every_wall_of_the_page_stands_and_every_attack_comes_to_nothing() {
    let report = assert_held(&Scope::everything());
    assert!(report.walls > 5_223, "{} walls", report.walls);
}
