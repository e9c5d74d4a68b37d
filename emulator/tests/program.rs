//! The program: files kept, exit codes, report, GDB.

mod support;

use reasons::Reason;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use support::program::{code, emulator, firmware, report, text, Directory};

#[test]
fn the_raw_image_keeps_what_firmware_wrote() {
    let directory = Directory::new("keeps");
    let image = directory.file("meter.bin", &firmware());
    let arguments = [
        text(&image),
        "--for",
        "20ms",
        "--uart0",
        "none",
        "--json",
        "-",
    ];
    for round in 1..=3usize {
        let output = emulator(&arguments);
        assert!(output.status.success());
        let report = report(&output);
        assert_eq!(report["stop"], "time");
        assert_eq!(report["virtual_seconds"], 0.02);
        assert_eq!(report["meter"]["n"], 1.0);
        assert_eq!(report["meter"]["f"], 16.0);
        assert_eq!(report["leds"]["LED1"]["pulses"], 1);
        assert_eq!(report["flash"]["writes"], 1);
        assert_eq!(report["flash"]["wear"][0]["address"], "0x00008000");
        let summary = String::from_utf8_lossy(&output.stderr);
        assert!(summary.contains("LED1 (P0.13): lit 1 times\n"), "{summary}");
        assert!(!summary.contains("LED2"), "{summary}");
        let flash = fs::read(&image).expect("written back");
        assert_eq!(flash.len(), 0x8000 + 4 * round);
        assert_eq!(flash[0x8000..], [0x0D, 0xF0, 0x0D, 0x60].repeat(round));
    }
    let before = fs::read(&image).expect("there");
    let output = emulator(&[&arguments[..], &["--discard"]].concat());
    assert!(output.status.success());
    assert_eq!(fs::read(&image).expect("there"), before);
    assert!(!directory.0.join("meter.bin.uicr").exists(), "as new");
    assert!(!directory.0.join("meter.bin.nor").exists(), "blank");
}

#[test]
fn the_console_goes_where_it_is_sent() {
    let directory = Directory::new("console");
    let image = directory.file("meter.bin", &firmware());
    let output = emulator(&[text(&image), "--for", "20ms", "--quiet"]);
    assert_eq!(output.stdout, b"meter n=1 f=0x10\n");
    assert_eq!(output.stderr, b"");
    let file = directory.0.join("console.txt");
    let to_file = format!("file:{}", text(&file));
    emulator(&[text(&image), "--for", "20ms", "--uart0", &to_file]);
    assert_eq!(fs::read(&file).expect("written"), b"meter n=1 f=0x10\n");
}

#[test]
fn what_is_malformed_or_missing_ends_with_its_code_and_says_where() {
    let directory = Directory::new("malformed");
    let image = directory.file("good.bin", &firmware());
    let empty = directory.file("empty.bin", b"");
    let elf = directory.file("bad.elf", b"\x7FELF\x02\x01\x01");
    let recording = directory.file("bad.csv", b"0,230,5\n0.001,231,5\nhello,1,2\n");
    let state = directory.file("bad.state", b"WLSNAP01 and then nothing");
    let gone = "no-such-file";
    let image = text(&image);
    let cases: [(&[&str], Reason, &str); 10] = [
        (&[text(&empty)], Reason::Malformed, "offset 0x0"),
        (&[text(&elf)], Reason::Malformed, "offset 0x7"),
        (&[gone], Reason::Unreadable, gone),
        (&[image, "--restore", gone], Reason::Unreadable, gone),
        (&[image, "--recording", gone], Reason::Unreadable, gone),
        (
            &[image, "--recording", text(&recording)],
            Reason::Malformed,
            "3",
        ),
        (
            &[image, "--mains", "sine:230V,5Q"],
            Reason::Malformed,
            "column 11",
        ),
        (
            &[image, "--restore", text(&state)],
            Reason::Malformed,
            "not a snapshot",
        ),
        (&[image, "--for", "soon"], Reason::Usage, "soon"),
        (&[image, "--uart0", "tcp:high"], Reason::Usage, "high"),
    ];
    for (arguments, reason, said) in cases {
        let output = emulator(&[arguments, &["--discard"]].concat());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), Some(reason), "{arguments:?}: {message}");
        assert!(message.contains(said), "{arguments:?}: {message}");
    }
}

#[test]
fn a_core_that_locks_up_is_told_from_a_run_that_ended_well() {
    let directory = Directory::new("lockup");
    // Stack, reset handler; what is behind is no instruction, and no handler of faults.
    let vectors = [0x2000_1000_u32, 0x101].map(u32::to_le_bytes).concat();
    let mut flash = vec![0xFF; 0x104];
    flash[..8].copy_from_slice(&vectors);
    let image = directory.file("locks.bin", &flash);
    let run = [text(&image), "--for", "1ms", "--discard", "--json", "-"];
    let output = emulator(&run);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), Some(Reason::CoreLockedUp), "{message}");
    assert!(message.contains("emulator: core locked up"), "{message}");
    let report = report(&output);
    assert_eq!(report["stop"], "time", "the run went on all the same");
    assert_ne!(report["resets"]["lockup"], 0);
}

#[test]
fn help_that_was_asked_for_is_no_failure() {
    let output = emulator(&["--help"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("--mains"));
}

#[test]
fn a_cut_leaves_its_mark_and_states_are_kept() {
    let directory = Directory::new("cut");
    let image = directory.file("meter.bin", &firmware());
    let state = directory.0.join("state");
    let common = [
        text(&image),
        "--for",
        "20ms",
        "--uart0",
        "none",
        "--json",
        "-",
    ];
    let run = |more: &[&str]| report(&emulator(&[&common[..], more].concat()));
    let cut = run(&["--cut-at", "flash:1", "--discard", "--save", text(&state)]);
    assert_eq!(cut["stop"], "power cut");
    let on = run(&["--cut-at", "flash:1", "--discard", "--power-up"]);
    assert_eq!(on["stop"], "time");
    assert_eq!(on["resets"]["power"], 2);
    let timed = run(&["--cut-at", "time:5ms", "--discard"]);
    assert_eq!(timed["stop"], "power cut");
    assert_eq!(timed["virtual_seconds"], 0.005);
    let fell = run(&["--cut-at", "time:5ms", "--hold-up", "10ms", "--discard"]);
    assert_eq!(fell["virtual_seconds"], 0.015);
    assert_eq!(
        fell["supply_warnings"], 0,
        "this firmware does not watch it"
    );
    let counted = run(&["--stop-after", "25", "--discard"]);
    assert_eq!(counted["stop"], "instructions");
    assert_eq!(counted["instructions"], 25);
    let restored = run(&["--restore", text(&state), "--discard"]);
    assert_eq!(restored["stop"], "power cut", "it is still off");
    let skipped = run(&["--discard", "--skip", "0x200:1"]);
    assert_eq!(skipped["stop"], "time");
}

fn send(stream: &mut TcpStream, packet: &str) -> String {
    let sum = packet.bytes().fold(0u8, |sum, byte| sum.wrapping_add(byte));
    write!(stream, "${packet}#{sum:02x}").expect("open");
    receive(stream)
}

/// Ctrl-C.
fn interrupt(stream: &mut TcpStream) -> String {
    stream.write_all(&[3]).expect("open");
    receive(stream)
}

fn receive(stream: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).expect("a reply");
        match byte[0] {
            b'+' if reply.is_empty() => {}
            b'#' => break,
            other => reply.push(other),
        }
    }
    stream.read_exact(&mut [0; 2]).expect("a checksum");
    String::from_utf8(reply).expect("text").replacen('$', "", 1)
}

#[test]
fn a_debugger_steps_and_breaks() {
    let directory = Directory::new("gdb");
    let image = directory.file("meter.bin", &firmware());
    let mut child = Command::new(env!("CARGO_BIN_EXE_emulator"))
        .args(["run", text(&image), "--gdb", "0", "--discard", "--quiet"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    errors.read_line(&mut line).expect("the address");
    let address = line.trim().strip_prefix("gdb: tcp ").expect("an address");
    let mut stream = TcpStream::connect(address).expect("it listens");
    assert!(send(&mut stream, "qSupported").contains("features"));
    assert!(send(&mut stream, "qXfer:features:read:target.xml:0,40").starts_with('m'));
    assert_eq!(send(&mut stream, "pf"), "00020000");
    assert_eq!(send(&mut stream, "s"), "S05");
    assert_eq!(send(&mut stream, "pf"), "04020000");
    assert_eq!(send(&mut stream, "m200,2"), "40f2");
    assert_eq!(send(&mut stream, "M20000000,2:abcd"), "OK");
    assert_eq!(send(&mut stream, "m20000000,2"), "abcd");
    assert_eq!(send(&mut stream, "m60000000,2"), "E01");
    assert_eq!(send(&mut stream, "Z0,212,2"), "OK");
    assert_eq!(send(&mut stream, "c"), "S05");
    assert_eq!(send(&mut stream, "pf"), "12020000");
    assert_eq!(send(&mut stream, "z0,212,2"), "OK");
    assert_eq!(send(&mut stream, "P0=78563412"), "OK");
    assert_eq!(&send(&mut stream, "g")[..8], "78563412");
    write!(stream, "$c#63").expect("open");
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(interrupt(&mut stream), "S02");
    assert_eq!(send(&mut stream, "vMustReplyEmpty"), "");
    assert_eq!(send(&mut stream, "D"), "OK");
    assert!(child.wait().expect("it ends").success());
}
