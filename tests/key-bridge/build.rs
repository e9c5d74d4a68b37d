//! Links the bridge for the slot of the app dlms.

fn main() {
    manifest::build_script::link_for_slot("dlms");
}
