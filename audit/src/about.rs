//! What an audit was about: which image, by which manifest, when, with what.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// What a reviewer needs to know which report he holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    /// When it ended, in UTC (ISO 8601).
    pub date: String,
    /// SHA-256 of the flash image.
    pub image_sha256: String,
    /// SHA-256 of meter.toml.
    #[serde(rename = "page_sha256")]
    pub manifest_sha256: String,
    /// What was used, with versions.
    pub versions: Vec<String>,
    /// Wall-clock seconds that it took.
    pub seconds: u64,
}

impl About {
    /// Describes an audit of an image, by a manifest, that has just ended.
    pub fn now(image: &[u8], manifest: &[u8], versions: Vec<String>, took: Duration) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            date: date(now.map_or(0, |now| now.as_secs())),
            image_sha256: hash(image),
            manifest_sha256: hash(manifest),
            versions,
            seconds: took.as_secs(),
        }
    }
}

/// Returns the version of the kernel that was built.
pub fn kernel() -> String {
    let (major, minor) = (kernel::KERNEL_MAJOR_VERSION, kernel::KERNEL_MINOR_VERSION);
    format!("{major}.{minor}.{}", kernel::KERNEL_PATCH_VERSION)
}

fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seconds since 1970 as a date and time in UTC.
fn date(seconds: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let (mut days, rest) = (seconds / DAY, seconds % DAY);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let day = days + 1;
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(date(1_735_689_599), "2024-12-31 23:59:59 UTC");
        assert_eq!(date(1_772_323_200), "2026-03-01 00:00:00 UTC");
    }

    #[test]
    fn hashes_are_written_as_sha256sum_writes_them() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(b""), empty);
    }
}
