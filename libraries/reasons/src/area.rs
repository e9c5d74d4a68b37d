//! Who gives a code, and the numbers that are kept for each.

use core::ops::RangeInclusive;

/// Who gives a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// The kernel, of an app in flash that it does not run.
    Loading,
    /// The bootloader, of an image that it does not start.
    Boot,
    /// A program on the host, as its exit code.
    Host,
    /// The meter, of an update that it does not take.
    Update,
    /// The meter or its bench, of a step of production that is not done.
    Factory,
}

impl Area {
    /// All areas, by their numbers.
    pub const ALL: [Area; 5] = [
        Area::Loading,
        Area::Boot,
        Area::Host,
        Area::Update,
        Area::Factory,
    ];

    /// The numbers that are kept for the area. 0 is success, everywhere; 96 to 127 are not
    /// given away, because shells and Rust's runtime exit with some of them, and exit codes
    /// from 128 are signals.
    #[must_use]
    pub const fn numbers(self) -> RangeInclusive<u8> {
        match self {
            Area::Loading => 1..=31,
            Area::Boot => 32..=63,
            Area::Host => 64..=95,
            Area::Update => 128..=159,
            Area::Factory => 160..=191,
        }
    }

    /// The name of the area, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Area::Loading => "loading",
            Area::Boot => "boot",
            Area::Host => "host",
            Area::Update => "update",
            Area::Factory => "factory",
        }
    }
}
