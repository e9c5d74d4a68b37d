//! Recordings: CSV files of seconds, volts, amperes, at any rate.
//!
//! A file may be larger than memory: it is read once when opened, to find every
//! malformed line, and then again as time goes on, with a few rows kept around
//! the present moment.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use super::error::MainsError;

/// Longest line, bytes.
const LONGEST_LINE: u64 = 1_024;
/// Rows kept at the most.
const MOST_ROWS: usize = 65_536;
/// Rows nearer to each other than this many seconds are no recording of mains.
const LEAST_SPACING: f64 = 1e-9;
/// How long past rows are kept, seconds: the channels of a front end look back
/// by some microseconds each, and by two milliseconds when they begin.
const KEPT_SECONDS: f64 = 3e-3;
/// Spacings that differ by more than this factor are joined by straight lines:
/// a cubic through them would overshoot.
const EVEN_SPACING: f64 = 4.0;

/// What happens at the end of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playback {
    /// It begins again, one row spacing after the last row.
    Loop,
    /// There is no voltage and no current after it.
    Once,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    seconds: f64,
    volts: f64,
    amperes: f64,
}

/// A recording that is being played.
///
/// The first row is at time 0, whatever its seconds say. Between rows the
/// values follow a cubic (Catmull-Rom), which at 20 rows a mains period is good
/// to 0.03 %; a straight line would lose 0.8 %.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    playback: Playback,
    reader: Reader,
    /// Seconds of the file's first and last row.
    first: f64,
    last: Row,
    /// Length of one round.
    period: f64,
    /// The round that the reader is in.
    round: u64,
    /// Rows around the present; seconds from time 0.
    rows: VecDeque<Row>,
    /// The reader has come to the end of a recording that is played once.
    ended: bool,
    failure: Option<MainsError>,
}

impl Recording {
    /// Opens a recording and checks every line of it.
    pub fn open(path: impl AsRef<Path>, playback: Playback) -> Result<Recording, MainsError> {
        let path = path.as_ref();
        let mut reader = Reader::open(path)?;
        let Some(first) = reader.next()? else {
            return Err(reader.error("no rows: expected seconds, volts, amperes"));
        };
        let mut last = first;
        let mut spacing = 0.0;
        while let Some(row) = reader.next()? {
            spacing = row.seconds - last.seconds;
            last = row;
        }
        if last.seconds <= first.seconds {
            return Err(reader.error("a recording needs two rows"));
        }
        reader.rewind()?;
        Ok(Recording {
            path: path.to_path_buf(),
            playback,
            reader,
            first: first.seconds,
            last,
            period: last.seconds - first.seconds + spacing,
            round: 0,
            rows: VecDeque::new(),
            ended: false,
            failure: None,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Length of one round in seconds.
    pub fn seconds(&self) -> f64 {
        self.period
    }

    /// Volts and amperes at `time_ns` from the start. Times may go back three
    /// milliseconds cheaply, and anywhere at the price of reading again.
    pub fn at(&mut self, time_ns: u64) -> (f64, f64) {
        let seconds = time_ns as f64 * 1e-9;
        if self.failure.is_some() {
            return (0.0, 0.0);
        }
        if let Err(error) = self.read_up_to(seconds) {
            self.failure = Some(error);
            return (0.0, 0.0);
        }
        self.interpolate(seconds)
    }

    /// What became wrong with the file after it was opened.
    pub(super) fn failure(&self) -> Option<&MainsError> {
        self.failure.as_ref()
    }

    /// Makes `rows` hold two rows on either side of `seconds`, where they exist.
    fn read_up_to(&mut self, seconds: f64) -> Result<(), MainsError> {
        let before = self.rows.front().is_none_or(|row| seconds < row.seconds);
        let far_ahead = self.playback == Playback::Loop
            && self
                .rows
                .back()
                .is_some_and(|row| seconds > row.seconds + 2.0 * self.period);
        if (before && !(self.ended && self.rows.is_empty())) || far_ahead {
            self.start_round_of(seconds)?;
        }
        while !self.ended && !self.two_rows_after(seconds) {
            match self.reader.next()? {
                Some(row) => {
                    let start = self.round as f64 * self.period;
                    self.rows.push_back(Row {
                        seconds: row.seconds - self.first + start,
                        ..row
                    });
                }
                None if self.playback == Playback::Loop => {
                    self.round += 1;
                    self.reader.rewind()?;
                }
                None => self.ended = true,
            }
            // Two rows before the moment are needed, more are kept for a while.
            while self.rows.len() > 4
                && (self.rows[2].seconds < seconds - KEPT_SECONDS || self.rows.len() > MOST_ROWS)
            {
                self.rows.pop_front();
            }
        }
        Ok(())
    }

    fn two_rows_after(&self, seconds: f64) -> bool {
        self.rows.len() >= 2 && self.rows[self.rows.len() - 2].seconds > seconds
    }

    /// Goes to the beginning of the round that `seconds` is in.
    fn start_round_of(&mut self, seconds: f64) -> Result<(), MainsError> {
        self.reader.rewind()?;
        self.rows.clear();
        self.ended = false;
        self.round = match self.playback {
            Playback::Loop => (seconds / self.period) as u64,
            Playback::Once => 0,
        };
        if self.round > 0 {
            // The row before the seam, so that the seam looks as when played through.
            let start = (self.round - 1) as f64 * self.period;
            self.rows.push_back(Row {
                seconds: self.last.seconds - self.first + start,
                ..self.last
            });
        }
        Ok(())
    }

    fn interpolate(&self, seconds: f64) -> (f64, f64) {
        let after = self.rows.partition_point(|row| row.seconds <= seconds);
        if after == 0 {
            return (0.0, 0.0);
        }
        let from = &self.rows[after - 1];
        let Some(to) = self.rows.get(after) else {
            // At or after the last row of a recording that is played once.
            let at_last = seconds == from.seconds;
            return if at_last {
                (from.volts, from.amperes)
            } else {
                (0.0, 0.0)
            };
        };
        let width = to.seconds - from.seconds;
        let along = (seconds - from.seconds) / width;
        let even = |neighbour: &&Row, of: &Row| {
            let other = (neighbour.seconds - of.seconds).abs();
            other < width * EVEN_SPACING && width < other * EVEN_SPACING
        };
        let before = after
            .checked_sub(2)
            .map(|at| &self.rows[at])
            .filter(|row| even(row, from));
        let beyond = self.rows.get(after + 1).filter(|row| even(row, to));
        let value = |of: fn(&Row) -> f64| {
            let slope = (of(to) - of(from)) / width;
            let tangent = |neighbour: Option<&Row>, end: &Row| {
                neighbour.map_or(slope, |row| {
                    // Derivative of the parabola through three points.
                    let other = (row.seconds - end.seconds).abs();
                    let other_slope = (of(row) - of(end)) / (row.seconds - end.seconds);
                    (other_slope * width + slope * other) / (width + other)
                })
            };
            let (start, end) = (tangent(before, from) * width, tangent(beyond, to) * width);
            let (square, rest) = (along * along, 1.0 - along);
            of(from) * rest * rest * (1.0 + 2.0 * along)
                + of(to) * square * (3.0 - 2.0 * along)
                + start * along * rest * rest
                - end * square * rest
        };
        (value(|row| row.volts), value(|row| row.amperes))
    }
}

/// Reads rows from a file.
#[derive(Debug)]
struct Reader {
    path: PathBuf,
    input: BufReader<File>,
    line: u64,
    buffer: Vec<u8>,
    header_read: bool,
    previous_seconds: Option<f64>,
}

impl Reader {
    fn open(path: &Path) -> Result<Reader, MainsError> {
        let file = File::open(path).map_err(|error| io_error(path, &error))?;
        Ok(Reader {
            path: path.to_path_buf(),
            input: BufReader::with_capacity(64 * 1024, file),
            line: 0,
            buffer: Vec::new(),
            header_read: false,
            previous_seconds: None,
        })
    }

    fn rewind(&mut self) -> Result<(), MainsError> {
        self.line = 0;
        self.header_read = false;
        self.previous_seconds = None;
        self.input
            .rewind()
            .map_err(|error| io_error(&self.path, &error))
    }

    /// The next row; `None` at the end.
    fn next(&mut self) -> Result<Option<Row>, MainsError> {
        loop {
            self.buffer.clear();
            let read = (&mut self.input)
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut self.buffer)
                .map_err(|error| io_error(&self.path, &error))?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if self.buffer.last() != Some(&b'\n') && read as u64 == LONGEST_LINE {
                return Err(self.error(&format!("longer than {LONGEST_LINE} bytes")));
            }
            let Ok(text) = std::str::from_utf8(&self.buffer) else {
                return Err(self.error("not UTF-8 text"));
            };
            let text = text.trim_start_matches('\u{FEFF}').trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match parse_row(text) {
                Ok(row) => {
                    match self.previous_seconds.map(|last| row.seconds - last) {
                        Some(..=0.0) => return Err(self.error("the time does not grow")),
                        Some(..LEAST_SPACING) => {
                            return Err(self.error("the time grows by less than a nanosecond"));
                        }
                        _ => {}
                    }
                    self.previous_seconds = Some(row.seconds);
                    return Ok(Some(row));
                }
                // The one line that may be words.
                Err(_)
                    if self.previous_seconds.is_none() && !self.header_read && is_header(text) =>
                {
                    self.header_read = true;
                }
                Err(message) => return Err(self.error(&message)),
            }
        }
    }

    fn error(&self, message: &str) -> MainsError {
        MainsError::Line {
            path: self.path.clone(),
            line: self.line.max(1),
            message: message.into(),
        }
    }
}

fn parse_row(text: &str) -> Result<Row, String> {
    let mut fields = text.split(',').map(str::trim);
    let mut number = |what: &str| {
        let field = fields
            .next()
            .ok_or("expected three fields: seconds, volts, amperes")?;
        field
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .filter(|value| value.abs() <= 1e12)
            .ok_or_else(|| {
                let hint = if field.contains([';', '\t']) {
                    " (fields are separated by commas)"
                } else {
                    ""
                };
                let shown: String = field.chars().take(40).collect();
                format!("`{}` is no number of {what}{hint}", shown.escape_debug())
            })
    };
    let row = Row {
        seconds: number("seconds")?,
        volts: number("volts")?,
        amperes: number("amperes")?,
    };
    match fields.next() {
        None => Ok(row),
        Some(_) => Err("more than three fields: seconds, volts, amperes".into()),
    }
}

/// Three fields of which none is a number.
fn is_header(text: &str) -> bool {
    let fields = text.split(',');
    fields.clone().count() == 3
        && fields
            .into_iter()
            .all(|field| field.trim().parse::<f64>().is_err())
}

fn io_error(path: &Path, error: &std::io::Error) -> MainsError {
    MainsError::Io {
        path: path.to_path_buf(),
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
