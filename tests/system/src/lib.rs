//! End-to-end tests: the flashed image in the emulator.
