//! Runs the program on files of a directory of the test's own.

use super::{Code, Firmware, CODE};
use reasons::Reason;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const RAM: u32 = 0x2000_0000;

/// A directory of one test, removed at its end.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("emulator-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Directory(path)
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("a file");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left over at worst.
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn emulator(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emulator"))
        .arg("run")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// The code that the program exited with; none for 0 and for what the register lacks.
pub fn code(output: &Output) -> Option<Reason> {
    Reason::from_number(output.status.code()?.try_into().ok()?)
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

pub fn raw(firmware: Firmware) -> Vec<u8> {
    let mut flash = Vec::new();
    for segment in firmware.image().segments {
        let end = segment.address as usize + segment.bytes.len();
        if flash.len() < end {
            flash.resize(end, 0xFF);
        }
        flash[segment.address as usize..end].copy_from_slice(&segment.bytes);
    }
    flash
}

/// Writes the word after the last one written in flash, prints `meter n=1`
/// and blinks LED1, then sleeps.
pub fn firmware() -> Vec<u8> {
    let mut main = Code::at(CODE);
    for (index, four) in b"meter n=1 f=0x10\n\0\0\0".chunks_exact(4).enumerate() {
        let word = u32::from_le_bytes(four.try_into().expect("four bytes"));
        main.poke(RAM + 4 * index as u32, word);
    }
    main.poke(0x4000_250C, 6)
        .poke(0x4000_2524, 0x01D6_0000)
        .poke(0x4000_2500, 8)
        .poke(0x4000_2544, RAM)
        .poke(0x4000_2548, 17)
        .poke(0x4000_2008, 1)
        .poke(0x5000_0508, 1 << 13)
        .poke(0x5000_0518, 1 << 13)
        .poke(0x5000_050C, 1 << 13)
        .poke(0x4001_E504, 1)
        .load(0, 0x8000 - 4);
    let top = main.here();
    main.add(0, 4)
        .ldr(1, 0)
        .load(2, 0xFFFF_FFFF)
        .half(0x4291) // CMP R1, R2
        .branch_not_equal(top)
        .load(1, 0x600D_F00D)
        .str(1, 0)
        .wait_for(0x4000_2120)
        .sleep();
    raw(Firmware::new(&main))
}

pub fn report(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Starts the program; its ends of the lines are the test's.
pub fn start(arguments: &[&str], input: Stdio) -> Child {
    Command::new(env!("CARGO_BIN_EXE_emulator"))
        .arg("run")
        .args(arguments)
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Waits for the end, at most ten seconds; the exit code.
pub fn ends(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("its own child") {
            return status.code();
        }
        if begun.elapsed() > Duration::from_secs(10) {
            child.kill().expect("its own child");
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends Ctrl-C.
pub fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill is there").success());
}
