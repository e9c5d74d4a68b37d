//! What a manifest for meters in service may not say.

use super::rules::{path, refuse_if, Refusal};
use crate::model::{Manifest, Profile};

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    let profile = manifest.board.profile;
    if profile == Profile::Development {
        return Ok(());
    }
    refuse_if!(
        manifest.board.debug_rtt,
        path("board.debug_rtt"),
        "board.debug_rtt: the {profile} profile has no kernel debug output"
    );
    refuse_if!(
        !manifest.signing.required,
        path("signing.required"),
        "signing.required: in the {profile} profile only signed apps run"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManifestError;

    const METER: &str = include_str!("../../../boards/nrf52840-meter/meter.toml");
    const DEVELOPMENT: &str = "profile = \"development\"";
    const DEBUG: &str = "debug_rtt = true";
    const SIGNED: &str = "[signing]\nrequired = true";

    /// The manifest with these pieces of its text instead of those.
    fn changed(changes: &[(&str, &str)]) -> String {
        let change = |text: String, (from, to): &(&str, &str)| {
            assert!(text.contains(from), "the manifest no longer holds {from:?}");
            text.replacen(from, to, 1)
        };
        changes.iter().fold(METER.to_owned(), change)
    }

    /// What is said about a manifest that must be refused in the line where `stands` is.
    fn refused(text: &str, stands: &str) -> String {
        let ManifestError(error) = Manifest::parse(text).expect_err("must be refused");
        let before = &text[..text.find(stands).expect("in the manifest")];
        let line = format!("line {}: ", 1 + before.matches('\n').count());
        assert!(error.starts_with(&line), "{line}expected: {error}");
        error
    }

    #[test]
    fn development_may_show_debug_output_and_run_guests() {
        for debug in [DEBUG, "debug_rtt = false"] {
            for signed in [SIGNED, "[signing]\nrequired = false"] {
                let text = changed(&[(DEBUG, debug), (SIGNED, signed)]);
                let manifest = Manifest::parse(&text).expect("sound");
                assert_eq!(manifest.board.profile, Profile::Development);
            }
        }
    }

    #[test]
    fn production_has_neither() {
        const PRODUCTION: (&str, &str) = (DEVELOPMENT, "profile = \"production\"");
        const SILENT: (&str, &str) = (DEBUG, "debug_rtt = false");
        let manifest = Manifest::parse(&changed(&[PRODUCTION, SILENT])).expect("sound");
        assert_eq!(manifest.board.profile, Profile::Production);

        let error = refused(&changed(&[PRODUCTION]), DEBUG);
        assert!(error.contains("production"), "{error}");

        let unsigned = (SIGNED, "[signing]\nrequired = false");
        let error = refused(
            &changed(&[PRODUCTION, SILENT, unsigned]),
            "required = false\n",
        );
        assert!(error.contains("only signed apps"), "{error}");

        let silent = (SIGNED, "");
        Manifest::parse(&changed(&[PRODUCTION, SILENT, silent])).expect("signed without saying so");
    }

    #[test]
    fn another_profile_or_none_is_refused() {
        let other = changed(&[(DEVELOPMENT, "profile = \"prod\"")]);
        let error = Manifest::parse(&other).expect_err("unknown").0;
        assert!(error.contains("`production`"), "{error}");
        let none = changed(&[(DEVELOPMENT, "")]);
        let error = Manifest::parse(&none).expect_err("missing").0;
        assert!(error.contains("profile"), "{error}");
    }
}
