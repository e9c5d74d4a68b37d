//! A program that was built in one checkout and runs in another works on the other.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifest::checkout::{self, METER};

const DOCUMENT: &str = "docs/isolation.md";

/// A checkout with a meter.toml of its own, in which an app has another name.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let root = env::temp_dir().join(format!("checkout-{name}-{}", std::process::id()));
        for folder in ["boards/nrf52840-meter", "manifest", "docs"] {
            fs::create_dir_all(root.join(folder)).expect("the folder for tests takes files");
        }
        let meter = fs::read_to_string(here().join(METER)).expect("meter.toml");
        let meter = meter.replace("\"dlms\"", "\"display\"");
        fs::write(root.join(METER), meter).expect("a file");
        Self(root)
    }

    /// Runs the program that renews the document, as it was built here.
    fn renew(&self, folder: &Path, package: Option<&Path>) {
        let mut policy = Command::new(program("policy"));
        policy.current_dir(folder).env_remove("CARGO_MANIFEST_DIR");
        if let Some(package) = package {
            policy.env("CARGO_MANIFEST_DIR", package);
        }
        let output = policy.output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    fn document(&self) -> String {
        fs::read_to_string(self.0.join(DOCUMENT)).expect("the document is there")
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // The folder for tests may be cleared by someone else; nothing hangs on it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn here() -> PathBuf {
    checkout::root().expect("tests run in the checkout")
}

/// A program of this package, which cargo builds beside the folder of its tests.
fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    let folder = test.parent().and_then(Path::parent);
    folder.expect("cargo's folders").join(name)
}

#[test]
fn the_checkout_of_the_current_directory_is_worked_on() {
    let copy = Copy::new("directory");
    let before = fs::read_to_string(here().join(DOCUMENT)).expect("the document");
    copy.renew(&copy.0.join("docs"), None);
    assert!(copy.document().contains("| display |"));
    let after = fs::read_to_string(here().join(DOCUMENT)).expect("the document");
    assert_eq!(before, after, "that of this checkout is left alone");
}

#[test]
fn the_checkout_of_the_package_that_cargo_runs_comes_first() {
    let copy = Copy::new("package");
    copy.renew(&here(), Some(&copy.0.join("manifest")));
    assert!(copy.document().contains("| display |"));
}

#[test]
fn outside_of_a_checkout_it_is_said_where_it_was_looked_for() {
    let mut policy = Command::new(program("policy"));
    let nowhere = env::temp_dir();
    policy
        .current_dir(&nowhere)
        .env_remove("CARGO_MANIFEST_DIR");
    let output = policy.output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(METER), "{said}");
}
