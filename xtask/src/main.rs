//! Builds images, reports and benches; called by the Makefile.

#![forbid(unsafe_code)]

mod accuracy;
mod audit;
mod bench;
mod command;
mod cross;
mod flash;
mod image;
mod key_bridge;
mod project;
mod run;
mod signing;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds what is flashed and runs what shows it.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the kernel, the apps' TABs and the flash image.
    Image(image::Arguments),
    /// Build the image and watch it measure in the emulator.
    Run(run::Arguments),
    /// Try every wall of the running image, and write a report.
    Audit(audit::Arguments),
    /// Measure instruction counts, sizes and speed.
    Bench,
    /// Measure at the IEC points and write docs/iec-accuracy.md and .svg.
    Accuracy,
    /// Clippy over what only exists on the target.
    Clippy,
    /// Write the image to a board over its debug probe.
    Flash,
}

fn main() -> Result<()> {
    let project = project::Project::find()?;
    match Arguments::parse().task {
        Task::Image(arguments) => image::run(&project, &arguments),
        Task::Run(arguments) => run::run(&project, &arguments),
        Task::Accuracy => accuracy::run(&project),
        Task::Audit(arguments) => audit::run(&project, &arguments),
        Task::Bench => bench::run(&project),
        Task::Clippy => cross::clippy(&project),
        Task::Flash => flash::flash(&project),
    }
}
