//! `make audit`: every wall of meter.toml tried on the running image, and a report to keep.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;
use audit::about::{self, About};
use audit::part::Progress;
use audit::report::Report;
use audit::scope::Scope;
use audit::specimen::firmware::Firmware;
use audit::{audit, control, images, workers};
use clap::Parser;
use reasons::Reason;
use xtask::exit::{self, Failed};
use xtask::project::Project;

/// Tries every wall of meter.toml on the running image, and writes a report.
#[derive(Parser)]
struct Arguments {
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

fn main() -> ExitCode {
    exit::main(run)
}

/// Builds the images and audits one of them.
fn run(arguments: Arguments) -> Result<()> {
    let project = Project::find()?;
    images::build(&project)?;
    match arguments.control {
        true => audit_opened(&project),
        false => audit_meter(&project, &arguments),
    }
}

/// Audits the meter's image; an error when a wall failed.
fn audit_meter(project: &Project, arguments: &Arguments) -> Result<()> {
    let cores = workers::cores();
    eprintln!("audit: every wall and every attack, on {cores} cores; a few minutes on two");
    let begin = Instant::now();
    let firmware = Firmware::meter();
    let findings = audit(&firmware, &project.manifest, &Scope::everything(), &tell);
    let took = begin.elapsed();
    let manifest = project.meter_text()?;
    let about = About::now(
        firmware.bytes(),
        manifest.as_bytes(),
        versions(project),
        took,
    );
    let report = Report::new(findings, about);
    print!("{}", report.markdown());
    let folder = project.audit_folder();
    let json = arguments.json.clone().unwrap_or(folder.join("report.json"));
    let html = arguments.html.clone().unwrap_or(folder.join("report.html"));
    write(&json, &serde_json::to_string_pretty(&report)?)?;
    write(&html, &report.html())?;
    println!("report: {} and {}", json.display(), html.display());
    match report.held {
        true => Ok(()),
        false => {
            let message = format!("{} walls did not hold", report.failed);
            Err(Failed::new(Reason::WallsFailed, message).into())
        }
    }
}

/// Audits the image with walls open on purpose by the true manifest; an error when a
/// wall that is open was not named, or one was named that is not.
fn audit_opened(project: &Project) -> Result<()> {
    let findings = control::audit(&Firmware::opened(), &project.manifest, &tell);
    let shortcomings = control::shortcomings(&findings);
    print!("{}", Report::new(findings, About::default()).markdown());
    if !shortcomings.is_empty() {
        return Err(Failed::new(Reason::AuditBlind, shortcomings.join("\n")).into());
    }
    for opened in control::openings() {
        println!("control: {}, and the audit names it", opened.opening);
    }
    Ok(())
}

/// Prints a line for each part that is done.
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

/// What took part in the audit, and the revision if the checkout has one.
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
    fs::write(path, text)
        .map_err(|error| format!("{}: {error}", path.display()))
        .map_err(|message| Failed::new(Reason::Unwritable, message).into())
}
