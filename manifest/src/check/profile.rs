//! What a manifest for meters in service may not say.

use super::{refuse_if, ManifestError};
use crate::model::{Manifest, Profile};

pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    let profile = manifest.board.profile;
    if profile == Profile::Development {
        return Ok(());
    }
    refuse_if!(
        manifest.board.debug_rtt,
        "board.debug_rtt: the {profile} profile has no kernel debug output"
    );
    refuse_if!(
        !manifest.signing.required,
        "signing.required: in the {profile} profile only signed apps run"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: &str = include_str!("../../../boards/nrf52840-meter/meter.toml");
    const DEVELOPMENT: &str = "profile = \"development\"";
    const DEBUG: &str = "debug_rtt = true";
    const SIGNED: &str = "[signing]\nrequired = true";

    /// The page with these pieces of its text instead of those.
    fn page(changes: &[(&str, &str)]) -> String {
        let change = |page: String, (from, to): &(&str, &str)| {
            assert!(page.contains(from), "the page no longer holds {from:?}");
            page.replacen(from, to, 1)
        };
        changes.iter().fold(METER.to_owned(), change)
    }

    /// What is said about a page that must be refused in the line where `stands` is.
    fn refused(page: &str, stands: &str) -> String {
        let ManifestError(error) = Manifest::parse(page).expect_err("must be refused");
        let before = &page[..page.find(stands).expect("on the page")];
        let line = format!("line {}: ", 1 + before.matches('\n').count());
        assert!(error.starts_with(&line), "{line}expected: {error}");
        error
    }

    #[test]
    fn development_may_show_debug_output_and_run_guests() {
        for debug in [DEBUG, "debug_rtt = false"] {
            for signed in [SIGNED, "[signing]\nrequired = false"] {
                let text = page(&[(DEBUG, debug), (SIGNED, signed)]);
                let manifest = Manifest::parse(&text).expect("sound");
                assert_eq!(manifest.board.profile, Profile::Development);
            }
        }
    }

    #[test]
    fn production_has_neither() {
        const PRODUCTION: (&str, &str) = (DEVELOPMENT, "profile = \"production\"");
        const SILENT: (&str, &str) = (DEBUG, "debug_rtt = false");
        let manifest = Manifest::parse(&page(&[PRODUCTION, SILENT])).expect("sound");
        assert_eq!(manifest.board.profile, Profile::Production);

        let error = refused(&page(&[PRODUCTION]), DEBUG);
        assert!(error.contains("production"), "{error}");

        let unsigned = (SIGNED, "[signing]\nrequired = false");
        let error = refused(&page(&[PRODUCTION, SILENT, unsigned]), "required = false\n");
        assert!(error.contains("only signed apps"), "{error}");

        let silent = (SIGNED, "");
        Manifest::parse(&page(&[PRODUCTION, SILENT, silent])).expect("signed without saying so");
    }

    #[test]
    fn another_profile_or_none_is_refused() {
        let other = page(&[(DEVELOPMENT, "profile = \"prod\"")]);
        let error = Manifest::parse(&other).expect_err("unknown").0;
        assert!(error.contains("`production`"), "{error}");
        let none = page(&[(DEVELOPMENT, "")]);
        let error = Manifest::parse(&none).expect_err("missing").0;
        assert!(error.contains("profile"), "{error}");
    }
}
