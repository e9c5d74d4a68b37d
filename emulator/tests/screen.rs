//! The screen, on a pseudo-terminal.

mod support;

use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use rustix::termios::{tcsetwinsize, Winsize};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::{Duration, Instant};
use support::program::{code, emulator, ends, firmware, text, Directory};

const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// What a terminal shows: characters, placed by cursor movements alone.
struct Grid {
    cells: Vec<Vec<char>>,
    cursor: (usize, usize),
    /// Bytes of a character or of a sequence that has not ended.
    rest: Vec<u8>,
}

impl Grid {
    fn new() -> Self {
        Grid {
            cells: vec![vec![' '; usize::from(COLUMNS)]; usize::from(ROWS)],
            cursor: (0, 0),
            rest: Vec::new(),
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.rest.push(*byte);
            if self.rest[0] == 0x1B {
                let ends = self.rest.len() > 2 && (0x40..=0x7E).contains(byte);
                if ends {
                    self.sequence(*byte);
                    self.rest.clear();
                }
            } else if let Ok(text) = std::str::from_utf8(&self.rest) {
                let character = text.chars().next().expect("one");
                let (row, column) = self.cursor;
                if let Some(cell) = self.cells.get_mut(row).and_then(|row| row.get_mut(column)) {
                    *cell = character;
                }
                self.cursor.1 += 1;
                self.rest.clear();
            }
        }
    }

    /// A sequence whose last byte this is: only a place matters.
    fn sequence(&mut self, last: u8) {
        let text = String::from_utf8_lossy(&self.rest[2..self.rest.len() - 1]).into_owned();
        if last != b'H' {
            return;
        }
        let mut numbers = text.split(';').map(|number| number.parse().unwrap_or(1));
        let mut next = || numbers.next().unwrap_or(1usize).saturating_sub(1);
        self.cursor = (next(), next());
    }

    fn text(&self) -> String {
        let rows: Vec<String> = self.cells.iter().map(|row| row.iter().collect()).collect();
        rows.join("\n")
    }
}

/// A program on a terminal.
struct Screen {
    child: Child,
    keys: File,
    output: Receiver<Vec<u8>>,
    grid: Grid,
}

impl Screen {
    fn start(arguments: &[&str]) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keys).and_then(|()| unlockpt(&keys)).expect("ours");
        let path = ptsname(&keys, Vec::new()).expect("a name");
        let size = Winsize {
            ws_row: ROWS,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&keys, size).expect("a size");
        let keys = File::from(keys);
        let terminal = File::options()
            .read(true)
            .write(true)
            .open(path.to_string_lossy().as_ref())
            .expect("its other end");
        let copy = || Stdio::from(terminal.try_clone().expect("a copy"));
        let child = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .arg("run")
            .args(arguments)
            .stdin(copy())
            .stdout(copy())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let (sender, output) = channel();
        let mut reader = keys.try_clone().expect("a copy");
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Screen {
            child,
            keys,
            output,
            grid: Grid::new(),
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).expect("open");
    }

    /// Waits until this is shown.
    fn wait_for(&mut self, what: &str) {
        let begun = Instant::now();
        while !self.grid.text().contains(what) {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "no {what}:\n{}",
                self.grid.text()
            );
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
                self.grid.feed(&bytes);
            }
        }
    }
}

#[test]
fn keys_change_the_load_pull_the_plug_and_end() {
    let directory = Directory::new("screen");
    let image = directory.file("meter.bin", &firmware());
    let mains = "sine:230V,5A,50Hz";
    let mut screen = Screen::start(&[text(&image), "--screen", "--mains", mains, "--speed", "1"]);
    screen.wait_for("Wattlock");
    screen.wait_for(mains);
    screen.wait_for("quit");
    screen.press(b"\x1b[A");
    screen.wait_for("5.500 A");
    screen.press(b"p");
    screen.wait_for("UNPLUGGED");
    screen.press(b"p");
    screen.press(b"l");
    screen.wait_for("kettle");
    screen.press(b"q");
    assert_eq!(ends(&mut screen.child), Some(0));
    // The firmware wrote a word at each start.
    assert_eq!(fs::read(&image).expect("there").len(), 0x8008);
}

#[test]
fn a_screen_needs_a_terminal() {
    let directory = Directory::new("no-screen");
    let image = directory.file("meter.bin", &firmware());
    let output = emulator(&[text(&image), "--screen"]);
    assert_eq!(code(&output), Some(reasons::Reason::Usage));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("needs a terminal"), "{message}");
}
