//! Apps that are unsigned, altered, wrongly signed or in the wrong place do not run; the meter measures on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use board_manifest::generate::elf2tab_arguments;
use emulator::report::crash_log::{self, Process};
use p256::pkcs8::EncodePrivateKey;
use p256::SecretKey;
use system_tests::firmware::{built, manifest, project, read_built, Firmware};
use system_tests::meter;

const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";

/// The development signer's private key, which `make image` has made.
fn development_key() -> PathBuf {
    project()
        .join(&manifest().signers[0].public_key)
        .with_extension("p8")
}

/// A key that the meter does not know.
fn strangers_key(folder: &Path) -> PathBuf {
    let path = folder.join("stranger.p8");
    let secret = SecretKey::from_slice(&[0x42; 32]).expect("a number below n");
    let pair = secret.to_pkcs8_der().expect("it can be encoded");
    fs::write(&path, pair.as_bytes()).expect("cargo's folder for tests takes files");
    path
}

/// The test program for the slot `slot`, packed as the app `identity` and signed.
fn signed(slot: &str, identity: &str, key: impl Fn(&Path) -> PathBuf, name: &str) -> Vec<u8> {
    signed_version(slot, identity, 1, key, name)
}

/// As [`signed`], in this version.
fn signed_version(
    slot: &str,
    identity: &str,
    version: u32,
    key: impl Fn(&Path) -> PathBuf,
    name: &str,
) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("cargo's folder for tests takes files");
    let elf = folder.join("app.elf");
    fs::copy(built(&format!("attacker-{slot}.elf")), &elf).expect("`make image` leaves it");
    let manifest = manifest();
    let app = manifest.app(identity).expect("an app of meter.toml");
    let output = Command::new(project().join(".tools/bin/elf2tab"))
        .args(elf2tab_arguments(&manifest, app))
        .args(["--app-version", &version.to_string()])
        .arg("--ecdsa-nist-p256-private")
        .arg(key(&folder))
        .arg("--output-file")
        .arg(folder.join("app.tab"))
        .arg(format!("{},{}", elf.display(), manifest.board.architecture))
        .output()
        .expect("elf2tab is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::read(folder.join("app.tbf")).expect("elf2tab leaves it")
}

/// Boots and looks at the process table after three seconds; metering must run.
fn table(firmware: &Firmware) -> Vec<Process> {
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    machine.run_for(Duration::from_secs(3));
    let processes = crash_log::read(&mut machine)
        .expect("a process table")
        .processes;
    let metering = find(&processes, "metering");
    assert_eq!((metering.faults, metering.restarts), (0, 0));
    let reading = meter::last_reading(&machine);
    assert!((850.0..950.0).contains(&reading["W"]), "{reading:?}");
    assert_eq!(reading["lost"], 0.0);
    let statistics = machine.statistics();
    assert_eq!(statistics.samples_lost + statistics.samples_overwritten, 0);
    assert_eq!(statistics.resets[1..].iter().sum::<u64>(), 0);
    processes
}

fn find<'a>(processes: &'a [Process], name: &str) -> &'a Process {
    processes
        .iter()
        .find(|process| process.name == name)
        .unwrap_or_else(|| panic!("{name} is not in the table"))
}

fn assert_refused(processes: &[Process], name: &str, why: &str, slot: &str) {
    let entry = find(processes, name);
    let start = manifest().app(slot).expect("a slot").flash.start;
    assert_eq!(entry.state, format!("refused: {why}"));
    assert_eq!(entry.flash_start, start);
    assert_eq!(
        (entry.ram_start, entry.system_calls),
        (0, 0),
        "it never ran"
    );
}

#[test]
fn a_signed_app_runs_and_an_unsigned_one_does_not() {
    let good = signed("dlms", "dlms", |_| development_key(), "signed");
    let firmware = Firmware::meter()
        .with_object("dlms", &good)
        .with_object("update", &read_built("attacker-update.tbf"));
    let processes = table(&firmware);
    let dlms = find(&processes, "dlms");
    assert!(!dlms.state.starts_with("refused"), "{}", dlms.state);
    assert!(dlms.system_calls > 0, "it has run");
    assert_eq!(dlms.short_id, 3);
    assert_refused(&processes, "attacker", "unsigned", "update");
}

#[test]
fn altered_and_wrongly_signed_apps_do_not_run() {
    let mut altered = signed("dlms", "dlms", |_| development_key(), "altered");
    let code = altered.len() / 4;
    altered[code] ^= 1;
    let stranger = signed("update", "update", strangers_key, "stranger");
    let firmware = Firmware::meter()
        .with_object("dlms", &altered)
        .with_object("update", &stranger);
    let processes = table(&firmware);
    assert_refused(&processes, "dlms", "wrong signature", "dlms");
    assert_refused(&processes, "update", "wrong signature", "update");
}

#[test]
fn an_app_in_the_slot_of_another_does_not_run() {
    let misplaced = signed("dlms", "tls", |_| development_key(), "misplaced");
    let firmware = Firmware::meter().with_object("dlms", &misplaced);
    assert_refused(&table(&firmware), "tls", "wrong place", "dlms");
}

/// The version that ran is kept in the key store, over a loss of power and over
/// the flash of an older object.
#[test]
fn an_older_version_than_the_one_that_ran_does_not_run() {
    let version = |number| {
        let name = format!("version-{number}");
        signed_version("dlms", "dlms", number, |_| development_key(), &name)
    };
    let mut machine = meter::boot(
        Firmware::meter().with_object("dlms", &version(5)).bytes(),
        LOAD,
        1,
    );
    machine.run_for(Duration::from_secs(3));
    let flash = machine.flash().to_vec();
    for (number, runs) in [(5, true), (4, false), (6, true)] {
        let firmware = Firmware::meter()
            .with_data_of(&flash)
            .with_object("dlms", &version(number));
        let processes = table(&firmware);
        if runs {
            assert!(find(&processes, "dlms").system_calls > 0, "{number}");
        } else {
            assert_refused(&processes, "dlms", "old version", "dlms");
        }
    }
}

/// Without a root of trust apps run, metering above all; so code is locked there too.
#[test]
fn code_is_locked_although_the_device_secret_is_damaged() {
    /// Registers of the access control list: address, size and permission.
    const LOCKS: u32 = 0x4001_E800;
    const FORBID_WRITE: u32 = 1 << 1;
    const FORBID_BOTH: u32 = 3 << 1;
    let flash = manifest().flash;
    let mut bytes = Firmware::meter().bytes().to_vec();
    // A secret whose check is wrong, behind it the mark that it is whole.
    let secret = flash.device_secret.start as usize;
    bytes[secret..secret + 36].fill(0x11);
    bytes[secret + 36..secret + 40].copy_from_slice(&0x5EC2_E700_u32.to_le_bytes());
    let mut machine = meter::boot(&bytes, LOAD, 1);
    machine.run_for(Duration::from_secs(3));
    let locks: Vec<[u32; 3]> = (0..8)
        .map(|region| {
            [0, 4, 8].map(|word| machine.read_word(LOCKS + 16 * region + word).expect("ACL"))
        })
        .collect();
    let locked = |page: u32, what: u32| {
        let mut locks = locks.iter();
        locks.any(|[start, size, forbidden]| {
            forbidden & what == what && (*start..start + size).contains(&page)
        })
    };
    for region in [flash.kernel, flash.apps] {
        for page in (region.start..region.start + region.size).step_by(0x1000) {
            assert!(locked(page, FORBID_WRITE), "{page:#x} of {locks:x?}");
        }
    }
    assert!(locked(flash.device_secret.start, FORBID_BOTH));
    assert!(!meter::readings(&machine).is_empty(), "it measures");
    assert_eq!(
        machine.flash()[secret..secret + 36],
        [0x11; 36],
        "as it was"
    );
}

/// The kernel of bring-up lets guests run, but gives them nobody's identity.
#[test]
fn guests_of_bring_up_are_no_apps() {
    let stranger = signed("update", "update", strangers_key, "guest");
    let firmware = Firmware::bring_up()
        .with_object("dlms", &read_built("attacker-dlms.tbf"))
        .with_object("update", &stranger);
    let processes = table(&firmware);
    for name in ["attacker", "update"] {
        let guest = find(&processes, name);
        assert!(!guest.state.starts_with("refused"), "{}", guest.state);
        assert_eq!(guest.short_id, 0, "locally unique");
    }
    assert_eq!(find(&processes, "metering").short_id, 2);
}
