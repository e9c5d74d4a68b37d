//! Descriptions of a synthetic load, from the command line.

use emulator::mains::Mains;

/// Parses what follows `sine:` and plays it.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    // A NUL cannot come from a command line.
    if text.contains('\0') {
        return;
    }
    match Mains::parse(&format!("sine:{text}")) {
        Ok(mut mains) => {
            for time in [0, 250_000, 1 << 40] {
                assert!(mains.volts(time).is_finite() && mains.amperes(time).is_finite());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Loads as people write them.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "230V,5A,pf0.8,50Hz",
        "230V,20mA,pf0.5ind,60Hz,h3:10%,h5v:2%",
        "230V,-5A,pf-0.8cap,49.5Hz,h3:10%@30",
        "",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
