//! Generates the linker script and the policy tables from meter.toml.

use std::path::PathBuf;
use std::{env, fs};

use manifest::{generate, Manifest};

/// Names another page than the meter's own, for images of bring-up and of tests.
const PAGE: &str = "WATTLOCK_MANIFEST";

fn main() {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let root = folder.join("../..");
    println!("cargo::rerun-if-env-changed={PAGE}");
    let page = env::var_os(PAGE).map_or(folder.join("meter.toml"), PathBuf::from);
    println!("cargo::rerun-if-changed={}", page.display());
    let manifest = match Manifest::load(&page) {
        Ok(manifest) => manifest,
        Err(error) => {
            println!("cargo::error={error}");
            return;
        }
    };
    let write = |name: &str, text: String| {
        fs::write(out.join(name), text).expect("cargo's output folder takes files");
    };
    write("kernel.ld", generate::kernel_script(&manifest));
    write("policy_tables.rs", generate::kernel_tables(&manifest));
    write("key_store_table.rs", generate::key_store_table(&manifest));
    write("channel_table.rs", generate::channel_table(&manifest));
    write("storage_table.rs", generate::storage_table(&manifest));
    for signer in &manifest.signers {
        println!(
            "cargo::rerun-if-changed={}",
            root.join(&signer.public_key).display()
        );
    }
    match generate::signer_table(&manifest, &root) {
        Ok(table) => write("signer_table.rs", table),
        Err(error) => {
            println!("cargo::error={error}");
            return;
        }
    }
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        println!("cargo::rustc-link-search={}", out.display());
        println!("cargo::rustc-link-arg-bins=-Tkernel.ld");
    }
}
