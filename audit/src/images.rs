//! What only the audit puts into flash: the attacker for every slot, and the image of its control.

use anyhow::Result;
use manifest::generate::{elf2tab_arguments, guest_arguments};
use manifest::App;
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
    let mut apps = project.manifest.apps.iter();
    apps.try_for_each(|app| build_attacker(project, app))
}

/// Builds the attacker for the slot of `app`, packed in three ways: `attacker-SLOT`
/// as a guest without id and signature, `attacker-SLOT-app` with the header and the
/// signature of the app itself, and `attacker-SLOT-open` with its signature and id
/// but, as a stolen development image would, without permission header.
fn build_attacker(project: &Project, app: &App) -> Result<()> {
    let elf = build_for_slot(project, "attacker", &app.name)?;
    let name = format!("attacker-{}", app.name);
    let guest = guest_arguments(app, "attacker");
    pack(project, &elf, &name, &guest)?;
    let short_id = ["--short-id".into(), app.short_id.to_string()];
    let open = [&guest[..], &short_id].concat();
    let header = elf2tab_arguments(&project.manifest, app);
    for (kind, header) in [("open", open), ("app", header)] {
        let header = signed(project, app, header)?;
        pack(project, &elf, &format!("{name}-{kind}"), &header)?;
    }
    Ok(())
}
