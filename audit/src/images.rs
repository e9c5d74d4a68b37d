//! What only the audit puts into flash: the attacker for every slot, and the image of its control.

use anyhow::Result;
use manifest::generate::guest_arguments;
use manifest::App;
use walls::opening::open_drivers;
use xtask::image::{self, build_for_slot, pack, signed};
use xtask::project::Project;

use crate::control::opened_manifest;

/// Builds the meter's image, and beside it what the audit needs.
///
/// # Errors
/// A part does not build.
pub fn build(project: &Project) -> Result<()> {
    image::build_meter(project)?;
    // The meter with walls open that an audit must name.
    image::build_variant(project, "opened", &opened_manifest(&project.meter_text()?)?)?;
    // Whose apps may call all that is not restricted, for attacks on what stands behind.
    image::build_variant(project, "granted", &open_drivers(&project.meter_text()?)?)?;
    let mut apps = project.manifest.apps.iter();
    apps.try_for_each(|app| build_attacker(project, app))
}

/// Builds the attacker for the slot of `app`, packed in three ways: `attacker-SLOT`
/// as a guest without id and signature; `attacker-SLOT-app` with the name, the id and the
/// signature of the app itself, but, as a stolen development image would, without permission
/// header; and `attacker-SLOT-open` the same under its own name.
fn build_attacker(project: &Project, app: &App) -> Result<()> {
    let elf = build_for_slot(project, "attacker", &app.name)?;
    let name = format!("attacker-{}", app.name);
    pack(project, &elf, &name, &guest_arguments(app, "attacker"))?;
    let short_id = ["--short-id".into(), app.short_id.to_string()];
    for (kind, package) in [("open", "attacker"), ("app", app.name.as_str())] {
        let header = [&guest_arguments(app, package)[..], &short_id].concat();
        let header = signed(project, app, header)?;
        pack(project, &elf, &format!("{name}-{kind}"), &header)?;
    }
    Ok(())
}
