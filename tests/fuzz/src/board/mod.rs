//! What the fuzzed drivers work with, which the input drives.

mod front_end;
mod numbers;
mod retry;

pub use front_end::{FrontEnd, BLOCK};
pub use numbers::Numbers;
pub use retry::retry_on_a_clock;
