//! The files of a run: who may write them, and that nothing of them is lost.

mod support;

use reasons::Reason;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::program::{code, emulator, ends, firmware, interrupt, raw, start, text, Directory};
use support::{Code, Firmware, CODE, RAM};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_read_only_is_refused_before_the_run_and_stays_as_it_is() {
    let directory = Directory::new("read-only");
    let image = directory.file("meter.bin", &firmware());
    for name in ["meter.bin", "meter.bin.nor", "meter.bin.uicr"] {
        let file = directory.0.join(name);
        if name != "meter.bin" {
            fs::write(&file, [0xFF; 16]).expect("written");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).expect("set");
        let before = fs::read(&file).expect("there");
        let begun = Instant::now();
        let run = [text(&image), "--for", "1h", "--speed", "1"];
        let output = emulator(&run);
        assert_eq!(code(&output), Some(Reason::Unwritable), "{}", said(&output));
        assert!(begun.elapsed() < Duration::from_secs(5), "before the run");
        assert!(
            said(&output).contains(&format!("{name}: read-only")),
            "{}",
            said(&output)
        );
        assert!(said(&output).contains("--discard"), "{}", said(&output));
        let output = emulator(&[text(&image), "--for", "20ms", "--discard"]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(fs::read(&file).expect("there"), before);
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o444);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
    }
    // The same for what is written beside the meter's state.
    for option in ["--save", "--json"] {
        let file = directory.file("kept", b"older");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("set");
        let output = emulator(&[text(&image), "--for", "20ms", option, text(&file)]);
        assert_eq!(code(&output), Some(Reason::Unwritable), "{option}");
        assert_eq!(fs::read(&file).expect("there"), b"older");
        fs::remove_file(&file).expect("removed");
    }
}

#[test]
fn a_folder_in_which_nothing_can_be_made_is_refused_before_the_run() {
    let directory = Directory::new("no-folder");
    let image = directory.file("meter.bin", &firmware());
    let nor = directory.0.join("gone/meter.nor");
    let output = emulator(&[text(&image), "--for", "1h", "--nor", text(&nor)]);
    assert_eq!(code(&output), Some(Reason::Unwritable), "{}", said(&output));
    assert!(said(&output).contains("its folder does not exist"));
    // In /proc nobody makes a file, whoever it is.
    let output = emulator(&[text(&image), "--for", "1h", "--nor", "/proc/meter.nor"]);
    assert_eq!(code(&output), Some(Reason::Unwritable), "{}", said(&output));
    assert!(
        said(&output).contains("nothing can be written"),
        "{}",
        said(&output)
    );
    assert_eq!(fs::read(&image).expect("there"), firmware());
}

#[test]
fn a_second_run_on_an_image_is_refused_and_names_the_first() {
    let directory = Directory::new("second");
    let image = directory.file("meter.bin", &firmware());
    let mut first = start(&[text(&image), "--speed", "0.01"], Stdio::null());
    let mut byte = [0];
    let console = first.stdout.as_mut().expect("piped");
    console.read_exact(&mut byte).expect("it runs");
    let output = emulator(&[text(&image), "--for", "20ms"]);
    assert_eq!(code(&output), Some(Reason::InUse), "{}", said(&output));
    let message = said(&output);
    let holder = format!("process {} (emulator)", first.id());
    assert!(message.contains("meter.bin: in use by"), "{message}");
    if fs::exists("/proc/locks").unwrap_or(false) {
        assert!(message.contains(&holder), "{message}");
    }
    // One that writes nothing may look.
    let output = emulator(&[text(&image), "--for", "20ms", "--discard"]);
    assert!(output.status.success(), "{}", said(&output));
    interrupt(&first);
    assert_eq!(ends(&mut first), Some(0));
    assert_eq!(fs::read(&image).expect("there").len(), 0x8004);
    // Afterwards it is free, and goes on from there.
    assert!(emulator(&[text(&image), "--for", "20ms"]).status.success());
    assert_eq!(fs::read(&image).expect("there").len(), 0x8008);
}

#[test]
fn of_runs_at_once_none_is_lost_without_a_word() {
    let directory = Directory::new("parallel");
    let image = directory.file("good.bin", &firmware());
    let mut children: Vec<Child> = (0..8)
        .map(|_| start(&[text(&image), "--for", "20ms"], Stdio::null()))
        .collect();
    let codes: Vec<_> = children.iter_mut().map(ends).collect();
    let in_use = Some(i32::from(Reason::InUse.number()));
    let done = codes.iter().filter(|code| **code == Some(0)).count();
    assert!(codes.iter().all(|code| *code == Some(0) || *code == in_use));
    assert!(done >= 1, "{codes:?}");
    let flash = fs::read(&image).expect("there");
    assert_eq!(flash.len(), 0x8000 + 4 * done, "{codes:?}");
    assert_eq!(flash[0x8000..], [0x0D, 0xF0, 0x0D, 0x60].repeat(done));
    assert_eq!(fs::read_dir(&directory.0).expect("there").count(), 1);
}

#[test]
fn the_flash_of_an_elf_image_is_kept_for_one_run_at_a_time() {
    let directory = Directory::new("keep");
    let image = directory.file("meter.bin", &firmware());
    let kept = directory.0.join("kept.bin");
    let arguments = [text(&image), "--keep", text(&kept), "--speed", "0.01"];
    let mut first = start(&arguments, Stdio::null());
    let mut byte = [0];
    let console = first.stdout.as_mut().expect("piped");
    console.read_exact(&mut byte).expect("it runs");
    let copy = directory.file("copy.bin", &firmware());
    let output = emulator(&[text(&copy), "--keep", text(&kept), "--for", "20ms"]);
    assert_eq!(code(&output), Some(Reason::InUse), "{}", said(&output));
    interrupt(&first);
    assert_eq!(ends(&mut first), Some(0));
    assert_eq!(fs::read(&kept).expect("there").len(), 0x8004);
}

/// Sends a line by UARTE0 again and again, and writes a word of flash first.
fn chatter() -> Vec<u8> {
    let mut main = Code::at(CODE);
    main.poke(0x4001_E504, 1).poke(0x8000, 0x600D_F00D);
    for word in 0..64 {
        main.poke(RAM + 4 * word, 0x2020_2020);
    }
    main.poke(0x4000_250C, 6)
        .poke(0x4000_2524, 0x1000_0000)
        .poke(0x4000_2500, 8)
        .poke(0x4000_2544, RAM)
        .poke(0x4000_2548, 255);
    let top = main.here();
    main.poke(0x4000_2120, 0).poke(0x4000_2008, 1);
    main.wait_for(0x4000_2120).branch(top);
    raw(Firmware::new(&main))
}

#[test]
fn a_pipe_that_nobody_drains_does_not_hold_the_run() {
    let directory = Directory::new("undrained");
    let image = directory.file("chatter.bin", &chatter());
    // 100,000 bytes a second: more than a pipe holds.
    let mut child = start(&[text(&image), "--for", "800ms"], Stdio::null());
    assert_eq!(ends(&mut child), Some(0));
    assert_eq!(fs::read(&image).expect("there").len(), 0x8004);
    let mut text = String::new();
    let mut errors = child.stderr.take().expect("piped");
    errors.read_to_string(&mut text).expect("text");
    assert!(text.contains("uart0: nobody read"), "{text}");
}

#[test]
fn the_first_interrupt_ends_a_run_whose_output_nobody_reads() {
    let directory = Directory::new("interrupted");
    let image = directory.file("chatter.bin", &chatter());
    for more in [&["--json", "-"][..], &[]] {
        let mut child = start(&[&[text(&image)], more].concat(), Stdio::null());
        std::thread::sleep(Duration::from_millis(1_000));
        interrupt(&child);
        assert!(ends(&mut child).is_some(), "{more:?}");
        assert_eq!(fs::read(&image).expect("there").len(), 0x8004, "{more:?}");
    }
}

#[test]
fn everything_arrives_at_a_reader_that_takes_its_time() {
    let directory = Directory::new("slow-reader");
    let image = directory.file("chatter.bin", &chatter());
    let arguments = [text(&image), "--for", "500ms", "--quiet", "--discard"];
    let mut child = start(&arguments, Stdio::null());
    std::thread::sleep(Duration::from_millis(500));
    let mut read = Vec::new();
    let mut output = child.stdout.take().expect("piped");
    output.read_to_end(&mut read).expect("read");
    assert_eq!(ends(&mut child), Some(0));
    // 1 Mbit/s, ten bits a byte, but for the pauses between buffers.
    assert!(read.len() > 45_000, "{}", read.len());
}
