//! Records that survive a power cut, of energy registers and calibration: driver 0x80000002.

crate::definition::driver! {
    "energy_store" = 0x8000_0002;
    commands {
        /// Append the first bytes of the record buffer as the newest record of a kind;
        /// [`upcall::DONE`] follows.
        1 = Append "append": FAIL BUSY RESERVE INVAL SIZE;
        /// Copy the newest record of a kind; tells its length and sequence.
        2 = Newest "newest": FAIL BUSY INVAL SIZE UNINSTALLED;
        /// Sequence of the newest record, and erases of the most erased page.
        3 = Wear "wear":;
    }
    upcalls {
        /// An append has ended: (status, kind, sequence); or the store is ready for one that
        /// was told BUSY by `newest`: (0, [`REPAIRED`](super::REPAIRED), 0).
        0 = DONE;
    }
    read_only {
        /// The record to append.
        0 = RECORD;
    }
    read_write {
        /// Where to put the newest record.
        0 = RECORD;
    }
}

crate::named::named! {
    /// What a record is about.
    enum Kind {
        /// Energy registers: written often.
        0 = Registers "registers",
        /// Calibration: written a few times in the meter's life.
        1 = Calibration "calibration",
    }
}

impl Kind {
    /// Its number, as the place in an array of all kinds.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The kind that the upcall names when the store has become ready.
pub const REPAIRED: u32 = u32::MAX;

/// Bytes of the longest record.
pub const RECORD_BYTES: usize = 112;
