//! docs/isolation.md: who may do what, as matrices for a reviewer.

use std::fmt::Write;

use super::wear::write_wear;
use crate::model::{App, Holder, Key, Manifest, Operation, Overflow, Profile, Region, State};

/// How the document is renewed, for its reader and that of a test that fails.
pub const RENEWAL: &str = "make policy";

/// Returns the document that shows the whole policy of a checked manifest.
#[must_use]
pub fn isolation_document(manifest: &Manifest) -> String {
    let mut out = format!(
        "# Isolation\n\n\
         Who may do what on the meter. Generated from `boards/nrf52840-meter/meter.toml` by \
         `{RENEWAL}`; do not edit. What is not granted here is refused, and `make audit` tries \
         it on the running image.\n"
    );
    write_profile(&mut out, manifest);
    write_memory(&mut out, manifest);
    write_apps(&mut out, manifest);
    write_signers(&mut out, manifest);
    write_commands(&mut out, manifest);
    write_keys(&mut out, manifest);
    write_nonces(&mut out, manifest);
    write_sessions(&mut out, manifest);
    write_transitions(&mut out, manifest);
    write_channels(&mut out, manifest);
    write_storage(&mut out, manifest);
    write_wear(&mut out, manifest);
    out
}

fn write_profile(out: &mut String, manifest: &Manifest) {
    let board = &manifest.board;
    let debug = match board.debug_rtt {
        true => "goes to RTT",
        false => "goes nowhere",
    };
    let service = match board.profile {
        Profile::Development => "**Not for a meter in service.**",
        Profile::Production => "For a meter in service.",
    };
    let profile = board.profile;
    let _ = writeln!(
        out,
        "\n## Profile\n\nThe image is of the {profile} profile. {service} Kernel debug output {debug}."
    );
}

fn write_memory(out: &mut String, manifest: &Manifest) {
    out.push_str(
        "\n## Memory map\n\n\
         An app reaches its own slot of flash (read, execute) and its own block of RAM (read, \
         write), below the grants that the kernel keeps there, and nothing else.\n",
    );
    let flash = manifest.flash;
    let mut regions = vec![
        ("bootloader".to_owned(), flash.bootloader),
        ("bootloader: device secret".to_owned(), flash.device_secret),
        ("kernel".to_owned(), flash.kernel),
        ("key store".to_owned(), flash.key_store),
        ("anchor of the key store".to_owned(), flash.anchor),
        ("energy store".to_owned(), flash.energy_store),
    ];
    regions.extend(slots(manifest, |app| app.flash));
    write_regions(out, "flash", regions);
    let ram = manifest.ram;
    let mut regions = vec![
        ("kernel".to_owned(), ram.kernel),
        ("crash log, kept over a reset".to_owned(), ram.retained),
    ];
    regions.extend(slots(manifest, |app| app.ram));
    write_regions(out, "RAM", regions);
    let nor = manifest.external_nor;
    let mut regions = vec![
        ("image that is to be installed".to_owned(), nor.staging),
        ("image to go back to".to_owned(), nor.previous),
    ];
    regions.extend(
        manifest
            .partitions_by_number()
            .into_iter()
            .map(|(name, partition)| (format!("storage {name}"), partition.region())),
    );
    write_regions(out, "external NOR", regions);
}

fn slots(manifest: &Manifest, region: impl Fn(&App) -> Region) -> Vec<(String, Region)> {
    manifest
        .apps
        .iter()
        .map(|app| (format!("app {}", app.name), region(app)))
        .collect()
}

fn write_regions(out: &mut String, memory: &str, mut regions: Vec<(String, Region)>) {
    regions.sort_by_key(|(_, region)| region.start);
    write_head(out, &[memory, "last", "size", ""]);
    for (name, region) in regions {
        let last = region.end() - 1;
        write_row(
            out,
            &[
                format!("{:#010x}", region.start),
                format!("{last:#010x}"),
                size(region.size),
                name,
            ],
        );
    }
}

fn write_apps(out: &mut String, manifest: &Manifest) {
    out.push_str("\n## Apps\n\nThe ShortId is the one that the verified signature covers.\n");
    write_head(
        out,
        &[
            "app",
            "ShortId",
            "priority",
            "after a fault",
            "in the image",
        ],
    );
    for app in &manifest.apps {
        let fault = format!("{:?}", app.fault).to_lowercase();
        let built = if app.package.is_some() { "yes" } else { "-" };
        write_row(
            out,
            &[
                app.name.clone(),
                app.short_id.to_string(),
                app.priority.to_string(),
                fault,
                built.into(),
            ],
        );
    }
}

fn write_signers(out: &mut String, manifest: &Manifest) {
    out.push_str("\n## Signers\n\n");
    out.push_str(if manifest.signing.required {
        "An app that none of these vouches for does not run.\n"
    } else {
        "**Signatures are not required: what nobody vouches for runs as a guest without \
         restricted drivers. Not for a meter in service.**\n"
    });
    write_head(out, &["signer", "public key", "may sign for"]);
    for signer in &manifest.signers {
        write_row(
            out,
            &[
                signer.name.clone(),
                format!("`{}`", signer.public_key),
                signer.apps.join(", "),
            ],
        );
    }
}

fn write_commands(out: &mut String, manifest: &Manifest) {
    out.push_str(
        "\n## Drivers and commands\n\n\
         For an app the kernel's own table decides about every driver and every command, whatever \
         its header says; what has no yes here is refused with NODEVICE. Command 0 tells an app \
         of which driver it may call any whether the driver is there. To guests a restricted driver \
         never answers.\n",
    );
    let mut head = vec!["driver", "restricted", "command"];
    head.extend(manifest.apps.iter().map(|app| app.name.as_str()));
    write_head(out, &head);
    for (name, driver) in manifest.drivers_by_number() {
        for (command, number) in driver.commands_by_number() {
            let mut row = vec![
                format!("{name} ({:#x})", driver.number),
                mark(driver.restricted),
                format!("{command} ({number})"),
            ];
            row.extend(
                manifest
                    .apps
                    .iter()
                    .map(|app| mark(app.may_call(name, command))),
            );
            write_row(out, &row);
        }
    }
}

fn write_keys(out: &mut String, manifest: &Manifest) {
    out.push_str(
        "\n## Keys and operations\n\n\
         F: in the factory state, O: operational, D: decommissioned. The last line of a key has \
         what can be done with its kind and no app may. To an app without any letter in the lines \
         of a key, that key does not exist. No operation gives the bytes of a secret.\n",
    );
    let mut head = vec!["key", "kind", "operation"];
    head.extend(manifest.apps.iter().map(|app| app.name.as_str()));
    write_head(out, &head);
    for (name, key) in manifest.keys_by_number() {
        write_key(out, manifest, name, key);
    }
}

fn write_key(out: &mut String, manifest: &Manifest, name: &str, key: &Key) {
    let title = format!("{name} ({:#x})", key.number);
    let mut nobody = Vec::new();
    for operation in key.kind.list_of_operations() {
        let cells: Vec<String> = manifest
            .apps
            .iter()
            .map(|app| state_letters(app, name, *operation))
            .collect();
        if cells.iter().all(|cell| cell == "-") {
            nobody.push(operation.name());
            continue;
        }
        let mut row = vec![title.clone(), key.kind.to_string(), operation.to_string()];
        row.extend(cells);
        write_row(out, &row);
    }
    if nobody.is_empty() {
        return;
    }
    let holder = if key.holder == Holder::Kernel {
        "the kernel alone"
    } else {
        "nobody"
    };
    let mut row = vec![
        title,
        key.kind.to_string(),
        format!("{holder}: {}", nobody.join(", ")),
    ];
    row.extend(manifest.apps.iter().map(|_| mark(false)));
    write_row(out, &row);
}

fn state_letters(app: &App, key: &str, operation: Operation) -> String {
    let granted = app
        .keys
        .get(key)
        .filter(|grant| grant.operations.contains(&operation));
    let Some(grant) = granted else {
        return mark(false);
    };
    let letters: Vec<&str> = [
        (State::Factory, "F"),
        (State::Operational, "O"),
        (State::Decommissioned, "D"),
    ]
    .into_iter()
    .filter(|(state, _)| grant.states.contains(state))
    .map(|(_, letter)| letter)
    .collect();
    letters.join(" ")
}

fn write_nonces(out: &mut String, manifest: &Manifest) {
    out.push_str(
        "\n## Nonces\n\n\
         Nonces of these keys, and of session keys that come out of them, end in a value of the \
         counter, and none comes twice. Those of other keys are the app's to choose.\n",
    );
    write_head(out, &["key", "counter"]);
    for (name, key) in manifest.keys_by_number() {
        if let Some(counter) = &key.nonce_counter {
            write_row(out, &[name.to_owned(), counter.clone()]);
        }
    }
}

fn write_sessions(out: &mut String, manifest: &Manifest) {
    out.push_str(
        "\n## Session keys\n\n\
         A session slot belongs to the process that made it, and no app can hold more than its \
         own number of slots:\n",
    );
    write_head(out, &["app", "slots"]);
    for app in manifest.apps.iter().filter(|app| app.session_slots > 0) {
        write_row(out, &[app.name.clone(), app.session_slots.to_string()]);
    }
    out.push_str("\nWhat a session key can be used for hangs on the key that it came out of:\n");
    write_head(out, &["app", "out of", "operations"]);
    for wall in manifest.apps.iter().flat_map(|app| {
        app.keys
            .iter()
            .filter(|(_, grant)| !grant.session.is_empty())
            .map(move |(key, grant)| (app, key, grant))
    }) {
        let (app, key, grant) = wall;
        let operations: Vec<&str> = grant.session.iter().map(|o| o.name()).collect();
        write_row(out, &[app.name.clone(), key.clone(), operations.join(", ")]);
    }
}

fn write_transitions(out: &mut String, manifest: &Manifest) {
    out.push_str("\n## States\n\nfactory -> operational -> decommissioned; no way back.\n");
    write_head(out, &["from", "to", "by"]);
    for step in &manifest.transitions {
        write_row(
            out,
            &[step.from.to_string(), step.to.to_string(), step.app.clone()],
        );
    }
}

fn write_channels(out: &mut String, manifest: &Manifest) {
    out.push_str("\n## Channels\n\nThe only way from app to app.\n");
    write_head(
        out,
        &[
            "channel",
            "writer",
            "readers",
            "message",
            "depth",
            "when full",
        ],
    );
    for (name, channel) in manifest.channels_by_number() {
        let overflow = match channel.overflow {
            Overflow::Oldest => "the oldest message goes",
            Overflow::Refuse => "the writer waits",
        };
        write_row(
            out,
            &[
                format!("{name} ({})", channel.number),
                channel.writer.clone(),
                channel.readers.join(", "),
                format!("{} bytes", channel.message),
                channel.depth.to_string(),
                overflow.into(),
            ],
        );
    }
}

fn write_storage(out: &mut String, manifest: &Manifest) {
    out.push_str(
        "\n## Storage partitions\n\nOn the external NOR, sealed under the key of the owner, who \
         alone appends.\n",
    );
    write_head(out, &["partition", "owner", "readers", "record", "size"]);
    for (name, partition) in manifest.partitions_by_number() {
        write_row(
            out,
            &[
                format!("{name} ({})", partition.number),
                partition.owner.clone(),
                partition.readers.join(", "),
                format!("{} bytes", partition.record),
                size(partition.size),
            ],
        );
    }
}

pub(super) fn write_head(out: &mut String, cells: &[&str]) {
    let _ = writeln!(out, "\n| {} |", cells.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(cells.len()));
}

pub(super) fn write_row(out: &mut String, cells: &[String]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn mark(yes: bool) -> String {
    if yes { "yes" } else { "-" }.into()
}

fn size(bytes: u32) -> String {
    if bytes.is_multiple_of(1024) {
        format!("{} KB", bytes / 1024)
    } else {
        format!("{bytes} bytes")
    }
}
