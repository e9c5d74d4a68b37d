//! Random numbers (driver 0x40001).

use crate::platform::subscribe::OneId;
use crate::platform::{share, AllowRw, DefaultConfig, ErrorCode, Subscribe, Syscalls, Upcall};
use core::cell::Cell;
use drivers::rng::{read_write, upcall, Command, NUMBER};

/// The kernel's source of random bytes.
pub struct Rng<S: Syscalls>(S);

impl<S: Syscalls> Rng<S> {
    /// Whether the driver is there.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn exists() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Asks for `n` bytes in the buffer that was allowed, or as many as it holds.
    ///
    /// # Errors
    /// Fails with `Busy` while a request is under way, with `Size` or `Invalid` if the
    /// driver checks `n` and it is too large, and with `NoDevice` without the driver.
    pub fn get_bytes_async(n: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Get.number(), n, 0).to_result()
    }

    /// Gives the driver a buffer to fill.
    ///
    /// # Errors
    /// Fails with the error of [`Syscalls::allow_rw`], `NoDevice` without the driver.
    pub fn allow_buffer<'share>(
        buf: &'share mut [u8],
        allow_rw: share::Handle<AllowRw<'share, S, DRIVER_NUM, BUFFER>>,
    ) -> Result<(), ErrorCode> {
        S::allow_rw::<DefaultConfig, DRIVER_NUM, BUFFER>(allow_rw, buf)
    }

    /// Takes the buffer back.
    pub fn unallow_buffer() {
        S::unallow_rw(DRIVER_NUM, BUFFER);
    }

    /// Has `listener` called when bytes are there.
    ///
    /// # Errors
    /// Fails with the error of [`Syscalls::subscribe`], `NoDevice` without the driver.
    pub fn register_listener<'share, F: Fn(u32)>(
        listener: &'share RngListener<F>,
        subscribe: share::Handle<Subscribe<'share, S, DRIVER_NUM, BYTES_READY>>,
    ) -> Result<(), ErrorCode> {
        S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, BYTES_READY>(subscribe, listener)
    }

    /// Has no listener called any more.
    pub fn unregister_listener() {
        S::unsubscribe(DRIVER_NUM, BYTES_READY);
    }

    /// Fills the first `n` bytes of `buf`, or all of it, and waits for that.
    ///
    /// # Errors
    /// Fails with an error of [`Rng::get_bytes_async`] or of [`Rng::allow_buffer`], or with
    /// the one that the driver ends with.
    pub fn get_bytes_sync(buf: &mut [u8], n: u32) -> Result<(), ErrorCode> {
        let filled: Cell<Option<(u32, u32)>> = Cell::new(None);
        share::scope::<
            (
                AllowRw<S, DRIVER_NUM, BUFFER>,
                Subscribe<S, DRIVER_NUM, BYTES_READY>,
            ),
            _,
            _,
        >(|handle| {
            let (allow_rw, subscribe) = handle.split();
            Self::allow_buffer(buf, allow_rw)?;
            S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, BYTES_READY>(subscribe, &filled)?;
            Self::get_bytes_async(n)?;
            loop {
                S::yield_wait();
                match filled.get() {
                    None => {}
                    Some((0, _)) => return Ok(()),
                    Some((status, _)) => return Err(ErrorCode::from_kernel(status)),
                }
            }
        })
    }
}

/// A closure to be called with the number of bytes that were filled.
pub struct RngListener<F: Fn(u32)>(pub F);

impl<F: Fn(u32)> Upcall<OneId<DRIVER_NUM, BYTES_READY>> for RngListener<F> {
    fn upcall(&self, _status: u32, bytes: u32, _: u32) {
        (self.0)(bytes);
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

const BYTES_READY: u32 = upcall::DONE;
const BUFFER: u32 = read_write::BUFFER;
