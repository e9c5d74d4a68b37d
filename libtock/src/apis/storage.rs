//! Sealed records on external flash (driver 0x80000006, docs/syscalls/80000006_storage.md).

use crate::platform::lend::{LentRo, LentRw};
use crate::platform::{share, AllowRo, AllowRw, DefaultConfig, ErrorCode, Subscribe, Syscalls};
use core::cell::Cell;
use core::marker::PhantomData;
use drivers::storage::{read_only, read_write, upcall, Command, NUMBER};

/// The partitions of this application, by the numbers of the meter's manifest.
pub struct Storage<S: Syscalls>(PhantomData<S>);

/// How an operation ended: status, partition, record number or length.
type Done = Cell<Option<(u32, u32, u32)>>;

impl<S: Syscalls> Storage<S> {
    /// Whether the driver is there.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn exists() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Returns the number of the oldest record, and of the one that is appended next.
    /// Between them there may be holes.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or the partition is not this
    /// application's to read, with `Busy` while the partition is being opened after a
    /// start, with `Off` if there is no flash, and with `Fail` if that cannot be read.
    pub fn range(partition: u32) -> Result<(u32, u32), ErrorCode> {
        S::command(DRIVER_NUM, Command::Range.number(), partition, 0).to_result()
    }

    /// Returns how many records the partition keeps at least, and how many bytes a record
    /// has at most.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or the partition is not this
    /// application's to read.
    pub fn capacity(partition: u32) -> Result<(u32, u32), ErrorCode> {
        S::command(DRIVER_NUM, Command::Capacity.number(), partition, 0).to_result()
    }

    /// Starts to append the first `length` bytes of the lent buffer. [`DONE`]
    /// tells when the record is durable; until then it may be lost.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or this application does not own the
    /// partition, with `Size` if `length` exceeds a record or the buffer, with `Busy`
    /// while an operation of this application is under way, and with `Off` if there is no
    /// flash.
    pub fn start_append(partition: u32, length: usize) -> Result<(), ErrorCode> {
        S::command(
            DRIVER_NUM,
            Command::Append.number(),
            partition,
            length as u32,
        )
        .to_result()
    }

    /// Starts to read a record into the lent buffer; [`DONE`] tells its length.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or the partition is not this
    /// application's to read, with `Busy` while an operation of this application is under
    /// way, and with `Off` if there is no flash.
    pub fn start_read(partition: u32, number: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Read.number(), partition, number).to_result()
    }

    /// Appends a record, waits until it is durable and returns its number.
    ///
    /// # Errors
    /// Fails with an error of [`Storage::start_append`], and with `Fail` if the record
    /// could not be written.
    pub fn append(partition: u32, record: &[u8]) -> Result<u32, ErrorCode> {
        let done = Done::default();
        share::scope::<
            (
                AllowRo<S, DRIVER_NUM, APPEND_BUFFER>,
                Subscribe<S, DRIVER_NUM, DONE>,
            ),
            _,
            _,
        >(|handle| {
            let (allow_ro, subscribe) = handle.split();
            S::allow_ro::<DefaultConfig, DRIVER_NUM, APPEND_BUFFER>(allow_ro, record)?;
            S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, DONE>(subscribe, &done)?;
            Self::start_append(partition, record.len())?;
            Self::wait(&done)
        })
    }

    /// Reads a record into `buffer`, waits for it and returns its bytes.
    ///
    /// # Errors
    /// Fails with `Uninstalled` if the record was overwritten, never whole or never
    /// written, with `Fail` if it is not authentic, with `Size` if `buffer` is too short,
    /// and with an error of [`Storage::start_read`].
    pub fn read(partition: u32, number: u32, buffer: &mut [u8]) -> Result<&[u8], ErrorCode> {
        let done = Done::default();
        let length = share::scope::<
            (
                AllowRw<S, DRIVER_NUM, READ_BUFFER>,
                Subscribe<S, DRIVER_NUM, DONE>,
            ),
            _,
            _,
        >(|handle| {
            let (allow_rw, subscribe) = handle.split();
            S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, DONE>(subscribe, &done)?;
            let lent = LentRw::lend(allow_rw, &mut *buffer).map_err(|(error, _)| error)?;
            let started = Self::start_read(partition, number);
            let result = started.and_then(|()| Self::wait(&done));
            lent.take_back();
            result
        })?;
        buffer.get(..length as usize).ok_or(ErrorCode::BadRVal)
    }

    fn wait(done: &Done) -> Result<u32, ErrorCode> {
        loop {
            S::yield_wait();
            match done.get() {
                None => {}
                Some((0, _, value)) => return Ok(value),
                Some((status, ..)) => return Err(ErrorCode::from_kernel(status)),
            }
        }
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Subscribe number: an operation has ended (status, partition, record number or
/// length).
pub const DONE: u32 = upcall::DONE;

/// Read-only buffer number of the record to append.
pub const APPEND_BUFFER: u32 = read_only::RECORD;

/// Read-write buffer number that records are read to.
pub const READ_BUFFER: u32 = read_write::RECORD;

/// A buffer to append that is with the driver.
pub type LentForAppend<'scope, 'share, S> = LentRo<'scope, 'share, S, DRIVER_NUM, APPEND_BUFFER>;

/// A buffer to read to that is with the driver.
pub type LentForRead<'scope, 'share, S> = LentRw<'scope, 'share, S, DRIVER_NUM, READ_BUFFER>;
