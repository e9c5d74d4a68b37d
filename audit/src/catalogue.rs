//! The catalogue of the attacker as a chapter of the audit: all of it by one app, and what depends on a slot by the others.

use attacker::{Attack, ATTACKS};

use super::finding::{Finding, Topic};
use super::part::Part;
use super::scope::Scope;
use crate::attacks::{Armed, Outcome, SLOT};

/// Attacks that one machine carries out, one after the other.
const AT_A_TIME: usize = 10;
/// The other apps that attack, beside metering; the walls of their memory lie elsewhere.
const OTHERS: [&str; 3] = ["tls", "update", "factory"];
/// Attacks on the bounds of the attacker's own memory.
const OF_THE_SLOT: [&str; 24] = [
    "other_ram_read",
    "other_ram_write",
    "other_flash_read",
    "own_grant_read",
    "own_grant_write",
    "own_block_end_read",
    "own_block_end_write",
    "own_flash_write",
    "before_ram_read",
    "after_ram_read",
    "after_flash_read",
    "own_footer_read",
    "own_footer_execute",
    "load_multiple_over_ram_end",
    "load_multiple_over_ram_start",
    "store_multiple_over_ram_start",
    "execute_ram",
    "execute_own_block_end",
    "stack_in_grant",
    "stack_at_ram_start",
    "stack_overflow",
    "allow_read_write",
    "break_outside",
    "heap_exhaustion",
];

/// Returns the meters on which the catalogue is carried out.
pub fn armed() -> Vec<Armed> {
    [SLOT]
        .into_iter()
        .chain(OTHERS)
        .map(Armed::in_slot)
        .collect()
}

/// Returns all attacks of the scope, some of them to a part.
pub fn parts<'a>(armed: &'a [Armed], scope: &Scope) -> Vec<Part<'a>> {
    if !scope.covers(Topic::Catalogue) {
        return Vec::new();
    }
    armed.iter().flat_map(of_one_slot).collect()
}

fn of_one_slot(armed: &Armed) -> Vec<Part<'_>> {
    let is_tried = |attack: &&Attack| armed.slot() == SLOT || OF_THE_SLOT.contains(&attack.name);
    let attacks: Vec<&'static Attack> = ATTACKS.iter().filter(is_tried).collect();
    let part = |some: &[&'static Attack]| {
        let some = some.to_vec();
        let [first, last] = [0, some.len() - 1].map(|at| some[at].name);
        let name = format!("by {}, {first} to {last}", armed.slot());
        Part::new(Topic::Catalogue, name, move |findings| {
            let mut machine = armed.machine();
            for attack in &some {
                let outcome = armed.carry_out(&mut machine, attack);
                findings.push(finding(armed.slot(), &outcome));
            }
            Ok(())
        })
    };
    attacks.chunks(AT_A_TIME).map(part).collect()
}

fn finding(slot: &str, outcome: &Outcome) -> Finding {
    let found = match outcome.failures.as_slice() {
        [] => outcome.found.clone(),
        failures => format!("{}: {}", outcome.found, failures.join("; ")),
    };
    Finding::new(
        Topic::Catalogue,
        slot,
        outcome.attack.name,
        format!("{:?}", outcome.attack.expected),
        found,
        outcome.failures.is_empty(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_of_the_slot_are_in_the_catalogue() {
        for name in OF_THE_SLOT {
            assert!(attacker::find(name).is_some(), "{name}");
        }
    }
}
