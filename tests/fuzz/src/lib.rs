//! Fuzz targets, driven by libFuzzer or by the deterministic driver of make test.
