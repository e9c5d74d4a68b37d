//! Fuzz targets, driven by libFuzzer or by the deterministic driver of make test.
//!
//! A target is a function of bytes that panics when something is wrong: a parser
//! that reads past an end, a kernel that lets one process change another, a
//! store that forgets. Two things call it:
//!
//! - [`driver`], a mutator without feedback but with the same cases in every
//!   run: `cargo test -p fuzz-targets`, part of `make test`;
//! - libFuzzer, which follows coverage: tests/fuzz/libfuzzer, see its Cargo.toml.
//!
//! An input that was found to break something belongs into the target's seeds.

pub mod driver;
mod forget;
pub mod targets;

/// Something to throw bytes at.
pub struct Target {
    /// Name, for the command line.
    pub name: &'static str,
    /// Panics when something is wrong.
    pub run: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Cases of the deterministic driver.
    pub cases: usize,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "tbf",
        run: targets::tbf::run,
        seeds: targets::tbf::seeds,
        cases: 200_000,
    },
    Target {
        name: "loader",
        run: targets::loader::run,
        seeds: targets::tbf::seeds,
        cases: 2_000,
    },
    Target {
        name: "system_calls",
        run: targets::system_calls::run,
        seeds: targets::system_calls::seeds,
        cases: 3_000,
    },
    Target {
        name: "energy_store",
        run: targets::energy_store::run,
        seeds: targets::energy_store::seeds,
        cases: 3_000,
    },
    Target {
        name: "crash_log",
        run: targets::crash_log::run,
        seeds: targets::crash_log::seeds,
        cases: 20_000,
    },
    Target {
        name: "vault",
        run: targets::vault::run,
        seeds: targets::vault::seeds,
        cases: 600,
    },
    Target {
        name: "storage",
        run: targets::storage::run,
        seeds: targets::storage::seeds,
        cases: 300,
    },
    Target {
        name: "trust_calls",
        run: targets::trust_calls::run,
        seeds: targets::trust_calls::seeds,
        cases: 400,
    },
    #[cfg(feature = "emulator")]
    Target {
        name: "recording",
        run: targets::recording::run,
        seeds: targets::recording::seeds,
        cases: 5_000,
    },
    #[cfg(feature = "emulator")]
    Target {
        name: "mains",
        run: targets::mains::run,
        seeds: targets::mains::seeds,
        cases: 50_000,
    },
    #[cfg(feature = "emulator")]
    Target {
        name: "image",
        run: targets::image::run,
        seeds: targets::image::seeds,
        cases: 50_000,
    },
    Target {
        name: "manifest",
        run: targets::manifest::run,
        seeds: targets::manifest::seeds,
        cases: 3_000,
    },
];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
