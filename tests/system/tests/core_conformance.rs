//! The bare-metal firmware of `tests/core-conformance` in the emulator and in
//! QEMU: every check, and every difference, is as docs/core-conformance.md
//! says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use audit::specimen::artifacts::{built, project};
use emulator::image::Image;
use emulator::{Config, Machine, Stop};

/// Where the firmware keeps its log, its first word, and how much it holds.
const LOG: u32 = 0x2000_8000;
const LOG_MAGIC: u32 = 0x474F_4C43;
const LOG_CAPACITY: usize = 24 * 1024;

/// One result: PASS or not, and the value that was measured.
type Results = BTreeMap<String, (bool, String)>;

fn firmware(name: &str) -> PathBuf {
    let path = built(&format!("{name}.elf"));
    assert!(
        path.exists(),
        "{name}.elf is not there: `make image` builds it"
    );
    path
}

/// Reads the lines of a run, which must be complete.
fn parse(text: &str) -> Results {
    let mut results = Results::new();
    let mut done = None;
    for line in text.lines() {
        if let Some(count) = line.strip_prefix("done ") {
            done = Some(count.parse::<usize>().expect("a number behind done"));
            continue;
        }
        let Some(rest) = line.strip_prefix("check ") else {
            panic!("not a result: {line:?}");
        };
        let (name, rest) = rest.split_once(": ").expect("a name and a verdict");
        let (verdict, value) = rest.split_once(" value=").expect("a verdict and a value");
        let before = results.insert(name.to_string(), (verdict == "PASS", value.to_string()));
        assert!(before.is_none(), "two checks are called {name}");
    }
    assert_eq!(
        done,
        Some(results.len()),
        "the run is not complete:\n{text}"
    );
    results
}

fn run_in_emulator(name: &str) -> Results {
    let bytes = std::fs::read(firmware(name)).expect("the firmware is readable");
    let image = Image::parse(&bytes).expect("the firmware is an image");
    let mut machine = Machine::new(&image, Config::default()).expect("a machine");
    let stop = machine.run_until(Duration::from_secs(60), |machine| {
        let text = log(machine);
        text.lines()
            .last()
            .is_some_and(|line| line.starts_with("done "))
            && text.ends_with('\n')
    });
    let text = log(&mut machine);
    assert_eq!(stop, Stop::Found, "the firmware did not end:\n{text}");
    parse(&text)
}

fn log(machine: &mut Machine) -> String {
    let word = |machine: &mut Machine, address| {
        let bytes = machine.read_memory(address, 4).expect("RAM");
        u32::from_le_bytes(bytes.try_into().expect("four bytes"))
    };
    if word(machine, LOG) != LOG_MAGIC {
        return String::new();
    }
    let length = (word(machine, LOG + 4) as usize).min(LOG_CAPACITY);
    let text = machine.read_memory(LOG + 8, length).expect("RAM");
    String::from_utf8_lossy(&text).into_owned()
}

fn run_in_qemu(name: &str) -> Results {
    // One instruction takes 32 ns, the SysTick's count 40 ns: every count
    // falls on another instruction. The loader promises semihosting.
    let child = Command::new("timeout")
        .args(["120", "qemu-system-arm", "-M", "mps2-an386"])
        .args(["-display", "none", "-serial", "none", "-monitor", "none"])
        .args(["-icount", "shift=5"])
        .args(["-chardev", "stdio,id=text"])
        .args([
            "-semihosting-config",
            "enable=on,target=native,chardev=text",
        ])
        .args([
            "-device",
            "loader,addr=0x2000F000,data=0x5E314057,data-len=4",
        ])
        .arg("-kernel")
        .arg(firmware(name))
        .stdin(Stdio::null())
        .output()
        .expect("qemu-system-arm starts (Debian package qemu-system-arm)");
    let text = String::from_utf8_lossy(&child.stdout).replace('\r', "");
    assert!(
        child.status.success(),
        "QEMU ended with {}:\n{text}{}",
        child.status,
        String::from_utf8_lossy(&child.stderr)
    );
    parse(&text)
}

/// A row of the table of differences.
struct Difference {
    check: String,
    emulator: String,
    qemu: String,
}

/// The rows of the table under "Differences" in docs/core-conformance.md.
fn documented() -> Vec<Difference> {
    let text = std::fs::read_to_string(project().join("docs/core-conformance.md"))
        .expect("docs/core-conformance.md");
    let (_, section) = text.split_once("## Differences").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [check, emulator, qemu, reason] = cells[..] else {
                panic!("not four cells: {line}");
            };
            assert!(!reason.is_empty(), "{check} has no reason");
            Difference {
                check: check.trim_matches('`').to_string(),
                emulator: emulator.to_string(),
                qemu: qemu.to_string(),
            }
        })
        .collect()
}

/// `PASS` or `FAIL` with the value.
fn cell((pass, value): &(bool, String)) -> String {
    format!("{} {value}", if *pass { "PASS" } else { "FAIL" })
}

#[test]
fn every_difference_between_emulator_and_qemu_is_documented() {
    let emulator = run_in_emulator("core-conformance");
    let qemu = run_in_qemu("core-conformance");
    let names: Vec<_> = emulator.keys().collect();
    assert_eq!(names, qemu.keys().collect::<Vec<_>>());

    // A check that fails on either, or that measures another value.
    let mut found = String::new();
    for (name, here) in &emulator {
        let there = &qemu[name];
        if !here.0 || here != there {
            found += &format!("{name} | {} | {}\n", cell(here), cell(there));
        }
    }
    let mut expected: Vec<_> = documented()
        .into_iter()
        .map(|row| format!("{} | {} | {}\n", row.check, row.emulator, row.qemu))
        .collect();
    expected.sort();
    assert_eq!(
        found,
        expected.concat(),
        "left: measured; right: documented"
    );
}

#[test]
fn hostile_processes_are_contained_in_the_emulator() {
    assert_all_pass(&run_in_emulator("crossing"));
}

#[test]
fn hostile_processes_are_contained_in_qemu() {
    assert_all_pass(&run_in_qemu("crossing"));
}

fn assert_all_pass(results: &Results) {
    let failed: Vec<_> = results.iter().filter(|(_, result)| !result.0).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(results.len() >= 36, "only {} checks", results.len());
}
