//! What is malformed, cut short or taken away: one line that says where, the
//! right exit code, and the meter's state kept.

mod support;

use reasons::Reason;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::process::Stdio;
use support::program::{code, emulator, ends, firmware, interrupt, report, start, text, Directory};

/// One line on standard error, the exit code, and no word of a panic.
fn fails(arguments: &[&str], reason: Reason, said: &str) {
    let output = emulator(&[arguments, &["--discard", "--quiet"]].concat());
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), Some(reason), "{arguments:?}: {message}");
    assert_eq!(message.trim_end().lines().count(), 1, "{message}");
    assert!(message.contains(said), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty());
}

/// What was given is malformed.
fn refused(arguments: &[&str], said: &str) {
    fails(arguments, Reason::Malformed, said);
}

#[test]
fn images_that_are_none() {
    let directory = Directory::new("images");
    let large = directory.file("large.bin", &vec![0; (1 << 20) + 1]);
    let short = directory.file("short.bin", &[0; 7]);
    let hex = directory.file("image.hex", b":020000040000FA\n:00000001FF\n");
    refused(&[text(&large)], "offset 0x100000");
    refused(&[text(&short)], "offset 0x7");
    refused(&[text(&hex)], "Intel HEX");
    fails(&[text(&directory.0)], Reason::Unreadable, "directory");
    let good = directory.file("good.bin", &firmware());
    refused(
        &[text(&good), "--elf", text(&good)],
        "offset 0x0: not an ELF file",
    );
    directory.file("good.bin.uicr", &[0xFF; 4097]);
    refused(&[text(&good)], "good.bin.uicr: at offset 0x1000");
    fs::remove_file(directory.0.join("good.bin.uicr")).expect("removed");
    let nor = directory.file("large.nor", &vec![0xFF; (8 << 20) + 1]);
    refused(&[text(&good), "--nor", text(&nor)], "offset 0x800000");
}

#[test]
fn recordings_that_are_none() {
    let directory = Directory::new("recordings");
    let image = directory.file("good.bin", &firmware());
    let cases: [(&[u8], &str); 12] = [
        (b"", ":1: no rows"),
        (b"time,volts,amperes\n", ":1: no rows"),
        (b"0,1,2\n", ":1: a recording needs two rows"),
        (b"0,1,2\r\n\r\n0,1,2\r\n", ":3: the time does not grow"),
        (b"0,1,2\n1e-10,1,2\n", ":2: the time grows by less"),
        (b"0,1,2\n1,nan,2\n", ":2: `nan` is no number of volts"),
        (b"0,1,2\n1,2,inf\n", ":2: `inf` is no number of amperes"),
        (
            b"t;u;i\n0;1;2\n",
            ":1: `t;u;i` is no number of seconds (fields",
        ),
        (b"0,1,2\n1,2\n", ":2: expected three fields"),
        (b"0,1,2\n1,2,3,4\n", ":2: more than three fields"),
        (b"\xFF\xFE0\0,\0", ":1: not UTF-8"),
        (
            b"0,1,2\n\0\x1B[2J,1,2\n",
            ":2: `\\0\\u{1b}[2J` is no number",
        ),
    ];
    for (index, (content, said)) in cases.into_iter().enumerate() {
        let file = directory.file(&format!("{index}.csv"), content);
        refused(&[text(&image), "--recording", text(&file)], said);
    }
    let mains = [text(&image), "--mains", text(&directory.0)];
    fails(&mains, Reason::Unreadable, "directory");
    for (spec, column) in [
        ("sine:5A,pf0.8x", "column 9: `pf0.8x`"),
        ("sine:nanV", "column 6"),
        ("sine:230V,5A,h101:1%", "column 14"),
        ("sine:230V,5A,5A", "column 14"),
    ] {
        refused(&[text(&image), "--mains", spec], column);
    }
}

#[test]
fn a_byte_order_mark_blank_lines_and_one_row_a_second_are_fine() {
    let directory = Directory::new("odd");
    let image = directory.file("good.bin", &firmware());
    let file = directory.file(
        "odd.csv",
        b"\xEF\xBB\xBFt,u,i\r\n\r\n5,230,1\r\n\r\n6,230,1",
    );
    let output = emulator(&[text(&image), "--mains", text(&file), "--for", "5ms"]);
    assert!(output.status.success());
}

#[test]
fn states_damaged_anywhere_are_refused() {
    let directory = Directory::new("states");
    let image = directory.file("good.bin", &firmware());
    let state = directory.0.join("state");
    let common = [text(&image), "--discard", "--quiet", "--uart0", "none"];
    let output = emulator(&[&common[..], &["--for", "5ms", "--save", text(&state)]].concat());
    assert!(output.status.success());
    let good = fs::read(&state).expect("saved");
    let restore = |bytes: &[u8], said: &str| {
        let file = directory.file("damaged", bytes);
        refused(&[text(&image), "--restore", text(&file)], said);
    };
    restore(&good[..7], "offset 0x0");
    restore(&good[..23], "offset 0x17");
    restore(&good[..24], "offset 0x10");
    restore(&good[..good.len() - 1], "offset 0x10");
    let with = |offset: usize| {
        let mut bytes = good.clone();
        bytes[offset] ^= 1;
        bytes
    };
    restore(&with(7), "offset 0x0");
    restore(&with(8), "offset 0x8: of another version");
    for offset in [16, 24, good.len() / 2, good.len() - 1] {
        restore(&with(offset), "damaged");
    }
}

#[test]
fn a_restored_run_ends_as_an_uninterrupted_one() {
    let directory = Directory::new("restored");
    let image = directory.file("good.bin", &firmware());
    let [whole, half, rest] = ["whole", "half", "rest"].map(|name| directory.0.join(name));
    let run = |more: &[&str]| {
        let common = [text(&image), "--discard", "--quiet", "--mains", "sine:5A"];
        assert!(emulator(&[&common[..], more].concat()).status.success());
    };
    run(&["--for", "20ms", "--save", text(&whole)]);
    run(&["--for", "7ms", "--save", text(&half)]);
    run(&[
        "--for",
        "13ms",
        "--restore",
        text(&half),
        "--save",
        text(&rest),
    ]);
    let [whole, rest] = [whole, rest].map(|path| fs::read(path).expect("saved"));
    assert!(whole == rest, "the states differ");
}

#[test]
fn options_that_make_no_sense() {
    let directory = Directory::new("options");
    let image = directory.file("good.bin", &firmware());
    for arguments in [
        ["--for", "nan"],
        ["--for", "1e30d"],
        ["--speed", "0"],
        ["--speed", "inf"],
        ["--cut-at", "flash:0"],
        ["--cut-at", "time:-5s"],
        ["--cut-at", "time:5x"],
        ["--skip", "0x60000000"],
        ["--trace", "8-4"],
        ["--stop-after", "-1"],
        ["--uart1", "tcp:65536"],
    ] {
        let output = emulator(&[&[text(&image)][..], &arguments].concat());
        assert_eq!(code(&output), Some(Reason::Usage), "{arguments:?}");
    }
    // What the host refuses is found before the run.
    for option in ["--json", "--save"] {
        let output = emulator(&[text(&image), option, "/nonexistent/file"]);
        assert_eq!(code(&output), Some(Reason::Unwritable), "{option}");
    }
    let output = emulator(&[text(&image), "--for", "1ms", "--cut-at", "flash:99"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("before the place of the power cut"));
}

#[test]
fn the_report_has_standard_output_for_itself() {
    let directory = Directory::new("report");
    let image = directory.file("good.bin", &firmware());
    let output = emulator(&[text(&image), "--for", "20ms", "--json", "-", "--quiet"]);
    assert_eq!(report(&output)["stop"], "time");
    assert_eq!(output.stderr, b"meter n=1 f=0x10\n");
}

#[test]
fn links_and_rights_of_the_image_stay() {
    let directory = Directory::new("links");
    let image = directory.file("real.bin", &firmware());
    fs::set_permissions(&image, fs::Permissions::from_mode(0o640)).expect("set");
    let link = directory.0.join("link.bin");
    symlink(&image, &link).expect("a link");
    assert!(emulator(&[text(&link), "--for", "20ms"]).status.success());
    assert!(link.is_symlink());
    assert_eq!(fs::read(&image).expect("there").len(), 0x8004);
    let mode = fs::metadata(&image).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_with_the_state_kept() {
    let directory = Directory::new("reader");
    let image = directory.file("good.bin", &firmware());
    let mut child = start(&[text(&image), "--for", "20ms"], Stdio::null());
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(ends(&mut child), Some(Reason::HostError.number().into()));
    assert_eq!(fs::read(&image).expect("there").len(), 0x8004);
}

#[test]
fn an_interrupt_keeps_the_state_and_says_so() {
    let directory = Directory::new("interrupt");
    let image = directory.file("good.bin", &firmware());
    let json = directory.0.join("report.json");
    for gdb in [&[][..], &["--gdb", "0"]] {
        let common = [text(&image), "--speed", "0.01", "--json", text(&json)];
        let mut child = start(&[&common[..], gdb].concat(), Stdio::null());
        // It has said something: it listens to signals.
        let mut first = [0];
        let said = if gdb.is_empty() {
            child.stdout.as_mut().expect("piped").read_exact(&mut first)
        } else {
            child.stderr.as_mut().expect("piped").read_exact(&mut first)
        };
        said.expect("a byte");
        interrupt(&child);
        assert_eq!(ends(&mut child), Some(0), "{gdb:?}");
        let report = fs::read(&json).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["stop"], "interrupted");
    }
    assert_eq!(fs::read(&image).expect("there").len(), 0x8004);
}

#[test]
fn input_without_end_is_taken_as_it_is_needed() {
    let directory = Directory::new("input");
    let image = directory.file("good.bin", &firmware());
    let mut child = start(&[text(&image), "--for", "30s", "--discard"], Stdio::piped());
    let mut input = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || {
        let piece = [b'x'; 65_536];
        (0u64..1 << 14)
            .take_while(|_| input.write_all(&piece).is_ok())
            .count()
    });
    let mut printed = String::new();
    let mut output = child.stdout.take().expect("piped");
    output.read_to_string(&mut printed).expect("text");
    assert_eq!(ends(&mut child), Some(0));
    assert_eq!(printed, "meter n=1 f=0x10\n");
    let pieces = writer.join().expect("it ends");
    assert!(
        pieces < 16,
        "{pieces} pieces of 64 KB for a part that listens to nobody"
    );
}
