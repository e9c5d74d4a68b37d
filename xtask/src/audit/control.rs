//! The positive control: an image with one wall open on purpose, which the audit must name.

use std::fs;

use anyhow::{ensure, Context, Result};
use board_manifest::opening::{open_wall, Opening};
use board_manifest::{Manifest, Operation, State};
use system_tests::audit::audit;
use system_tests::audit::report::Report;
use system_tests::firmware::Firmware;

use crate::image;
use crate::project::Project;

/// What the audit calls the wall that is open.
const WALL: &str = "sign with dlms_signing when operational";

/// Builds the image of a page that lets `tls` sign with a key of `dlms`, and audits it
/// by the true page.
pub fn run(project: &Project) -> Result<()> {
    let opening = Opening::Key {
        app: "tls".into(),
        key: "dlms_signing".into(),
        operation: Operation::Sign,
        state: State::Operational,
    };
    let folder = project.audit_folder().join("control");
    fs::create_dir_all(&folder)?;
    let page = folder.join("meter.toml");
    let truth = fs::read_to_string(project.root().join("boards/nrf52840-meter/meter.toml"))?;
    let opened = open_wall(&truth, &opening)?;
    if fs::read_to_string(&page).ok().as_ref() != Some(&opened) {
        fs::write(&page, opened)?;
    }
    let variant = project.with_page(&page, &folder)?;
    image::build_meter(&variant)?;
    let firmware = Firmware::of(&folder, Manifest::load(&page)?);
    let findings = audit(&firmware, &project.manifest).map_err(anyhow::Error::msg)?;
    let report = Report::new(findings);
    print!("{}", report.markdown());
    let named = report
        .failures()
        .find(|finding| finding.subject == "tls" && finding.wall == WALL);
    let named = named.with_context(|| format!("the audit did not notice that {opening}"))?;
    ensure!(
        report.failures().all(|finding| finding.subject == "tls"),
        "walls of other apps failed as well"
    );
    println!("control: {opening}, and the audit names it: {named}");
    Ok(())
}
