//! Recordings: CSV files of seconds, volts, amperes, at any rate.
//!
//! A file may be larger than memory: it is read once when opened, to find every
//! malformed line, and then again as time goes on, with a few rows kept around
//! the present moment.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};

use super::curve::{Around, Curve, Point};
use super::error::MainsError;

/// Longest line, bytes.
const LONGEST_LINE: usize = 1_024;
/// Rows kept at the most.
const MOST_ROWS: usize = 65_536;
/// Rows nearer to each other than this many seconds are no recording of mains.
const LEAST_SPACING: f64 = 1e-9;
/// How long past rows are kept, seconds: the channels of a front end look back
/// by some microseconds each, and by two milliseconds when they begin.
const KEPT_SECONDS: f64 = 3e-3;
/// Rows on either side of a moment that the curve there needs.
const NEIGHBOURS: usize = 3;

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

/// Volts and amperes between two rows.
#[derive(Clone, Copy, Debug)]
struct Way {
    from: f64,
    to: f64,
    volts: Curve,
    amperes: Curve,
}

/// A recording that is being played.
///
/// The first row is at time 0, whatever its seconds say. Between rows the values
/// follow a curve that keeps their shape (see `curve.rs`): smooth waves come back, at 20
/// rows a mains period to 0.2 %, and no edge overshoots.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    playback: Playback,
    reader: Reader,
    /// Seconds of the file's first row.
    first: f64,
    /// The file's last rows, at the most as many as the curve needs.
    last: VecDeque<Row>,
    /// Length of one round.
    period: f64,
    /// The round that the reader is in.
    round: u64,
    /// Rows around the present; seconds from time 0.
    rows: VecDeque<Row>,
    /// The way between two rows that was asked for last, with its curves.
    way: Option<Way>,
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
        let mut last = VecDeque::from([first]);
        while let Some(row) = reader.next()? {
            last.push_back(row);
            if last.len() > NEIGHBOURS {
                last.pop_front();
            }
        }
        let [.., before, end] = *last.make_contiguous() else {
            return Err(reader.error("a recording needs two rows"));
        };
        let spacing = end.seconds - before.seconds;
        reader.rewind()?;
        Ok(Recording {
            path: path.to_path_buf(),
            playback,
            reader,
            first: first.seconds,
            last,
            period: end.seconds - first.seconds + spacing,
            round: 0,
            rows: VecDeque::new(),
            way: None,
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
        if let Some(way) = &self.way {
            if (way.from..way.to).contains(&seconds) {
                return (way.volts.at(seconds), way.amperes.at(seconds));
            }
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

    /// Makes `rows` hold the neighbours on either side of `seconds`, where they exist.
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
        while !self.ended && !self.enough_rows_after(seconds) {
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
            // Some rows before the moment are needed, more are kept for a while.
            while self.rows.len() > 2 * NEIGHBOURS
                && (self.rows[NEIGHBOURS].seconds < seconds - KEPT_SECONDS
                    || self.rows.len() > MOST_ROWS)
            {
                self.rows.pop_front();
            }
        }
        Ok(())
    }

    fn enough_rows_after(&self, seconds: f64) -> bool {
        let nearest = self.rows.len().checked_sub(NEIGHBOURS);
        nearest.is_some_and(|at| self.rows[at].seconds > seconds)
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
            // The rows before the seam, so that it looks as when played through.
            let start = (self.round - 1) as f64 * self.period;
            self.rows.extend(self.last.iter().map(|row| Row {
                seconds: row.seconds - self.first + start,
                ..*row
            }));
        }
        Ok(())
    }

    fn interpolate(&mut self, seconds: f64) -> (f64, f64) {
        let after = self.rows.partition_point(|row| row.seconds <= seconds);
        let Some(from) = after.checked_sub(1).map(|at| self.rows[at]) else {
            return (0.0, 0.0);
        };
        let Some(to) = self.rows.get(after) else {
            // At or after the last row of a recording that is played once.
            let at_last = seconds == from.seconds;
            return if at_last {
                (from.volts, from.amperes)
            } else {
                (0.0, 0.0)
            };
        };
        let around = |of: fn(&Row) -> f64| -> Around {
            std::array::from_fn(|n| {
                let row = self.rows.get((after + n).checked_sub(NEIGHBOURS)?)?;
                Some(Point {
                    x: row.seconds,
                    y: of(row),
                })
            })
        };
        let curves = (
            Curve::between(&around(|row| row.volts)),
            Curve::between(&around(|row| row.amperes)),
        );
        let (Some(volts), Some(amperes)) = curves else {
            return (0.0, 0.0);
        };
        let values = (volts.at(seconds), amperes.at(seconds));
        self.way = Some(Way {
            from: from.seconds,
            to: to.seconds,
            volts,
            amperes,
        });
        values
    }
}

/// Reads rows from a file.
#[derive(Debug)]
struct Reader {
    path: PathBuf,
    input: BufReader<File>,
    line: u64,
    buffer: Vec<u8>,
    /// The last line ended with a carriage return, which a line feed may follow.
    after_return: bool,
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
            after_return: false,
            header_read: false,
            previous_seconds: None,
        })
    }

    fn rewind(&mut self) -> Result<(), MainsError> {
        self.line = 0;
        self.after_return = false;
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
            let whole = self
                .read_line()
                .map_err(|error| io_error(&self.path, &error))?;
            let Some(whole) = whole else {
                return Ok(None);
            };
            self.line += 1;
            if !whole {
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

    /// Reads a line into the buffer, without what ends it: a line feed, a carriage
    /// return, or both. Whether it is whole; none at the end of the file.
    fn read_line(&mut self) -> std::io::Result<Option<bool>> {
        let mut begun = false;
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(begun.then_some(true));
            }
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                self.input.consume(1);
                continue;
            }
            begun = true;
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let length = end.unwrap_or(bytes.len());
            if self.buffer.len() + length > LONGEST_LINE {
                return Ok(Some(false));
            }
            self.buffer.extend_from_slice(&bytes[..length]);
            self.after_return = end.is_some_and(|at| bytes[at] == b'\r');
            self.input.consume(length + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(Some(true));
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
