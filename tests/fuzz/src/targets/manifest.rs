//! meter.toml, as an integrator may have mangled it.

use manifest::{generate, renewed, Manifest};
use walls::Walls;

/// Parses and checks; what passes the check can be generated from.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    match Manifest::parse(text) {
        Ok(manifest) => {
            for app in &manifest.apps {
                assert!(manifest.app(&app.name).is_some());
                assert!(!generate::elf2tab_arguments(&manifest, app).is_empty());
            }
            assert!(!generate::kernel_tables(&manifest).is_empty());
            assert!(!generate::kernel_script(&manifest).is_empty());
            for (name, text) in renewed::files(&manifest) {
                assert!(text.contains("Generated from"), "{name}");
            }
            let allowed = manifest.key_walls().iter().filter(|w| w.allowed()).count();
            let granted: usize = manifest
                .apps
                .iter()
                .flat_map(|app| app.keys.values())
                .map(|grant| grant.operations.len() * grant.states.len())
                .sum();
            assert_eq!(
                allowed, granted,
                "a wall for each grant, a grant for each gap"
            );
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The real manifest, whole and in parts.
pub fn seeds() -> Vec<Vec<u8>> {
    let text = include_str!("../../../../boards/nrf52840-meter/meter.toml");
    let half = text.len() / 2;
    let cut = (half..text.len())
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0);
    vec![text.as_bytes().to_vec(), text.as_bytes()[..cut].to_vec()]
}
