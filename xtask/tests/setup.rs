//! scripts/setup: what it says when it cannot begin, and that two do not meet.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A checkout that holds the script alone, and a PATH with a few programs.
struct Trial(PathBuf);

impl Trial {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("setup-{name}-{}", std::process::id()));
        for folder in ["scripts", "bin", "home"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
        let script = Path::new(&here).join("../scripts/setup");
        fs::copy(script, root.join("scripts/setup")).expect("the script");
        for program in ["bash", "dirname", "mkdir", "flock", "cat", "env"] {
            let found = ["/usr/bin", "/bin"]
                .map(|folder| Path::new(folder).join(program))
                .into_iter()
                .find(|path| path.exists())
                .expect(program);
            symlink(found, root.join("bin").join(program)).expect("a link");
        }
        Trial(root)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.0.join("bin/bash"));
        command
            .arg(self.0.join("scripts/setup"))
            .env_clear()
            .env("PATH", self.0.join("bin"))
            .env("HOME", self.0.join("home"));
        command
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // Left over at worst.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_missing_cargo_is_named_and_nothing_is_remembered() {
    let trial = Trial::new("no-cargo");
    let said = || {
        let output = trial.command().arg("run").output().expect("it starts");
        assert_eq!(output.status.code(), Some(1));
        assert!(!trial.0.join(".tools").exists(), "nothing is remembered");
        String::from_utf8(output.stderr).expect("text")
    };
    let nowhere = said();
    assert!(nowhere.contains("cargo is not on PATH"), "{nowhere}");
    assert!(nowhere.contains("https://rustup.rs"), "{nowhere}");
    assert!(!nowhere.contains("rustc-web"), "{nowhere}");
    let cargo = trial.0.join("home/.cargo/bin");
    fs::create_dir_all(&cargo).expect("a folder");
    symlink(trial.0.join("bin/cat"), cargo.join("cargo")).expect("a link");
    let elsewhere = said();
    assert!(
        elsewhere.contains("home/.cargo/bin: put that on PATH"),
        "{elsewhere}"
    );
}

#[test]
fn a_second_set_up_waits_for_the_first() {
    let trial = Trial::new("second");
    symlink(trial.0.join("bin/cat"), trial.0.join("bin/cargo")).expect("a link");
    fs::create_dir(trial.0.join(".tools")).expect("a folder");
    let first = File::create(trial.0.join(".tools/lock")).expect("a file");
    first.lock().expect("the first one has it");
    let mut second = trial
        .command()
        .arg("nothing")
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(second.stderr.take().expect("piped")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    assert!(line().contains("another set-up is at work"));
    assert_eq!(second.try_wait().expect("its own child"), None, "it waits");
    first.unlock().expect("the first one ends");
    assert!(line().contains("usage"));
    assert_eq!(second.wait().expect("it ends").code(), Some(2));
}
