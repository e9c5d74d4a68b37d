//! meter.toml, as an integrator may have mangled it.

use board_manifest::Manifest;

/// Parses and checks; what passes the check can be generated from.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    match Manifest::parse(text) {
        Ok(manifest) => {
            for app in &manifest.apps {
                assert!(manifest.app(&app.name).is_some());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The real page, whole and in parts.
pub fn seeds() -> Vec<Vec<u8>> {
    let page = include_str!("../../../../boards/nrf52840-meter/meter.toml");
    let half = page.len() / 2;
    let cut = (half..page.len())
        .find(|&at| page.is_char_boundary(at))
        .unwrap_or(0);
    vec![page.as_bytes().to_vec(), page.as_bytes()[..cut].to_vec()]
}
