//! What is generated from a checked manifest.

mod elf2tab;
mod linker;
mod tables;

pub use elf2tab::{elf2tab_arguments, guest_arguments, KERNEL_ABI};
pub use linker::{app_memory_script, kernel_script};
pub use tables::kernel_tables;

/// First line of every generated file.
const MARK: &str = "Generated from meter.toml; do not edit.";
