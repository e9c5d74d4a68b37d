//! The energy store against a model, with power cut at every flash operation.

mod long_run;
mod model;
mod power_cut;
