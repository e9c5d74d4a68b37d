//! What the fuzzed drivers work with, which the input drives.

pub use testing::front_end::{FrontEnd, BLOCK};
pub use testing::random::Numbers;
pub use testing::retry::retry_on_a_clock;
