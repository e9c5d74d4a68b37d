//! What is generated from a checked manifest.

mod channel;
mod codes;
mod elf2tab;
mod isolation;
mod key_store;
mod linker;
mod signing;
mod storage;
mod tables;
mod wear;

pub use channel::channel_table;
pub use codes::codes_document;
pub use elf2tab::{elf2tab_arguments, guest_arguments, relocatable_arguments, KERNEL_ABI};
pub use isolation::{isolation_document, RENEWAL};
pub use key_store::key_store_table;
pub use linker::{app_memory_script, kernel_script};
pub use signing::signer_table;
pub use storage::storage_table;
pub use tables::kernel_tables;

use crate::model::Manifest;

/// First line of every generated file.
const MARK: &str = "Generated from meter.toml; do not edit.";

/// The ShortIds of apps, for a Rust slice.
fn short_ids(manifest: &Manifest, apps: &[String]) -> String {
    let ids: Vec<String> = apps
        .iter()
        .map(|app| manifest.short_id(app).to_string())
        .collect();
    ids.join(", ")
}
