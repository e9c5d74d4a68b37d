//! Renews what is generated from meter.toml and kept in the checkout; says what has changed.

use std::path::Path;
use std::process::ExitCode;

use manifest::{renewed, Manifest};

fn main() -> ExitCode {
    match renew() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn renew() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = Manifest::load(&root.join("boards/nrf52840-meter/meter.toml"))?;
    for (name, text) in renewed::files(&manifest) {
        let path = root.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|kept| kept == text) {
            continue;
        }
        std::fs::write(&path, text).map_err(|error| format!("{name}: {error}"))?;
        println!("renewed {name}");
    }
    Ok(())
}
