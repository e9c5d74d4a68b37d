//! Builds the meter's image, flashes it and runs it; called by the Makefile.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::project::Project;
use xtask::{app, command, cross, exit, flash, image, run};

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
    /// Build the image, and all that audit and tests put beside it.
    Images,
    /// Build the image and watch it measure in the emulator.
    Run(run::Arguments),
    /// Build an app as a guest and watch it in the emulator, beside the meter.
    App(app::Arguments),
    /// Try every wall of the running image, and write a report.
    Audit(Passed),
    /// Measure instruction counts, sizes and speed.
    Bench,
    /// Measure at the IEC points and write docs/iec-accuracy.md and .svg.
    Accuracy,
    /// Clippy over what only exists on the target.
    Clippy,
    /// Write the image to a board over its debug probe.
    Flash,
}

/// What another program of the workspace is to read.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
struct Passed {
    /// Arguments of that program.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    exit::main(task)
}

/// Does what the command line says.
fn task(arguments: Arguments) -> Result<()> {
    let project = Project::find()?;
    let program = |package: &str, binary: &str, arguments: &[String]| {
        command::run_program(project.root(), package, binary, arguments)
    };
    match arguments.task {
        Task::Image(arguments) => image::run(&project, &arguments),
        Task::Images => program("system-tests", "images", &[]),
        Task::Run(arguments) => run::run(&project, &arguments),
        Task::App(arguments) => app::run(&project, &arguments),
        Task::Audit(passed) => program("audit", "audit", &passed.arguments),
        Task::Bench => program("bench", "bench", &[]),
        Task::Accuracy => program("bench", "accuracy", &[]),
        Task::Clippy => cross::clippy(&project),
        Task::Flash => flash::flash(&project),
    }
}
