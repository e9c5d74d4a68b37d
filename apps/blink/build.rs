//! Links the app for the slot of meter.toml that `WATTLOCK_SLOT` names.

fn main() {
    manifest::build_script::link_for_chosen_slot("factory");
}
