//! Hardware of the fuzzed kernel, which the input drives.

mod hardware;
mod trust;

pub use hardware::{Flash, FrontEnd, BLOCK};
pub use trust::{Nor, Numbers};
