//! The app's side of the energy store: what it reads at start, and the record on its way.

use crate::drivers::energy_store::{
    self, Kind, LentRecord, APPEND_BUFFER, DRIVER_NUM, RECORD_BYTES,
};
use libtock::apis::alarm::{Alarm, Milliseconds};
use libtock::platform::share::Handle;
use libtock::platform::{AllowRo, ErrorCode, Syscalls};

type Share<'scope, 'share, S> = Handle<'scope, AllowRo<'share, S, DRIVER_NUM, APPEND_BUFFER>>;

/// A store that is not ready is asked again after this time,
const RETRY: Milliseconds = Milliseconds(20);
/// this many times.
const RETRIES: u32 = 250;

/// Records on their way to the energy store, one at a time.
pub struct EnergyStore<'scope, 'share, S: Syscalls> {
    share: Share<'scope, 'share, S>,
    held: Option<&'share mut [u8]>,
    lent: Option<(Kind, LentRecord<'scope, 'share, S>)>,
}

/// What the store has of a kind.
#[derive(Debug, PartialEq, Eq)]
pub enum Stored<T> {
    /// A record.
    Record(T),
    /// Nothing was ever written.
    Nothing,
    /// Something that cannot be read, or the store itself cannot be. It must
    /// not be written over.
    Unreadable,
}

/// Reads and decodes the newest record of a kind.
pub fn load<S: Syscalls, T, E>(kind: Kind, decode: impl Fn(&[u8]) -> Result<T, E>) -> Stored<T> {
    let mut buffer = [0; RECORD_BYTES];
    for _ in 0..RETRIES {
        match energy_store::newest::<S>(kind, &mut buffer) {
            Ok(bytes) => return decode(bytes).map_or(Stored::Unreadable, Stored::Record),
            Err(ErrorCode::Uninstalled) => return Stored::Nothing,
            Err(ErrorCode::Busy) => {}
            Err(_) => return Stored::Unreadable,
        }
        if Alarm::<S>::sleep_for(RETRY).is_err() {
            break;
        }
    }
    Stored::Unreadable
}

impl<'scope, 'share, S: Syscalls> EnergyStore<'scope, 'share, S> {
    /// With nothing on its way.
    pub fn new(share: Share<'scope, 'share, S>, buffer: &'share mut [u8; RECORD_BYTES]) -> Self {
        EnergyStore {
            share,
            held: Some(buffer),
            lent: None,
        }
    }

    /// Whether a record can be appended now.
    pub fn is_idle(&self) -> bool {
        self.held.is_some()
    }

    /// Starts to append a record.
    ///
    /// # Errors
    /// `Busy` while another is on its way; `Size` for one that is too large;
    /// the driver's.
    pub fn append(&mut self, kind: Kind, record: &[u8]) -> Result<(), ErrorCode> {
        if record.len() > RECORD_BYTES {
            return Err(ErrorCode::Size);
        }
        let buffer = self.held.take().ok_or(ErrorCode::Busy)?;
        buffer[..record.len()].copy_from_slice(record);
        let lent = LentRecord::lend(self.share, buffer).map_err(|(error, buffer)| {
            self.held = Some(buffer);
            error
        })?;
        match energy_store::append::<S>(kind, record.len()) {
            Ok(()) => {
                self.lent = Some((kind, lent));
                Ok(())
            }
            Err(error) => {
                self.held = Some(lent.take_back());
                Err(error)
            }
        }
    }

    /// The store says that an append of `kind` has ended. Gives what it was;
    /// the store has other things to tell too.
    pub fn appended(&mut self, kind: u32) -> Option<Kind> {
        let (kind, lent) = self.lent.take_if(|(ours, _)| *ours as u32 == kind)?;
        self.held = Some(lent.take_back());
        Some(kind)
    }
}
