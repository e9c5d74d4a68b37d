//! Builds images, reports and benches; called by the Makefile.

fn main() {}
