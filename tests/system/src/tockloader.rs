//! tockloader on a copy of the image of bring-up, as a person uses it, and what then runs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use audit::specimen::artifacts::{built, manifest, project};
use audit::specimen::meter;
use emulator::report::crash_log::{self, Process};
use emulator::Machine;

use crate::scratch;

/// A flash image that tockloader works on.
pub struct Installation {
    image: PathBuf,
    app_address: u32,
}

impl Installation {
    /// Copies the bring-up image, which also runs programs that nobody has signed,
    /// into a file of this name for tests.
    ///
    /// # Panics
    /// When there is no image, or the folder takes no files.
    pub fn new(name: &str) -> Self {
        let image = scratch::file(name);
        fs::copy(built("bring-up/meter.img"), &image).expect("cargo's folder takes files");
        Self {
            image,
            app_address: manifest().flash.apps.start,
        }
    }

    /// Returns the same image, whose list of apps tockloader shall look for here.
    #[must_use]
    pub fn with_apps_at(self, app_address: u32) -> Self {
        Self {
            app_address,
            ..self
        }
    }

    /// Runs a command, and returns whether it succeeded and what it printed.
    ///
    /// # Panics
    /// When the project's environment has no tockloader.
    pub fn try_run(&self, command: &str, rest: &[&str]) -> (bool, String) {
        let board = manifest().board;
        let output = Command::new(project().join(".venv/bin/tockloader"))
            .arg(command)
            .arg("--flash-file")
            .arg(&self.image)
            .args(["--board", &board.name])
            .args(["--arch", &board.architecture])
            .args(["--app-address", &format!("{:#x}", self.app_address)])
            .args(["--page-size", "4096"])
            .args(rest)
            .output()
            .expect("tockloader is in the project's environment");
        let printed = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&printed).into_owned(),
        )
    }

    /// Runs a command that must succeed; returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, command: &str, rest: &[&str]) -> String {
        let (succeeded, printed) = self.try_run(command, rest);
        assert!(succeeded, "tockloader {command}: {printed}");
        printed
    }

    /// Installs a TAB that `make image` built.
    ///
    /// # Panics
    /// When tockloader does not.
    pub fn install(&self, tab: &str) {
        let tab = built(tab);
        self.run("install", &[tab.to_str().expect("a plain path")]);
    }

    /// Returns the bytes of the image.
    ///
    /// # Panics
    /// When the file is gone.
    pub fn flash(&self) -> Vec<u8> {
        fs::read(&self.image).expect("the image")
    }

    /// Returns a machine that ran from this image for two seconds.
    pub fn boot(&self) -> Machine {
        boot(&self.flash())
    }

    /// Returns the process table after two seconds.
    pub fn processes(&self) -> Vec<Process> {
        processes(&mut self.boot())
    }
}

/// Returns a machine that ran from this flash for two seconds.
pub fn boot(flash: &[u8]) -> Machine {
    let mut machine = meter::boot(flash, "sine:230V,1A,pf1,50Hz", 1);
    machine.run_for(Duration::from_secs(2));
    machine
}

/// Returns the process table.
///
/// # Panics
/// When there is none.
pub fn processes(machine: &mut Machine) -> Vec<Process> {
    crash_log::read(machine).expect("a process table").processes
}
