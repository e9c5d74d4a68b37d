//! Generates the capsules' tables as the board does, for the test that holds them against the walls.

use std::path::PathBuf;
use std::{env, fs};

use manifest::{build_script, checkout, generate};

fn main() {
    let root = checkout::root().expect("cargo builds in the checkout");
    build_script::depends_on(&root, checkout::METER);
    let manifest = checkout::meter(&root).expect("meter.toml is sound");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for (name, table) in [
        ("apps.rs", generate::kernel_tables(&manifest)),
        ("key_store.rs", generate::key_store_table(&manifest)),
        ("channel.rs", generate::channel_table(&manifest)),
        ("storage.rs", generate::storage_table(&manifest)),
    ] {
        fs::write(out.join(name), table).expect("cargo's output folder takes files");
    }
}
