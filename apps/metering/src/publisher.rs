//! The readings of each second to the applications that are their readers.

use core::marker::PhantomData;

use crate::report::Session;
use libtock::apis::channel::Channel;
use libtock::platform::{ErrorCode, Syscalls};
use metrology::{EnergyTotals, Measurement, Readings};

/// Number of the channel in the meter's manifest.
pub const CHANNEL: u32 = 1;

/// Sends readings; whoever reads them, or nobody, makes no difference.
pub struct Publisher<S: Syscalls> {
    /// The kernel has the channel.
    present: bool,
    syscalls: PhantomData<S>,
}

impl<S: Syscalls> Publisher<S> {
    /// Has sent nothing.
    pub fn new() -> Self {
        Publisher {
            present: true,
            syscalls: PhantomData,
        }
    }

    /// Sends the readings of a second.
    #[inline(never)]
    pub fn publish(&mut self, session: &Session, measurement: &Measurement, totals: &EnergyTotals) {
        if !self.present {
            return;
        }
        let readings = Readings::new(
            measurement,
            totals,
            session.time_us,
            session.scans,
            session.lost_scans,
        );
        // The channel gives way to the newest, so that no other error passes.
        let sent = Channel::<S>::send(CHANNEL, &readings.to_bytes());
        self.present = sent != Err(ErrorCode::NoDevice);
    }
}

impl<S: Syscalls> Default for Publisher<S> {
    fn default() -> Self {
        Self::new()
    }
}
