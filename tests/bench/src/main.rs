//! `make bench`: instruction counts, sizes and speed, as a table for docs/performance.md.

mod kernel;
mod key_store;
mod metering;
mod sizes;
mod storage;

use anyhow::Result;
use system_tests::images;
use xtask::project::Project;

/// One line of the table.
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// The figure with its unit.
    pub value: String,
    /// What it should be, if there is a goal.
    pub goal: &'static str,
}

impl Figure {
    fn new(name: &str, value: impl std::fmt::Display, goal: &'static str) -> Self {
        Self {
            name: name.into(),
            value: value.to_string(),
            goal,
        }
    }
}

/// Builds everything, measures, and prints a Markdown table.
fn main() -> Result<()> {
    let project = Project::find()?;
    images::build(&project)?;
    let mut figures = kernel::measure()?;
    figures.extend(key_store::measure()?);
    figures.extend(storage::measure()?);
    figures.extend(metering::measure()?);
    figures.extend(sizes::measure(&project.manifest)?);
    println!("| measured | figure | goal |");
    println!("|---|---|---|");
    for figure in figures {
        println!("| {} | {} | {} |", figure.name, figure.value, figure.goal);
    }
    Ok(())
}
