//! Signers, each with a key of its own, for apps that exist.

use std::path::{Component, Path};

use super::rules::{check_name, known_apps, named, refuse_if, Refusal};
use crate::model::Manifest;
use crate::place::Place;

/// Signers that the kernel tries one after the other.
const SIGNERS_MAXIMUM: usize = 8;

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    let signers = &manifest.signers;
    refuse_if!(
        signers.len() > SIGNERS_MAXIMUM,
        Place::default(),
        "there are more than {SIGNERS_MAXIMUM} signers"
    );
    for (index, signer) in signers.iter().enumerate() {
        let place = named("signer", index);
        check_name(&place, "signer", &signer.name)?;
        let entry = format!("signer {}", signer.name);
        refuse_if!(signer.apps.is_empty(), place, "{entry} may sign for no app");
        known_apps(manifest, &place, &entry, signer.apps.iter())?;
        let path = Path::new(&signer.public_key);
        refuse_if!(
            signer.public_key.is_empty()
                || !path
                    .components()
                    .all(|part| matches!(part, Component::Normal(_))),
            Place::at("signer").item(index).key("public_key"),
            "{entry}: public_key is a path from the top folder of the project"
        );
        for (later, other) in signers.iter().enumerate().skip(index + 1) {
            refuse_if!(
                signer.name == other.name,
                named("signer", later),
                "two signers are named {}",
                signer.name
            );
            refuse_if!(
                signer.public_key == other.public_key,
                place,
                "{entry} and signer {} share a key",
                other.name
            );
        }
    }
    for (number, app) in manifest.apps.iter().enumerate() {
        refuse_if!(
            manifest.signing.required
                && app.package.is_some()
                && !signers.iter().any(|signer| signer.apps.contains(&app.name)),
            named("app", number),
            "app {}: nobody may sign for it, so it would not run",
            app.name
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Signer;

    const METER: &str = include_str!("../../../boards/nrf52840-meter/meter.toml");

    fn refused(change: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = Manifest::parse(METER).expect("meter.toml is sound");
        change(&mut manifest);
        check(&manifest)
            .expect_err("a broken manifest must be refused")
            .message
    }

    fn signer(name: &str, key: &str) -> Signer {
        Signer {
            name: name.into(),
            public_key: key.into(),
            apps: vec!["metering".into()],
        }
    }

    #[test]
    fn the_meter_requires_signatures() {
        let manifest = Manifest::parse(METER).expect("meter.toml is sound");
        assert!(manifest.signing.required);
        let silent = METER.replace("[signing]\nrequired = true", "");
        assert_ne!(silent, METER);
        let manifest = Manifest::parse(&silent).expect("the section may be missing");
        assert!(
            manifest.signing.required,
            "unless the manifest says otherwise"
        );
    }

    #[test]
    fn signers_for_nothing_or_for_what_does_not_exist() {
        assert!(refused(|m| m.signers[0].apps.clear()).contains("for no app"));
        assert!(refused(|m| m.signers[0].apps.push("tariff".into())).contains("no app tariff"));
        assert!(refused(|m| m.signers.clear()).contains("nobody may sign"));
    }

    #[test]
    fn shared_names_and_keys() {
        let taken = Manifest::parse(METER).expect("meter.toml is sound").signers[0].clone();
        let (name, key) = (taken.name.clone(), taken.public_key.clone());
        assert!(refused(|m| m.signers.push(signer(&name, "keys/b.pem"))).contains("are named"));
        assert!(refused(|m| m.signers.push(signer("b", &key))).contains("share a key"));
        let many = |m: &mut Manifest| {
            m.signers
                .extend((0..8).map(|n| signer(&format!("s{n}"), &format!("keys/{n}.pem"))));
        };
        assert!(refused(many).contains("more than 8"));
    }

    #[test]
    fn keys_outside_of_the_project() {
        for path in ["", "/etc/key.pem", "../key.pem", "keys/../../key.pem"] {
            assert!(refused(|m| m.signers[0].public_key = path.into()).contains("top folder"));
        }
    }
}
