//! Serial console (driver 0x1).

use crate::platform::{
    self, lend::LentRo, lend::LentRw, share, AllowRo, AllowRw, DefaultConfig, ErrorCode, Subscribe,
    Syscalls,
};
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use drivers::console::{read_only, read_write, upcall, Command, NUMBER};

/// The console: bytes out and in.
pub struct Console<S: Syscalls, C: Config = DefaultConfig>(PhantomData<S>, PhantomData<C>);

impl<S: Syscalls, C: Config> Console<S, C> {
    /// Returns whether the kernel has the driver.
    pub fn exists() -> bool {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).is_success()
    }

    /// Writes all bytes and waits until they are out.
    ///
    /// # Errors
    /// Fails with `Busy` while another write is under way, with `NoDevice` if the kernel
    /// does not have the driver, and with what the kernel says of buffer or subscription.
    pub fn write(s: &[u8]) -> Result<(), ErrorCode> {
        let written: Cell<Option<(u32,)>> = Cell::new(None);
        share::scope::<
            (
                AllowRo<S, DRIVER_NUM, WRITE_BUFFER>,
                Subscribe<S, DRIVER_NUM, WRITTEN>,
            ),
            _,
            _,
        >(|handle| {
            let (allow_ro, subscribe) = handle.split();
            S::allow_ro::<C, DRIVER_NUM, WRITE_BUFFER>(allow_ro, s)?;
            S::subscribe::<_, _, C, DRIVER_NUM, WRITTEN>(subscribe, &written)?;
            Self::start_write(s.len())?;
            while written.get().is_none() {
                S::yield_wait();
            }
            Ok(())
        })
    }

    /// Reads until `buf` is full or the driver stops. Returns how many bytes it put at the
    /// start of `buf`, and how the read ended: with the driver's error, with
    /// `Busy` while another one is under way, or with `NoDevice` without the driver.
    pub fn read(buf: &mut [u8]) -> (usize, Result<(), ErrorCode>) {
        let done: Cell<Option<(u32, u32)>> = Cell::new(None);
        let length = buf.len();
        let result = share::scope::<
            (
                AllowRw<S, DRIVER_NUM, READ_BUFFER>,
                Subscribe<S, DRIVER_NUM, READ>,
            ),
            _,
            _,
        >(|handle| {
            let (allow_rw, subscribe) = handle.split();
            S::allow_rw::<C, DRIVER_NUM, READ_BUFFER>(allow_rw, buf)?;
            S::subscribe::<_, _, C, DRIVER_NUM, READ>(subscribe, &done)?;
            Self::start_read(length)?;
            loop {
                S::yield_wait();
                match done.get() {
                    None => {}
                    Some((0, _)) => return Ok(()),
                    Some((status, _)) => return Err(ErrorCode::from_kernel(status)),
                }
            }
        });
        let bytes = done.get().map_or(0, |(_, bytes)| bytes as usize);
        (bytes.min(length), result)
    }

    /// Returns a sink for `write!`.
    pub fn writer() -> ConsoleWriter<S> {
        ConsoleWriter(PhantomData)
    }

    /// Starts to write the first `length` bytes of the lent buffer. The upcall
    /// [`WRITTEN`] says when they are out.
    ///
    /// # Errors
    /// Fails with `Busy` while a write is under way, and with `NoDevice` without the driver.
    pub fn start_write(length: usize) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Write.number(), length as u32, 0).to_result()
    }

    /// Starts to read `length` bytes into the lent buffer. The upcall [`READ`]
    /// says when the read has ended.
    ///
    /// # Errors
    /// Fails with `Busy` while a read is under way, and with `NoDevice` without the driver.
    pub fn start_read(length: usize) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Read.number(), length as u32, 0).to_result()
    }

    /// Ends the read that is under way; its upcall still comes.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn abort_read() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::AbortRead.number(), 0, 0).to_result()
    }
}

/// A sink for `write!` that waits until the bytes are out.
pub struct ConsoleWriter<S: Syscalls>(PhantomData<S>);

impl<S: Syscalls> fmt::Write for ConsoleWriter<S> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        Console::<S>::write(s.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// What to do about unusual answers to the console's system calls.
pub trait Config:
    platform::allow_ro::Config + platform::allow_rw::Config + platform::subscribe::Config
{
}

impl<T: platform::allow_ro::Config + platform::allow_rw::Config + platform::subscribe::Config>
    Config for T
{
}

/// A buffer lent for writing.
pub type LentForWrite<'scope, 'share, S> = LentRo<'scope, 'share, S, DRIVER_NUM, WRITE_BUFFER>;

/// A buffer lent for reading.
pub type LentForRead<'scope, 'share, S> = LentRw<'scope, 'share, S, DRIVER_NUM, READ_BUFFER>;

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Subscribe number: a write has ended (bytes, 0, 0).
pub const WRITTEN: u32 = upcall::WRITTEN;

/// Subscribe number: a read has ended (status, bytes, 0).
pub const READ: u32 = upcall::READ;

/// Read-only buffer number of what is to be written.
pub const WRITE_BUFFER: u32 = read_only::WRITE;

/// Read-write buffer number of what is being read.
pub const READ_BUFFER: u32 = read_write::READ;
