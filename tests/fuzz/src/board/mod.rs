//! What the fuzzed drivers work with, which the input drives.

mod front_end;
mod numbers;

pub use front_end::{FrontEnd, BLOCK};
pub use numbers::Numbers;
