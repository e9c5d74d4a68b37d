//! Every attack of the catalogue is contained, and metering does not notice.

use system_tests::isolation;

#[test]
fn every_attack_is_contained() {
    let outcomes = isolation::carry_out_all();
    assert_eq!(outcomes.len(), attacker::ATTACKS.len());
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.failures.is_empty())
        .map(|outcome| {
            format!(
                "{} ({:?}): {} -- {}",
                outcome.attack.name,
                outcome.attack.expected,
                outcome.found,
                outcome.failures.join("; ")
            )
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} attacks were not contained:\n{}",
        failed.len(),
        outcomes.len(),
        failed.join("\n")
    );
}
