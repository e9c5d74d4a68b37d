//! The guide shows the example as it is.

#[test]
fn the_guide_shows_the_example() {
    let guide = include_str!("../../docs/guides/test-a-capsule.md");
    let example = include_str!("../examples/kitchen_timer.rs");
    let (capsule, test) = example
        .split_once("#[cfg(test)]\n")
        .expect("capsule and test");
    let test = format!("#[cfg(test)]\n{test}");
    for part in [capsule, &test] {
        let block = format!("```rust\n{}\n```\n", part.trim_end());
        assert!(guide.contains(&block), "the guide lacks\n{block}");
    }
}
