//! `make audit`: every wall of meter.toml tried on the running image, and a report to keep.

mod control;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use system_tests::audit::audit;
use system_tests::audit::finding::{Finding, Topic};
use system_tests::audit::report::Report;
use system_tests::audit::scope::Scope;
use system_tests::firmware::{manifest, Firmware};
use system_tests::isolation::{self, Outcome};

use crate::image;
use crate::project::Project;

/// What is audited, and where the report goes.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the report goes as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where the report goes as one HTML page.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Audit the image with walls open on purpose, and fail unless they are named.
    #[arg(long)]
    control: bool,
}

/// Audits; an error when a wall failed.
pub fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    image::build(project)?;
    if arguments.control {
        return control::run(project);
    }
    eprintln!("audit: every wall, then every attack: about an hour, and the report at its end");
    let mut findings =
        audit(&Firmware::meter(), &manifest(), &Scope::everything()).map_err(anyhow::Error::msg)?;
    findings.extend(isolation::carry_out_all().iter().map(catalogue));
    let report = Report::new(findings);
    let folder = project.audit_folder();
    let json = arguments.json.clone().unwrap_or(folder.join("report.json"));
    let html = arguments.html.clone().unwrap_or(folder.join("report.html"));
    write(&json, &serde_json::to_string_pretty(&report)?)?;
    write(&html, &report.html())?;
    print!("{}", report.markdown());
    println!("report: {} and {}", json.display(), html.display());
    if report.failed > 0 {
        bail!("{} walls failed", report.failed);
    }
    Ok(())
}

fn catalogue(outcome: &Outcome) -> Finding {
    let found = match outcome.failures.as_slice() {
        [] => outcome.found.clone(),
        failures => format!("{}: {}", outcome.found, failures.join("; ")),
    };
    Finding::new(
        Topic::Catalogue,
        "dlms",
        outcome.attack.name,
        format!("{:?}", outcome.attack.expected),
        found,
        outcome.failures.is_empty(),
    )
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}
