//! libFuzzer's entry: runs the target that FUZZ_TARGET names.

#![no_main]

use std::sync::OnceLock;

use fuzz_targets::{target, Target, TARGETS};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

/// The target of the environment; ends the program when there is none.
fn choose() -> &'static Target {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| {
        eprintln!("FUZZ_TARGET must be one of:");
        for target in TARGETS {
            eprintln!("  {}", target.name);
        }
        std::process::exit(2);
    })
}

libfuzzer_sys::fuzz_target!(
    init: {
        TARGET.get_or_init(choose);
    },
    |data: &[u8]| {
        (TARGET.get_or_init(choose).run)(data);
    }
);
