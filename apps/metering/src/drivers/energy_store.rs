//! System calls of the energy store (docs/syscalls/80000002_energy_store.md).

use drivers::energy_store::{read_only, read_write, upcall, Command, NUMBER};
pub use drivers::energy_store::{Kind, RECORD_BYTES};
use libtock::platform::lend::{LentRo, LentRw};
use libtock::platform::{share, AllowRw, ErrorCode, Syscalls};

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Subscribe number: an append has ended (status, kind, sequence).
pub const APPENDED: u32 = upcall::DONE;

/// Read-only buffer number of the record to append.
pub const APPEND_BUFFER: u32 = read_only::RECORD;

/// Read-write buffer number that records are read to.
pub const READ_BUFFER: u32 = read_write::RECORD;

/// A record buffer that is with the driver.
pub type LentRecord<'scope, 'share, S> = LentRo<'scope, 'share, S, DRIVER_NUM, APPEND_BUFFER>;

/// Starts to append the first `length` bytes of the lent buffer. Until the
/// upcall says so, the record may be lost with the power.
///
/// # Errors
/// `Busy` an append is under way; `Size`; `Invalid`.
pub fn append<S: Syscalls>(kind: Kind, length: usize) -> Result<(), ErrorCode> {
    S::command(
        DRIVER_NUM,
        Command::Append.number(),
        kind as u32,
        length as u32,
    )
    .to_result()
}

/// Reads the newest record of a kind into `buffer`. Gives the record's bytes.
///
/// # Errors
/// `Uninstalled` there is none; `Size` the buffer is too short; `Busy` the
/// store is not ready yet.
pub fn newest<S: Syscalls>(kind: Kind, buffer: &mut [u8]) -> Result<&[u8], ErrorCode> {
    let length = share::scope::<AllowRw<S, DRIVER_NUM, READ_BUFFER>, _, _>(|handle| {
        let lent = LentRw::lend(handle, &mut *buffer).map_err(|(error, _)| error)?;
        let answer: Result<(u32, u32), ErrorCode> =
            S::command(DRIVER_NUM, Command::Newest.number(), kind as u32, 0).to_result();
        lent.take_back();
        answer.map(|(length, _sequence)| length as usize)
    })?;
    buffer.get(..length).ok_or(ErrorCode::BadRVal)
}
