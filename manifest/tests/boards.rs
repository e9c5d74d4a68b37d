//! Every board's manifest is sound.

use std::fs;
use std::path::{Path, PathBuf};

use manifest::{checkout, Manifest};

/// What a board's manifest may be called.
const NAMES: [&str; 2] = ["meter.toml", "board.toml"];

/// Boards of the checkout, and what lies in each: packages that a build script links.
fn boards() -> Vec<PathBuf> {
    let root = checkout::root().expect("tests run in the checkout");
    let entries = fs::read_dir(root.join("boards")).expect("the folder of boards");
    let folders = entries.map(|entry| entry.expect("an entry").path());
    let mut boards: Vec<_> = folders
        .filter(|folder| folder.join("build.rs").is_file())
        .collect();
    boards.sort();
    boards
}

fn manifests(board: &Path) -> Vec<PathBuf> {
    let paths = NAMES.map(|name| board.join(name));
    paths.into_iter().filter(|path| path.is_file()).collect()
}

#[test]
fn every_board_has_one_manifest_which_loads_and_names_its_package() {
    let boards = boards();
    assert!(boards.len() >= 2, "{boards:?}");
    for board in boards {
        let [manifest] = &manifests(&board)[..] else {
            panic!("{} has one of {NAMES:?}", board.display());
        };
        let manifest = Manifest::load(manifest).unwrap_or_else(|error| panic!("{error}"));
        let folder = board.file_name().expect("a folder has a name");
        assert_eq!(*manifest.board.package, *folder);
    }
}

#[test]
fn no_manifest_lies_where_no_board_is_linked_by_it() {
    let root = checkout::root().expect("tests run in the checkout");
    for entry in fs::read_dir(root.join("boards")).expect("the folder of boards") {
        let folder = entry.expect("an entry").path();
        let linked = boards().contains(&folder);
        assert!(
            linked || manifests(&folder).is_empty(),
            "{}",
            folder.display()
        );
    }
}
