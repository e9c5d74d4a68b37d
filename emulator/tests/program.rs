//! The program: files kept, exit codes, report.

mod support;

use reasons::Reason;
use std::fs;
use support::program::{code, emulator, firmware, raw, report, text, Directory};
use support::{Code, Firmware, CODE};

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
fn a_core_that_stays_in_its_fault_handler_is_told_too() {
    let directory = Directory::new("stands");
    let mut main = Code::at(CODE);
    main.load(0, 0x6000_0000).ldr(1, 0);
    // What vectors have that are not the firmware's own: it sleeps for ever.
    let image = directory.file("stands.bin", &raw(Firmware::new(&main)));
    let output = emulator(&[text(&image), "--for", "1ms", "--discard"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), Some(Reason::CoreLockedUp), "{message}");
    assert!(message.contains("handler of a HardFault"), "{message}");
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

#[test]
fn a_button_and_a_pin_are_driven_from_the_command_line() {
    let directory = Directory::new("pins");
    // LED1 (P0.13) follows BUTTON1 (P0.11), whose pin is an input with a pull-up.
    let mut main = Code::at(CODE);
    main.poke(0x5000_0508, 1 << 13)
        .poke(0x5000_0518, 1 << 13)
        .poke(0x5000_072C, 0xC)
        .load(0, 0x5000_0510)
        .load(3, 0x5000_0000 + 0x504);
    let top = main.here();
    main.ldr(1, 0)
        .half(0x0089) // LSLS R1, R1, #2: P0.11 to P0.13
        .load(2, 1 << 13)
        .half(0x4011) // ANDS R1, R2
        .str(1, 3)
        .branch(top);
    let image = directory.file("follows.bin", &raw(Firmware::new(&main)));
    let lit = |more: &[&str]| {
        let run = [text(&image), "--for", "50ms", "--discard", "--json", "-"];
        let report = report(&emulator(&[&run[..], more].concat()));
        report["leds"]["LED1"]["pulses"].clone()
    };
    assert_eq!(lit(&[]), 0);
    assert_eq!(
        lit(&["--button", "1@10ms+5ms", "--button", "1@30ms+5ms"]),
        2
    );
    assert_eq!(lit(&["--pin", "P0.11=low@10ms"]), 1);
    assert_eq!(lit(&["--button", "2@10ms"]), 0, "another one");
    let output = emulator(&[text(&image), "--button", "9@1s", "--discard"]);
    assert_eq!(code(&output), Some(Reason::Usage));
}

#[test]
fn wrong_kinds_of_file_are_told_by_name() {
    let directory = Directory::new("kinds");
    let mut tab = vec![0; 1024];
    tab[257..262].copy_from_slice(b"ustar");
    let kernel = kernel_elf();
    let cases: [(&str, &[u8], &str); 5] = [
        ("meter.uf2", b"UF2\nWQ\x5D\x9E\0\x20\0\0", "UF2"),
        ("meter.img.gz", b"\x1F\x8B\x08\0\0\0\0\0", "gzip"),
        ("blink.tab", &tab, "TAB"),
        ("kernel.elf", &kernel, "nothing at address 0"),
        ("load.csv", b"0,230,5\r0.001,230,5\r", "--mains"),
    ];
    for (name, bytes, said) in cases {
        let file = directory.file(name, bytes);
        let output = emulator(&[text(&file), "--for", "1ms"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), Some(Reason::Malformed), "{name}: {message}");
        assert!(
            message.contains(said) && message.contains(name),
            "{message}"
        );
        assert_eq!(
            fs::read(&file).expect("there"),
            bytes,
            "{name} is as it was"
        );
    }
}

/// An ELF file with one segment, at 0x8000, as a kernel behind a bootloader has.
fn kernel_elf() -> Vec<u8> {
    let word = |value: u32| value.to_le_bytes();
    let half = |value: u16| value.to_le_bytes();
    let mut file = b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([half(2), half(40)].concat());
    file.extend([word(1), word(0x8000), word(52), word(0), word(0)].concat());
    file.extend([half(52), half(32), half(1), half(0), half(0), half(0)].concat());
    file.extend([word(1), word(84), word(0x8000), word(0x8000)].concat());
    file.extend([word(8), word(8), word(5), word(4)].concat());
    file.extend([word(0x2000_4000), word(0x8009)].concat());
    file
}
