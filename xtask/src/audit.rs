//! `make audit`: every attack of the catalogue against the running image, as a table.

use anyhow::{bail, Result};
use system_tests::isolation;

use crate::image;
use crate::project::Project;

/// Prints a line for each attack; an error when a wall failed.
pub fn run(project: &Project) -> Result<()> {
    image::build(project)?;
    let outcomes = isolation::carry_out_all();
    println!("| attack | expected | found | walls |");
    println!("|---|---|---|---|");
    for outcome in &outcomes {
        let walls = match outcome.failures.as_slice() {
            [] => "held".to_owned(),
            failures => format!("FAILED: {}", failures.join("; ")),
        };
        println!(
            "| {} | {:?} | {} | {walls} |",
            outcome.attack.name, outcome.attack.expected, outcome.found
        );
    }
    let failed = outcomes
        .iter()
        .filter(|outcome| !outcome.failures.is_empty())
        .count();
    println!("\n{} attacks, {failed} not contained", outcomes.len());
    if failed > 0 {
        bail!("{failed} walls failed");
    }
    Ok(())
}
