//! The accuracy table and diagram of docs/, measured by the flashed image.

use anyhow::Result;
use system_tests::{iec_report, iec_run};
use xtask::image;
use xtask::project::Project;

/// The specimen of the table: which front end is drawn.
const SEED: u64 = 1;

/// Measures every point and writes both files.
fn main() -> Result<()> {
    let project = Project::find()?;
    image::build_meter(&project)?;
    let found = iec_run::measure_all(SEED);
    let conditions = format!(
        "Measured by the flashed image in the emulator, 230 V and 50 Hz, after the full \
         calibration procedure, with the front end drawn from seed {SEED} \
         (`cargo xtask accuracy` writes this page and the diagram)."
    );
    iec_report::save(&project.root().join("docs"), &found, &conditions)?;
    println!("{}", iec_report::markdown(&found, &conditions));
    Ok(())
}
