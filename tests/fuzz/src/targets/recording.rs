//! Recordings for the emulator: CSV files from anywhere.

use std::fs;
use std::path::PathBuf;

use emulator::mains::{Mains, MainsError};

/// Opens the bytes as a recording and plays some of it.
pub fn run(data: &[u8]) {
    let file = Scratch::new(data);
    for playback in ["once", "loop"] {
        match Mains::parse(&format!("{playback}:{}", file.0.display())) {
            Ok(mut mains) => {
                for time in [
                    0,
                    1,
                    249_999,
                    20_000_000,
                    1_000_000_000,
                    3_600_000_000_000,
                    5,
                ] {
                    let (volts, amperes) = (mains.volts(time), mains.amperes(time));
                    assert!(
                        volts.is_finite() && amperes.is_finite(),
                        "{volts} V {amperes} A"
                    );
                }
                assert!(mains.failure().is_none(), "{:?}", mains.failure());
            }
            Err(error @ MainsError::Line { line, .. }) => {
                // The message leads to a line that the file has, or to its end.
                let lines = data.iter().filter(|&&byte| byte == b'\n').count() as u64 + 2;
                assert!(line <= lines, "{error}");
            }
            Err(error) => panic!("a file that is there: {error}"),
        }
    }
}

/// A file that goes away with the case.
struct Scratch(PathBuf);

impl Scratch {
    fn new(data: &[u8]) -> Self {
        let name = format!(
            "fuzz-recording-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let path = std::env::temp_dir().join(name);
        fs::write(&path, data).expect("the directory for temporary files is writable");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file that stays does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

/// Files as people write them.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "seconds,volts,amperes\n0,0,0\n0.001,100.5,1.25\n0.002,200,2.5\n0.003,300,-3e0\n",
        "0;0;0\n0.00025;1;2\n0.0005;2;3\n",
        "# a comment\n\n10.0, 325.27, 7.07\r\n10.5, -325.27, -7.07\r\n11,0,0",
        "0\t1\t2\n1\t2\t3\n",
        "0,1,2\n0,1,2\n",
        "nan,inf,-inf\n1e308,1e308,1e308\n",
        "",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
