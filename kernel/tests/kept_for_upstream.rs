//! The crate's list of what is kept for upstream's capsules alone: true, and no module is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Paths of files below `folder` with their code, comments left out; without `skipped` folders.
fn sources(folder: &Path, skipped: &[&str], found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && !skipped.contains(&&*name) {
            sources(&path, skipped, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let code = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or(""));
            let place = path.with_extension("").to_string_lossy().into_owned();
            found.push((place, code.collect::<Vec<_>>().join("\n")));
        }
    }
}

fn words(text: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !is_part(letter)).collect()
}

/// The words of each statement that names something of the kernel.
fn statements(code: &str) -> impl Iterator<Item = BTreeSet<&str>> {
    let uses = code.split("kernel::").skip(1);
    uses.map(|rest| words(rest.split(';').next().unwrap_or(rest)))
}

/// Whether `code` has `path` as the beginning of a path.
fn begins(code: &str, path: &str) -> bool {
    let is_inner = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    code.match_indices(path)
        .any(|(at, _)| !code[..at].ends_with(is_inner))
}

/// Whether code outside this crate names `path`: all of it in one statement, its end
/// behind an imported module, or a macro.
fn is_named(path: &str, others: &[(String, String)]) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    let ends: Vec<String> = match parts.len() {
        1 => vec![format!("{path}!")],
        length => (0..length - 1)
            .map(|from| parts[from..].join("::"))
            .collect(),
    };
    others.iter().any(|(_, code)| {
        let all = |words: BTreeSet<&str>| parts.iter().all(|part| words.contains(part));
        statements(code).any(all) || ends.iter().any(|end| begins(code, end))
    })
}

/// The paths that the section of the crate's documentation lists.
fn listed() -> Vec<String> {
    let text = fs::read_to_string("src/lib.rs").expect("the crate's root");
    let section = text.split("# Kept for upstream's capsules").nth(1);
    let section = section.and_then(|rest| rest.split("#![cfg_attr").next());
    let links = section.expect("the section").split("[`").skip(1);
    links
        .filter_map(|link| link.split_once('`'))
        .map(|(path, _)| path.trim_end_matches('!').to_string())
        .collect()
}

/// The code of this project outside this crate.
fn others() -> Vec<(String, String)> {
    let mut found = Vec::new();
    // Test doubles stand for all that a board may be.
    sources(
        Path::new(".."),
        &["kernel", "target", "testing"],
        &mut found,
    );
    assert!(found.len() > 100, "the project's sources");
    found
}

#[test]
fn nothing_of_the_project_uses_what_is_kept_for_upstream() {
    let others = others();
    let listed = listed();
    assert!(listed.len() > 40, "{listed:?}");
    for path in &listed {
        assert!(!is_named(path, &others), "{path} is in use");
    }
}

#[test]
fn every_public_module_is_used_or_listed() {
    let others = others();
    let listed = listed();
    let is_listed = |path: &str| {
        let mut ends = path.match_indices("::").map(|(end, _)| &path[..end]);
        listed.iter().any(|entry| entry == path)
            || ends.any(|parent| listed.iter().any(|entry| entry == parent))
    };
    let mut own = Vec::new();
    sources(Path::new("src"), &[], &mut own);
    let mut modules = 0;
    for (place, code) in &own {
        let parent = place.trim_start_matches("src").replace('/', "::");
        let parent = parent.trim_end_matches("::mod").trim_end_matches("::lib");
        for name in code.split("\npub mod ").skip(1) {
            // Those with a body here only rename what other crates have.
            let Some((name, "")) = name.lines().next().and_then(|line| line.split_once(';')) else {
                continue;
            };
            let path = format!("{parent}::{name}")
                .trim_start_matches(':')
                .to_string();
            let mut names = vec![path.clone()];
            let mut is_needed_here = false;
            for (user, code) in &own {
                let user = user.trim_start_matches("src/").replace('/', "::");
                if user == path {
                    // Macros are named at the crate's root.
                    let macros = code.split("macro_rules! ").skip(1);
                    names.extend(macros.filter_map(|rest| Some(rest.split_once(' ')?.0.into())));
                } else if !is_listed(&user) && code.contains(&format!("{name}::")) {
                    is_needed_here = true;
                }
            }
            let in_use = is_needed_here || names.iter().any(|name| is_named(name, &others));
            assert!(in_use || is_listed(&path), "{path} has no user");
            modules += 1;
        }
    }
    assert!(modules > 40, "{modules} modules");
}
