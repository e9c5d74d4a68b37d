//! The mains connection: voltage and current over time, synthetic or recorded.

mod curve;
mod error;
mod recording;
mod spec;
mod synthesis;

pub use error::MainsError;
pub use recording::{Playback, Recording};
pub use synthesis::{Harmonic, Synthesis};

/// A source of voltage and current.
#[derive(Debug)]
pub enum Mains {
    /// Sines.
    Synthetic(Synthesis),
    /// A recording.
    Recorded(Box<Recording>),
}

impl Mains {
    /// Reads a description:
    ///
    /// - `sine:230V,5A,pf0.8,50Hz`: root mean squares of the fundamentals, the
    ///   power factor (`pf0.8` and `pf0.8ind` lag, `pf0.8cap` leads), frequency.
    ///   Left out, they are 230 V, 0 A, power factor 1 and 50 Hz. Energy is
    ///   exported with a negative power factor or current. `20mA` works too.
    ///   `h3:10%` adds the third harmonic with a tenth of the fundamental to the
    ///   current, `h5v:2%` one to the voltage; `h3:10%@30` shifts it by 30
    ///   degrees of its own period.
    /// - a file name, or `loop:FILE`: a recording, played for ever;
    ///   `once:FILE`: played once, then there is no voltage and no current.
    pub fn parse(description: &str) -> Result<Mains, MainsError> {
        if let Some(items) = description.strip_prefix("sine:") {
            return spec::parse(items, "sine:".len()).map(Mains::Synthetic);
        }
        let (playback, path) = if let Some(path) = description.strip_prefix("once:") {
            (Playback::Once, path)
        } else {
            let path = description.strip_prefix("loop:").unwrap_or(description);
            (Playback::Loop, path)
        };
        if path.is_empty() {
            return Err(MainsError::Spec {
                column: 1,
                message: "expected sine:..., FILE, loop:FILE or once:FILE".into(),
            });
        }
        Recording::open(path, playback).map(|recording| Mains::Recorded(Box::new(recording)))
    }

    /// Voltage at `time_ns` nanoseconds from the start, volts.
    pub fn volts(&mut self, time_ns: u64) -> f64 {
        match self {
            Mains::Synthetic(synthesis) => synthesis.volts(time_ns),
            Mains::Recorded(recording) => recording.at(time_ns).0,
        }
    }

    /// Current at `time_ns` nanoseconds from the start, amperes.
    pub fn amperes(&mut self, time_ns: u64) -> f64 {
        match self {
            Mains::Synthetic(synthesis) => synthesis.amperes(time_ns),
            Mains::Recorded(recording) => recording.at(time_ns).1,
        }
    }

    /// Why a recording stopped in the middle: it was sound when it was opened,
    /// and then the file changed. From then on it gives 0 V and 0 A.
    pub fn failure(&self) -> Option<&MainsError> {
        match self {
            Mains::Synthetic(_) => None,
            Mains::Recorded(recording) => recording.failure(),
        }
    }
}

impl From<Synthesis> for Mains {
    fn from(synthesis: Synthesis) -> Self {
        Mains::Synthetic(synthesis)
    }
}
