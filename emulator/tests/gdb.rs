//! The GDB server, as a debugger talks to it.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::program::{ends, firmware, interrupt, raw, text, Directory};
use support::{counter, Code, Firmware, CODE, RAM};

/// The program with a debugger's door.
struct Target {
    child: Child,
    address: String,
    errors: BufReader<std::process::ChildStderr>,
}

impl Target {
    fn start(image: &str, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .args(["run", image, "--gdb", "0", "--discard"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let mut errors = BufReader::new(child.stderr.take().expect("piped"));
        errors.read_line(&mut line).expect("the address");
        let address = line.trim().strip_prefix("gdb: tcp ").expect("an address");
        Target {
            address: address.into(),
            child,
            errors,
        }
    }

    fn attach(&self) -> Debugger {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a socket");
        Debugger(stream)
    }

    /// Waits for the end, which must be a good one; what it said.
    fn ends_well(mut self) -> String {
        assert_eq!(ends(&mut self.child), Some(0));
        let mut said = String::new();
        self.errors.read_to_string(&mut said).expect("text");
        said
    }
}

struct Debugger(TcpStream);

impl Debugger {
    fn write(&mut self, packet: &str) {
        let sum = packet.bytes().fold(0u8, |sum, byte| sum.wrapping_add(byte));
        write!(self.0, "${packet}#{sum:02x}").expect("open");
    }

    fn send(&mut self, packet: &str) -> String {
        self.write(packet);
        self.receive()
    }

    /// Ctrl-C.
    fn interrupt(&mut self) -> String {
        self.0.write_all(&[3]).expect("open");
        self.receive()
    }

    fn receive(&mut self) -> String {
        let mut reply = Vec::new();
        let mut byte = [0];
        loop {
            self.0.read_exact(&mut byte).expect("a reply");
            match byte[0] {
                b'+' if reply.is_empty() => {}
                b'#' => break,
                other => reply.push(other),
            }
        }
        self.0.read_exact(&mut [0; 2]).expect("a checksum");
        String::from_utf8(reply).expect("text").replacen('$', "", 1)
    }

    /// What `monitor` answers.
    fn monitor(&mut self, command: &str) -> String {
        let digits: String = command.bytes().map(|byte| format!("{byte:02x}")).collect();
        let answer = self.send(&format!("qRcmd,{digits}"));
        let bytes = answer.as_bytes().chunks(2).map(|two| {
            let digits = std::str::from_utf8(two).expect("digits");
            u8::from_str_radix(digits, 16).expect("digits")
        });
        String::from_utf8(bytes.collect()).expect("text")
    }
}

#[test]
fn a_debugger_steps_and_breaks() {
    let directory = Directory::new("gdb");
    let image = directory.file("meter.bin", &firmware());
    let target = Target::start(text(&image), &["--quiet"]);
    let mut gdb = target.attach();
    assert!(gdb.send("qSupported").contains("features"));
    assert!(gdb
        .send("qXfer:features:read:target.xml:0,40")
        .starts_with('m'));
    assert_eq!(gdb.send("pf"), "00020000");
    assert_eq!(gdb.send("s"), "S05");
    assert_eq!(gdb.send("pf"), "04020000");
    assert_eq!(gdb.send("m200,2"), "40f2");
    assert_eq!(gdb.send("M20000000,2:abcd"), "OK");
    assert_eq!(gdb.send("m20000000,2"), "abcd");
    assert_eq!(gdb.send("m60000000,2"), "E01");
    assert_eq!(gdb.send("Z0,212,2"), "OK");
    assert_eq!(gdb.send("c"), "S05");
    assert_eq!(gdb.send("pf"), "12020000");
    assert_eq!(gdb.send("z0,212,2"), "OK");
    assert_eq!(gdb.send("P0=78563412"), "OK");
    assert_eq!(&gdb.send("g")[..8], "78563412");
    gdb.write("c");
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(gdb.interrupt(), "S02");
    assert_eq!(gdb.send("vMustReplyEmpty"), "");
    assert_eq!(gdb.send("k"), "OK");
    assert_eq!(target.ends_well(), "");
}

#[test]
fn the_run_goes_on_when_a_debugger_leaves_and_another_one_may_come() {
    let directory = Directory::new("gdb-leaves");
    let image = directory.file("counter.bin", &raw(Firmware::new(&counter())));
    let target = Target::start(text(&image), &["--quiet", "--speed", "1"]);
    let mut first = target.attach();
    assert_eq!(first.send("Z0,208,2"), "OK");
    assert_eq!(first.send("c"), "S05");
    let before = first.send("p0");
    assert_eq!(first.send("D"), "OK");
    std::thread::sleep(Duration::from_millis(100));
    let mut second = target.attach();
    assert_eq!(second.send("?"), "S05");
    let after = second.send("p0");
    assert_ne!(before, after, "it counted meanwhile, past the breakpoint");
    assert_eq!(second.send("p0"), after, "and it stands again");
    // One debugger at a time: a third one is sent away.
    let mut third = target.attach();
    let mut byte = [0];
    assert!(matches!(third.0.read(&mut byte), Ok(0) | Err(_)));
    assert_eq!(second.send("p0"), after, "the second one stays");
    // One that goes without a word is as gone as one that says so.
    drop(second);
    let mut fourth = target.attach();
    assert_ne!(fourth.send("p0"), after);
    fourth.send("D");
    std::thread::sleep(Duration::from_millis(50));
    interrupt(&target.child);
    target.ends_well();
}

#[test]
fn time_instructions_and_speed_count_with_a_debugger_too() {
    let directory = Directory::new("gdb-course");
    let image = directory.file("counter.bin", &raw(Firmware::new(&counter())));
    let target = Target::start(text(&image), &["--for", "20ms"]);
    let mut gdb = target.attach();
    assert_eq!(gdb.send("s"), "S05");
    assert_eq!(gdb.send("c"), "W00", "the program has ended");
    let said = target.ends_well();
    assert!(said.starts_with("0.020 s of virtual time"), "{said}");

    let target = Target::start(text(&image), &["--stop-after", "3"]);
    let mut gdb = target.attach();
    assert_eq!(gdb.send("s"), "S05");
    assert_eq!(gdb.send("s"), "S05");
    assert_eq!(gdb.send("c"), "W00");
    let said = target.ends_well();
    assert!(said.contains(" 3 instructions"), "{said}");

    // Half the speed: 0.2 s last 0.4 s, but those of the debugger do not count.
    let target = Target::start(text(&image), &["--for", "200ms", "--speed", "0.5"]);
    let mut gdb = target.attach();
    assert_eq!(gdb.send("s"), "S05");
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    assert_eq!(gdb.send("c"), "W00");
    assert!(begun.elapsed() > Duration::from_millis(350));
    target.ends_well();
}

#[test]
fn a_detached_run_ends_at_its_time() {
    let directory = Directory::new("gdb-detached");
    let image = directory.file("counter.bin", &raw(Firmware::new(&counter())));
    let target = Target::start(text(&image), &["--for", "30ms"]);
    let mut gdb = target.attach();
    assert_eq!(gdb.send("D"), "OK");
    let said = target.ends_well();
    assert!(said.starts_with("0.030 s of virtual time"), "{said}");
}

#[test]
fn watchpoints_stop_before_the_access_and_let_it_happen_then() {
    let directory = Directory::new("gdb-watch");
    let mut main = Code::at(CODE);
    main.load(0, RAM + 0x100).load(1, 0);
    let top = main.here();
    main.add(1, 1).str(1, 0).ldr(2, 0).branch(top);
    let image = directory.file("stores.bin", &raw(Firmware::new(&main)));
    let target = Target::start(text(&image), &["--quiet"]);
    let mut gdb = target.attach();
    assert_eq!(gdb.send("Z2,20000100,4"), "OK");
    assert_eq!(gdb.send("c"), "T05watch:20000100;");
    assert_eq!(gdb.send("p1"), "01000000");
    assert_ne!(gdb.send("m20000100,4"), "01000000", "not yet written");
    // Without taking the watchpoint out, as with it.
    assert_eq!(gdb.send("c"), "T05watch:20000100;");
    assert_eq!(gdb.send("m20000100,4"), "01000000");
    assert_eq!(gdb.send("p1"), "02000000");
    assert_eq!(gdb.send("z2,20000100,4"), "OK");
    assert_eq!(gdb.send("s"), "S05");
    assert_eq!(gdb.send("m20000100,4"), "02000000");
    assert_eq!(gdb.send("Z3,20000102,1"), "OK");
    assert_eq!(gdb.send("c"), "T05rwatch:20000102;");
    assert_eq!(gdb.send("z3,20000102,1"), "OK");
    assert_eq!(gdb.send("Z4,20000100,2"), "OK");
    for _ in 0..4 {
        assert_eq!(gdb.send("c"), "T05awatch:20000100;");
    }
    assert_eq!(gdb.send("Z2,20000100,0"), "E01");
    assert_eq!(gdb.send("Z5,20000100,4"), "", "no such points");
    // They go with the debugger, and are there again for the next one.
    assert_eq!(gdb.send("D"), "OK");
    std::thread::sleep(Duration::from_millis(50));
    let mut gdb = target.attach();
    assert_eq!(gdb.send("Z2,20000100,4"), "OK");
    assert_eq!(gdb.monitor("reset"), "reset\n");
    assert_eq!(gdb.send("pf"), "00020000");
    assert_eq!(gdb.send("c"), "T05watch:20000100;");
    assert_eq!(gdb.send("p1"), "01000000", "also after a reset");
    gdb.send("k");
    target.ends_well();
}

#[test]
fn monitor_resets_cuts_the_power_and_tells_the_time() {
    let directory = Directory::new("gdb-monitor");
    let image = directory.file("counter.bin", &raw(Firmware::new(&counter())));
    let target = Target::start(text(&image), &["--cut-at", "instruction:1000"]);
    let mut gdb = target.attach();
    assert_eq!(gdb.send("s"), "S05");
    assert!(gdb.monitor("time").ends_with(" 1 instructions\n"));
    assert_eq!(gdb.monitor("reset halt"), "reset\n");
    assert_eq!(gdb.send("pf"), "00020000");
    assert!(gdb.monitor("help").contains("monitor reset"));
    assert!(gdb.monitor("dance").contains("no command"));
    gdb.write("c");
    assert!(
        gdb.receive().starts_with('O'),
        "it says that the power is cut"
    );
    assert_eq!(gdb.receive(), "S05");
    assert!(gdb.monitor("power").contains("on again"));
    assert_eq!(gdb.send("pf"), "00020000");
    assert_eq!(gdb.send("s"), "S05");
    gdb.send("k");
    assert!(target.ends_well().contains("instructions"));
}

#[test]
fn a_bad_packet_is_asked_for_again_and_an_odd_one_answered() {
    let directory = Directory::new("gdb-odd");
    let image = directory.file("counter.bin", &raw(Firmware::new(&counter())));
    let target = Target::start(text(&image), &["--quiet"]);
    let mut gdb = target.attach();
    gdb.0.write_all(b"$g#00").expect("open");
    let mut byte = [0];
    gdb.0.read_exact(&mut byte).expect("an answer");
    assert_eq!(byte, *b"-");
    for odd in [
        "",
        "Z",
        "Z2",
        "Z2,",
        "Z2,zz,4",
        "z4,0,ffffffff",
        "m",
        "P",
        "G00",
        "qRcmd",
        "qRcmd,zz",
        "vCont;c",
        "X0,1:a",
    ] {
        gdb.send(odd);
    }
    assert_eq!(gdb.send("pf"), "00020000");
    gdb.send("k");
    target.ends_well();
}
