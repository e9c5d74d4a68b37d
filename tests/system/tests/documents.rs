//! What the documents link to and the files that they name are there; code in guides is the repository's.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the repository, by which a name in backticks is known to be a path.
const FOLDERS: [&str; 17] = [
    "apps/",
    "arch/",
    "audit/",
    "boards/",
    "capsules/",
    "chips/",
    "docs/",
    "drivers/",
    "emulator/",
    "kernel/",
    "libraries/",
    "libtock/",
    "manifest/",
    "scripts/",
    "testing/",
    "tests/",
    "xtask/",
];

/// The root of the repository, wherever it was copied to since the test was built.
fn root() -> PathBuf {
    let start = std::env::current_dir().expect("a current folder");
    let is_root = |folder: &&Path| folder.join("docs/SUMMARY.md").exists();
    let found = start.ancestors().find(is_root);
    found.expect("run within the repository").to_path_buf()
}

/// The Markdown files of the root and of docs/.
fn documents(root: &Path) -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/guides", "docs/syscalls"];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("a folder of documents"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    found.sort();
    found
}

/// Markdown without its blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// Targets of relative links, without the place within the page.
fn links(text: &str) -> Vec<&str> {
    let ends = text.split("](").skip(1);
    ends.filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

/// Paths in backticks; those with a placeholder in capitals stand for many.
fn named(text: &str) -> Vec<&str> {
    let spans = text.split('`').skip(1).step_by(2);
    let is_path = |span: &&str| FOLDERS.iter().any(|folder| span.starts_with(folder));
    let is_one = |span: &&str| {
        let mut parts = span.split(['/', '-']);
        let plain = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
        span.chars().all(plain)
            && !parts.any(|part| part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase()))
    };
    spans.filter(is_path).filter(is_one).collect()
}

#[test]
fn what_documents_link_to_is_there() {
    let root = root();
    let mut missing = Vec::new();
    for document in documents(&root) {
        let text = prose(&fs::read_to_string(&document).expect("a document"));
        let folder = document.parent().expect("a folder");
        let gone = links(&text)
            .into_iter()
            .filter(|link| !folder.join(link).exists());
        missing.extend(gone.map(|link| format!("{}: {link}", document.display())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn files_that_documents_name_are_there() {
    let root = root();
    let mut missing = Vec::new();
    for document in documents(&root) {
        let text = prose(&fs::read_to_string(&document).expect("a document"));
        let gone = named(&text)
            .into_iter()
            .filter(|path| !root.join(path).exists());
        missing.extend(gone.map(|path| format!("{}: {path}", document.display())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_page_is_in_the_book() {
    let root = root();
    let summary = fs::read_to_string(root.join("docs/SUMMARY.md")).expect("the summary");
    let listed = links(&summary);
    let docs = root.join("docs");
    for document in documents(&root) {
        let Ok(page) = document.strip_prefix(&docs) else {
            continue;
        };
        let page = page.to_str().expect("a name in UTF-8");
        assert!(page == "SUMMARY.md" || listed.contains(&page), "{page}");
    }
}

/// The text of a file of the repository.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file")
}

/// The blocks of code that are marked with this word.
fn blocks<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let fenced = text.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.split_once('\n'))
        .filter(|(marked, _)| *marked == mark)
        .map(|(_, code)| code)
        .collect()
}

/// The lines of a text without their indentation.
fn lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    format!("\n{}\n", lines.join("\n"))
}

/// The files that the guide to a capsule changes, or shows whole.
const CAPSULE: [&str; 10] = [
    "boards/nrf52840-meter/meter.toml",
    "boards/nrf52840-meter/src/wiring/mod.rs",
    "capsules/core/src/lib.rs",
    "capsules/core/src/temperature.rs",
    "capsules/support/tests/upstream_kernel.rs",
    "docs/isolation.md",
    "drivers/src/lib.rs",
    "drivers/src/temperature.rs",
    "drivers/tests/numbers.rs",
    "libtock/examples/temperature.rs",
];

/// Definition, capsule, test and the app's library are shown as they are; of the app's
/// `main` there is no other copy.
#[test]
fn the_guide_to_a_capsule_shows_the_thermometer_as_it_is() {
    let guide = read("docs/guides/write-a-capsule.md");
    let files: Vec<String> = CAPSULE.iter().map(|path| lines(&read(path))).collect();
    let is_theirs = |code: &str| files.iter().any(|file| file.contains(&lines(code)));

    let shown = blocks(&guide, "rust,ignore");
    let (main, theirs): (Vec<&str>, Vec<&str>) = shown
        .into_iter()
        .partition(|code| code.contains("fn main()"));
    assert_eq!((main.len(), theirs.len()), (1, 4));
    for code in theirs {
        assert!(is_theirs(code), "{code}");
    }
    let changes = blocks(&guide, "diff");
    assert!(changes.len() > 8);
    for change in changes {
        let added = change.lines().filter_map(|line| line.strip_prefix('+'));
        for line in added {
            assert!(is_theirs(line), "{line}");
        }
    }
}

/// The guide makes an app `lamp` of what `apps/blink` is.
#[test]
fn the_guide_to_an_app_shows_blink_as_it_is() {
    let guide = read("docs/guides/write-an-app.md");
    for file in ["Cargo.toml", "build.rs", "src/main.rs"] {
        let text = read(&format!("apps/blink/{file}")).replace("blink", "lamp");
        assert!(guide.contains(&format!("\n{text}```")), "{file}:\n{text}");
    }
}
