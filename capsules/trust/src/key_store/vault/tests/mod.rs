//! The vault against a model: power cuts at every flash operation, and flash that somebody changed.

mod figures;
mod model;
mod power_cut;
mod tampering;
