//! tockloader lists, installs and removes apps on the flash image, and what it leaves boots.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use emulator::report::crash_log;
use system_tests::firmware::{built, manifest, project};
use system_tests::meter;

fn tockloader(command: &str, image: &Path, rest: &[&str]) -> String {
    let manifest = manifest();
    let output = Command::new(project().join(".venv/bin/tockloader"))
        .arg(command)
        .arg("--flash-file")
        .arg(image)
        .args(["--board", &manifest.board.name])
        .args(["--arch", &manifest.board.architecture])
        .args([
            "--app-address",
            &format!("{:#x}", manifest.flash.apps.start),
        ])
        .args(["--page-size", "4096"])
        .args(rest)
        .output()
        .expect("tockloader is in the project's environment");
    assert!(
        output.status.success(),
        "tockloader {command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The kernel of bring-up, because it is to run a program that nobody has signed.
fn copy_of_the_meter(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::copy(built("bring-up/meter.img"), &path).expect("cargo's folder for tests takes files");
    path
}

/// Names of the processes two seconds after a boot from this image.
fn processes(image: &Path) -> Vec<String> {
    let flash = fs::read(image).expect("the image");
    let mut machine = meter::boot(&flash, "sine:230V,1A,pf1,50Hz", 1);
    machine.run_for(Duration::from_secs(2));
    crash_log::read(&mut machine)
        .expect("a process table")
        .processes
        .into_iter()
        .map(|process| process.name)
        .collect()
}

#[test]
fn apps_are_listed_installed_and_removed() {
    let image = copy_of_the_meter("tockloader.img");
    let listing = tockloader("list", &image, &[]);
    assert!(listing.contains("metering"), "{listing}");
    assert!(!listing.contains("bench-app"), "{listing}");
    assert_eq!(processes(&image), ["metering"]);

    let tab = built("bench-app-dlms.tab");
    tockloader("install", &image, &[tab.to_str().expect("a plain path")]);
    let listing = tockloader("list", &image, &[]);
    assert!(
        listing.contains("metering") && listing.contains("bench-app"),
        "{listing}"
    );
    assert_eq!(processes(&image), ["metering", "bench-app"]);

    tockloader("uninstall", &image, &["bench-app"]);
    let listing = tockloader("list", &image, &[]);
    assert!(
        listing.contains("metering") && !listing.contains("bench-app"),
        "{listing}"
    );
    assert_eq!(processes(&image), ["metering"]);
}

#[test]
fn the_kernel_tells_tockloader_what_it_is() {
    let image = copy_of_the_meter("attributes.img");
    let flash = fs::read(&image).expect("the image");
    let end = manifest().flash.kernel.end() as usize;
    assert_eq!(&flash[end - 4..end], b"TOCK");
    let word = |offset: usize| {
        u32::from_le_bytes(
            flash[end - offset..end - offset + 4]
                .try_into()
                .expect("four bytes"),
        )
    };
    // Backwards: sentinel, version, then the app memory's type, length and value.
    assert_eq!(word(8), 0x0100_0000);
    assert_eq!(word(12), 0x0008_0101);
    assert_eq!(word(20), manifest().ram.apps.start);
    assert_eq!(word(16), manifest().ram.apps.size);
}
