//! Reads meter.toml and generates kernel tables, linker scripts and app permissions from it.
