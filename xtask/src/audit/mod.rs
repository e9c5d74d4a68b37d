//! `make audit`: every wall of meter.toml tried on the running image, and a report to keep.

mod control;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{ensure, Context, Result};
use system_tests::audit::about::{self, About};
use system_tests::audit::audit;
use system_tests::audit::part::Progress;
use system_tests::audit::report::Report;
use system_tests::audit::scope::Scope;
use system_tests::firmware::Firmware;
use system_tests::workers;

use crate::image;
use crate::project::Project;

const PAGE: &str = "boards/nrf52840-meter/meter.toml";

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
    let cores = workers::cores();
    eprintln!("audit: every wall and every attack, on {cores} cores; a few minutes on two");
    let begin = Instant::now();
    let firmware = Firmware::meter();
    let findings = audit(&firmware, &project.manifest, &Scope::everything(), &tell);
    let page = fs::read(project.root().join(PAGE)).context(PAGE)?;
    let took = begin.elapsed();
    let about = About::now(firmware.bytes(), &page, versions(project), took);
    let report = Report::new(findings, about);
    print!("{}", report.markdown());
    let folder = project.audit_folder();
    let json = arguments.json.clone().unwrap_or(folder.join("report.json"));
    let html = arguments.html.clone().unwrap_or(folder.join("report.html"));
    write(&json, &serde_json::to_string_pretty(&report)?)?;
    write(&html, &report.html())?;
    println!("report: {} and {}", json.display(), html.display());
    ensure!(report.held, "{} walls did not hold", report.failed);
    Ok(())
}

/// One line for each part that is done.
fn tell(progress: &Progress) {
    let (done, parts) = progress.parts;
    let (walls, failed) = progress.walls;
    let (own, all) = progress.took;
    let held = match failed {
        0 => "held".to_owned(),
        failed => format!("tried, {failed} DID NOT HOLD"),
    };
    eprintln!(
        "audit: {:2}:{:02}  {done:2}/{parts}  {}: {}: {walls} walls {held} ({:.0} s)",
        all.as_secs() / 60,
        all.as_secs() % 60,
        progress.topic,
        progress.name,
        own.as_secs_f64(),
    );
}

/// What took part, and the revision if the checkout has one.
fn versions(project: &Project) -> Vec<String> {
    let version = env!("CARGO_PKG_VERSION");
    let mut versions = vec![
        format!("Wattlock {version}"),
        format!("kernel {}", about::kernel()),
    ];
    let mut git = Command::new("git");
    git.current_dir(project.root())
        .args(["describe", "--always", "--dirty", "--abbrev=12"]);
    if let Ok(output) = git.output() {
        let revision = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() {
            versions.push(format!("revision {revision}"));
        }
    }
    versions
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}
