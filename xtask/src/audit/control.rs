//! The positive control: the image with walls open on purpose, audited by the true page.

use anyhow::{ensure, Result};
use system_tests::audit::about::About;
use system_tests::audit::control;
use system_tests::audit::report::Report;
use system_tests::firmware::Firmware;

use super::tell;
use crate::project::Project;

/// Audits the opened image that [`image::build`](crate::image::build) has built.
///
/// # Errors
/// A wall that is open was not named, or one was named that is not.
pub fn run(project: &Project) -> Result<()> {
    let findings = control::audit(&Firmware::opened(), &project.manifest, &tell);
    let shortcomings = control::shortcomings(&findings);
    print!("{}", Report::new(findings, About::default()).markdown());
    ensure!(shortcomings.is_empty(), "{}", shortcomings.join("\n"));
    for opened in control::openings() {
        println!("control: {}, and the audit names it", opened.opening);
    }
    Ok(())
}
