//! The store on a flash whose power fails.

mod attacks;
mod power_cut;
mod rig;
