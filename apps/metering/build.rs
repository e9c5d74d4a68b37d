//! Links the app for its slot of meter.toml.

fn main() {
    manifest::build_script::link_for_slot("metering");
}
