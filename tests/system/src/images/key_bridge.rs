//! The manifest of the meter with the key bridge: meter.toml, some keys more, and what the bridge may ask of them.

use anyhow::{Context, Result};

/// The app whose slot and identity the bridge takes.
const APP: &str = "[[app]]\nname = \"dlms\"\n";
const KEYS: &str = include_str!("../../../key-bridge/keys.toml");
const GRANTS: &str = include_str!("../../../key-bridge/grants.toml");
/// Every command that the grants call for.
const COMMANDS: &str = "key_store = [\"state\", \"generate\", \"import\", \"public_key\", \
     \"sign\", \"agree\", \"encrypt\", \"decrypt\", \"hmac\", \"wrap\", \"unwrap\", \
     \"verify\", \"store\", \"read\", \"counter\", \"advance\", \"activate\", \"erase\", \
     \"close\"]";

/// The budgets of the apps that change keys: most is the bridge's, because tests change keys
/// as an app never would.
const BUDGETS: [(&str, &str); 3] = [
    ("tls", "{ per_week = 1, most = 8, lifetime = 8 }"),
    (
        "dlms",
        "{ per_week = 100_000, most = 8_000, lifetime = 9_000 }",
    ),
    ("factory", "{ per_week = 70, most = 64, lifetime = 64 }"),
];

/// Returns the text of that manifest, made of the text of meter.toml.
///
/// # Errors
/// The text does not have what is to be changed.
pub fn manifest(meter: &str) -> Result<String> {
    let meter = &with_budgets(meter)?;
    let (before, after) = split_behind(meter, "\n[keys]\n")?;
    let (between, app) = split_behind(after, APP)?;
    let (drivers, rest) = split_behind(app, "[app.drivers]\n")?;
    let (commands, grants) = split_behind(rest, "\n[app.keys]\n")?;
    let commands: String = commands
        .split_inclusive('\n')
        .map(|line| match line.starts_with("key_store = ") {
            true => format!("{COMMANDS}\n"),
            false => line.to_owned(),
        })
        .collect();
    Ok([
        before,
        KEYS,
        between,
        "package = \"key-bridge\"\n",
        drivers,
        &commands,
        GRANTS,
        grants,
    ]
    .concat())
}

/// The text with those budgets instead of its own.
fn with_budgets(meter: &str) -> Result<String> {
    const BUDGET: &str = ", changes = {";
    let mut text = String::new();
    for line in meter
        .lines()
        .filter(|line| !line.starts_with("key_changes"))
    {
        match line.split_once(BUDGET) {
            Some((before, after)) => {
                let (_, after) = split_behind(after, "}")?;
                text += before;
                text += after;
            }
            None => text += line,
        }
        text += "\n";
    }
    for (app, budget) in BUDGETS {
        let mark = format!("name = \"{app}\"");
        let at = text
            .find(&format!("[[app]]\n{mark}"))
            .with_context(|| format!("meter.toml has no app {app}"))?;
        let end = at + text[at + 8..].find('\n').unwrap_or(0) + 8;
        text.insert_str(end, &format!("\nkey_changes = {budget}"));
    }
    Ok(text)
}

/// What stands up to the end of `mark`, and what comes behind it.
fn split_behind<'a>(text: &'a str, mark: &str) -> Result<(&'a str, &'a str)> {
    let at = text
        .find(mark)
        .with_context(|| format!("meter.toml does not have {mark:?}"))?;
    Ok(text.split_at(at + mark.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::manifest::Manifest;

    #[test]
    fn the_manifest_is_sound_and_the_bridge_may_more_than_the_app() {
        let meter = include_str!("../../../../boards/nrf52840-meter/meter.toml");
        let text = manifest(meter).expect("meter.toml has what is changed");
        let manifest = Manifest::parse(&text).expect("a sound manifest");
        let bridge = manifest.app("dlms").expect("it is there");
        assert_eq!(bridge.package.as_deref(), Some("key-bridge"));
        assert!(bridge.keys.contains_key("bridge_secret"));
        assert!(bridge.keys.contains_key("dlms_master"));
        let tls = manifest.app("tls").expect("it is there");
        assert!(!tls.keys.contains_key("bridge_secret"));
    }

    #[test]
    fn another_text_is_refused() {
        assert!(manifest("[keys]\n").is_err());
    }
}
