//! `make run`: the meter's image in the emulator, its state kept between runs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::image;
use crate::layout::Layout;
use crate::project::Project;
use crate::state::{SetAside, State};

/// What to feed the meter and for how long.
#[derive(clap::Args)]
pub struct Arguments {
    /// Load, as the emulator's --mains takes it.
    #[arg(long, default_value = "sine:230V,5A,pf0.8,50Hz")]
    mains: String,
    /// Virtual time to run before the supply falls.
    #[arg(long = "for", default_value = "30s")]
    duration: String,
    /// Real time (1), a multiple of it, or `max`.
    #[arg(long, default_value = "1")]
    speed: String,
    /// Start with a new, uncalibrated meter.
    #[arg(long)]
    new: bool,
}

/// Builds the image, calibrates a meter that is new, and shows it measuring.
///
/// # Errors
/// The image does not build, or the emulator fails.
pub fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    let built = image::build_meter(project)?;
    let state = State::in_folder(&project.run_folder())?;
    let layout = Layout::of(&project.manifest);
    let meter = state.image();
    if let Some(SetAside { why, folder }) = state.set_aside(&layout)? {
        let folder = folder.strip_prefix(project.root()).unwrap_or(&folder);
        let folder = folder.display();
        eprintln!("run: the older state is of another layout ({why}); it is kept in {folder}, and a new meter is made");
    }
    if arguments.new || !state.exists() {
        state.renew(&built, &layout)?;
        calibrate(project, &meter)?;
    } else {
        // New code, old secret, keys and registers: as after an update in the field.
        let mut flash = fs::read(&built)?;
        let before = fs::read(&meter)?;
        for range in project.manifest.flash.own_data() {
            flash[range.clone()].copy_from_slice(&before[range]);
        }
        fs::write(&meter, flash)?;
    }
    eprintln!(
        "run: {} for {} (state is kept in target/run)",
        arguments.mains, arguments.duration
    );
    command::run(
        emulator(project)
            .arg(&meter)
            .args(["--mains", &arguments.mains])
            // Then the plug is pulled: the meter has this long to save its registers.
            .args(["--cut-at", &format!("time:{}", arguments.duration)])
            .args(["--hold-up", "100ms"])
            .args(["--speed", &arguments.speed])
            .args(["--uart0", "stdio", "--rtt", "none"]),
    )
}

/// The two steps of a meter's calibration bench, one for each current range.
fn calibrate(project: &Project, meter: &PathBuf) -> Result<()> {
    let steps = [
        (
            "low",
            "sine:230V,10A,pf0.5,50Hz",
            "calibrate low 230 10 60\n",
        ),
        (
            "high",
            "sine:230V,1A,pf0.5,50Hz",
            "calibrate high 230 1 60\n",
        ),
    ];
    for (range, mains, line) in steps {
        eprintln!("run: calibrating the {range}-gain current range of a new meter");
        let input = project.run_folder().join("calibrate.txt");
        fs::write(&input, line)?;
        command::run_quietly(
            emulator(project)
                .arg(meter)
                .args(["--mains", mains])
                .args(["--for", "15s", "--speed", "max", "--rtt", "none"])
                .arg("--uart0")
                .arg("stdio")
                .stdin(fs::File::open(&input)?),
        )?;
    }
    Ok(())
}

fn emulator(project: &Project) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(project.root()).args([
        "run",
        "--quiet",
        "--ignore-rust-version",
        "--package",
        "emulator",
        "--bin",
        "emulator",
        "--",
        "run",
    ]);
    cargo
}
