//! Renews what is generated and kept in the checkout; says what has changed.

use std::process::ExitCode;

use manifest::{checkout, renewed, ManifestError};
use reasons::Reason;

fn main() -> ExitCode {
    match renew() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let reason = match error.is::<ManifestError>() {
                true => Reason::Manifest,
                false => Reason::Unwritable,
            };
            ExitCode::from(reason.number())
        }
    }
}

fn renew() -> Result<(), Box<dyn std::error::Error>> {
    let root = checkout::root()?;
    let manifest = checkout::meter(&root)?;
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
