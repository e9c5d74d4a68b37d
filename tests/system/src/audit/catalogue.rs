//! The catalogue of `tests/attacker` as a chapter of the audit.

use attacker::{Attack, ATTACKS};

use super::finding::{Finding, Topic};
use super::part::Part;
use super::scope::Scope;
use crate::isolation::{Armed, Outcome, SLOT};

/// Attacks that one machine carries out, one after the other.
const AT_A_TIME: usize = 10;

/// All attacks, some at a time.
pub fn parts<'a>(armed: &'a Armed, scope: &Scope) -> Vec<Part<'a>> {
    if !scope.covers(Topic::Catalogue) {
        return Vec::new();
    }
    let attacks: Vec<&'static Attack> = ATTACKS.iter().collect();
    let part = |some: &[&'static Attack]| {
        let some = some.to_vec();
        let name = format!("{} to {}", some[0].name, some[some.len() - 1].name);
        Part::new(Topic::Catalogue, name, move |findings| {
            let mut machine = armed.machine();
            for attack in &some {
                findings.push(finding(&armed.carry_out(&mut machine, attack)));
            }
            Ok(())
        })
    };
    attacks.chunks(AT_A_TIME).map(part).collect()
}

fn finding(outcome: &Outcome) -> Finding {
    let found = match outcome.failures.as_slice() {
        [] => outcome.found.clone(),
        failures => format!("{}: {}", outcome.found, failures.join("; ")),
    };
    Finding::new(
        Topic::Catalogue,
        SLOT,
        outcome.attack.name,
        format!("{:?}", outcome.attack.expected),
        found,
        outcome.failures.is_empty(),
    )
}
