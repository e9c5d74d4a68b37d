//! Generates the linker script and the policy tables from meter.toml.

use std::path::PathBuf;
use std::{env, fs};

use manifest::{build_script, checkout, generate, LongSteps, Manifest};

/// Names another manifest than the meter's own, for images of bring-up and of tests.
const MANIFEST: &str = "WATTLOCK_MANIFEST";

fn main() {
    let root = checkout::root().expect("cargo builds in the checkout");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-env-changed={MANIFEST}");
    let manifest = match env::var_os(MANIFEST).map(PathBuf::from) {
        Some(other) => {
            println!("cargo::rerun-if-changed={}", other.display());
            Manifest::load(&other)
        }
        None => {
            build_script::depends_on(&root, checkout::METER);
            checkout::meter(&root)
        }
    };
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(error) => {
            println!("cargo::error={error}");
            return;
        }
    };
    let write = |name: &str, text: String| {
        fs::write(out.join(name), text).expect("cargo's output folder takes files");
    };
    write("policy_tables.rs", generate::kernel_tables(&manifest));
    write("key_store_table.rs", generate::key_store_table(&manifest));
    write("channel_table.rs", generate::channel_table(&manifest));
    write("storage_table.rs", generate::storage_table(&manifest));
    for signer in &manifest.signers {
        build_script::depends_on(&root, &signer.public_key);
    }
    match generate::signer_table(&manifest, &root) {
        Ok(table) => write("signer_table.rs", table),
        Err(error) => {
            println!("cargo::error={error}");
            return;
        }
    }
    println!("cargo::rustc-check-cfg=cfg(long_steps_by_alarm)");
    if manifest.board.long_steps == LongSteps::Alarm {
        println!("cargo::rustc-cfg=long_steps_by_alarm");
    }
    build_script::link_kernel(&manifest);
}
