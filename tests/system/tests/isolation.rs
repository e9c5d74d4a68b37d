//! Attacks of the catalogue are contained, and metering does not notice.

use attacker::Attack;
use system_tests::isolation::{self, Outcome};

/// Of each kind the attack that says most; the audit carries out the whole catalogue.
const OF_EACH_KIND: &[&str] = &[
    "kernel_ram_write",
    "other_ram_read",
    "other_flash_write",
    "own_grant_write",
    "nvmc_erase",
    "mpu_disable",
    "stack_overflow",
    "allow_read_write",
    "restricted_meter_adc",
    "spin",
    "console_flood",
    "exit_restart",
];

fn assert_contained(outcomes: &[Outcome]) {
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

#[test]
fn an_attack_of_each_kind_is_contained() {
    let attacks: Vec<&'static Attack> = OF_EACH_KIND
        .iter()
        .map(|name| attacker::find(name).expect("an attack of the catalogue").1)
        .collect();
    assert_contained(&isolation::carry_out_those(&attacks));
}
