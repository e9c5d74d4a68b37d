//! Builds images, reports and benches; called by the Makefile.

#![forbid(unsafe_code)]

mod command;
mod cross;
mod flash;
mod image;
mod project;
mod run;

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
    Image,
    /// Build the image and watch it measure in the emulator.
    Run(run::Arguments),
    /// Clippy over what only exists on the target.
    Clippy,
    /// Write the image to a board over its debug probe.
    Flash,
}

fn main() -> Result<()> {
    let project = project::Project::find()?;
    match Arguments::parse().task {
        Task::Image => image::build(&project).map(drop),
        Task::Run(arguments) => run::run(&project, &arguments),
        Task::Clippy => cross::clippy(&project),
        Task::Flash => flash::flash(&project),
    }
}
