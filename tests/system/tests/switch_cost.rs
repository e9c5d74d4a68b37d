//! A switch from one app to another at the end of its time slice is cheap, both ways.

use system_tests::switches;

/// What either way may cost, in instructions. The goal is 500, which was met before each app had
/// a share of the CPU time (docs/performance.md).
const MOST: u64 = 560;

#[test]
fn a_switch_to_another_app_is_cheap_both_ways() {
    let [there, back] = switches::measure(20).expect("two apps share the CPU");
    println!("{there} instructions there, {back} back");
    assert!(there < MOST && back < MOST, "{there} there, {back} back");
}
