//! `make run`: the meter's image in the emulator, its state kept between runs.

use std::fs;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Result};

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
    /// Virtual time to run before the supply falls [default: 30s; on the screen until the
    /// plug is pulled].
    #[arg(long = "for")]
    duration: Option<String>,
    /// Real time (1), a multiple of it, or `max`.
    #[arg(long, default_value = "1")]
    speed: String,
    /// Start with a new meter, which is calibrated first.
    #[arg(long)]
    new: bool,
    /// The meter's lines, also where a screen could be shown.
    #[arg(long)]
    plain: bool,
}

/// Virtual time of a run without a screen.
const DURATION: &str = "30s";

/// Builds the image, calibrates a meter that is new, and shows it measuring.
///
/// # Errors
/// The image does not build, or the emulator fails.
pub fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    let state = State::in_folder(&project.run_folder())?;
    // Until the emulator takes the image itself.
    let lock = state.lock()?;
    let built = image::build_meter(project)?;
    let emulator = build_emulator(project)?;
    let layout = Layout::of(&project.manifest);
    let meter = state.image();
    if let Some(SetAside { why, folder }) = state.set_aside(&layout)? {
        let folder = folder.strip_prefix(project.root()).unwrap_or(&folder);
        let folder = folder.display();
        eprintln!("run: the older state is of another layout ({why}); it is kept in {folder}, and a new meter is made");
    }
    if arguments.new || !state.exists() {
        state.renew(&built, &layout, |new| calibrate(&emulator, new))?;
    } else {
        // New code, old secret, keys and registers: as after an update in the field.
        let mut flash = fs::read(&built)?;
        let before = fs::read(&meter)?;
        for range in project.manifest.flash.own_data() {
            flash[range.clone()].copy_from_slice(&before[range]);
        }
        state.write_image(&flash)?;
    }
    let screen = !arguments.plain && io::stdin().is_terminal() && io::stdout().is_terminal();
    let duration = match &arguments.duration {
        None if screen => None,
        given => Some(given.as_deref().unwrap_or(DURATION)),
    };
    eprintln!(
        "run: {} for {} (state is kept in target/run)",
        arguments.mains,
        duration.unwrap_or("as long as you like")
    );
    let mut command = Command::new(emulator);
    command
        .arg("run")
        .arg(&meter)
        .args(["--mains", &arguments.mains])
        .args(["--speed", &arguments.speed])
        .args(["--rtt", "none"]);
    if let Some(duration) = duration {
        // Then the plug is pulled: the meter has this long to save its registers.
        command
            .args(["--cut-at", &format!("time:{duration}")])
            .args(["--hold-up", "100ms"]);
    }
    command.args(if screen {
        &["--screen"][..]
    } else {
        &["--uart0", "stdio"]
    });
    drop(lock);
    // It takes this process's place, and with it the terminal and Ctrl-C.
    let error = command.exec();
    Err(command::not_started("the emulator", &error).into())
}

/// The two steps of a meter's calibration bench, one for each current range.
fn calibrate(emulator: &Path, meter: &Path) -> Result<()> {
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
        let input = meter.with_file_name("calibrate.txt");
        fs::write(&input, line)?;
        let answers = command::run_quietly(
            Command::new(emulator)
                .arg("run")
                .arg(meter)
                .args(["--mains", mains])
                .args(["--for", "15s", "--speed", "max", "--rtt", "none"])
                .arg("--uart0")
                .arg("stdio")
                .stdin(fs::File::open(&input)?),
        )?;
        ensure!(
            answers.contains(&format!("ok calibrate {range} revision=")),
            "the meter was not calibrated in its {range}-gain range: {answers}"
        );
    }
    Ok(())
}

/// Builds the emulator, and returns the path of the program.
fn build_emulator(project: &Project) -> Result<PathBuf> {
    command::build_program(project.root(), "emulator", "emulator")?;
    Ok(project.program("emulator"))
}
