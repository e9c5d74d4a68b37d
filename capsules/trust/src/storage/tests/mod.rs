//! The store on a flash whose power fails.

mod attacks;
mod mock_flash;
mod power_cut;
mod rig;
