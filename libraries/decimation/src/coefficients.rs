//! The coefficients of the filter. Made by `cargo run -p decimation --features design \
//! --example response taps`.

use crate::{CHANNELS, LENGTH};

/// For each scan, the oldest first, the coefficients of voltage, low and high gain, Q14.
#[rustfmt::skip]
pub const TAPS: [[i16; CHANNELS]; LENGTH] = [
    [617, 465, 289],
    [-1272, -1158, -982],
    [-18, 86, 194],
    [195, 424, 635],
    [1808, 1697, 1489],
    [883, 435, -68],
    [-1676, -2175, -2600],
    [-4042, -3946, -3651],
    [-2441, -1525, -456],
    [3096, 4366, 5585],
    [8853, 9532, 9964],
    [9946, 9514, 8835],
    [5585, 4366, 3096],
    [-456, -1525, -2441],
    [-3651, -3946, -4042],
    [-2600, -2175, -1676],
    [-68, 435, 883],
    [1489, 1697, 1808],
    [635, 424, 195],
    [194, 86, -18],
    [-982, -1158, -1272],
    [289, 465, 617],
];
