//! The share that keeps a read-only buffer with a driver.

use super::share::List;
use super::Syscalls;
use core::cell::Cell;
use core::marker::PhantomData;

/// A share of a buffer that the driver may read: while it lives, one may be
/// allowed; when it ends, the empty buffer replaces it. Made by
/// [`share::scope`](super::share::scope).
pub struct AllowRo<'share, S: Syscalls, const DRIVER_NUM: u32, const BUFFER_NUM: u32> {
    syscalls: PhantomData<S>,
    // `Cell` makes the lifetime invariant: a share that ends late must not
    // take a buffer that ends early.
    share: PhantomData<Cell<&'share [u8]>>,
}

impl<S: Syscalls, const DRIVER_NUM: u32, const BUFFER_NUM: u32> Default
    for AllowRo<'_, S, DRIVER_NUM, BUFFER_NUM>
{
    fn default() -> Self {
        AllowRo {
            syscalls: PhantomData,
            share: PhantomData,
        }
    }
}

impl<S: Syscalls, const DRIVER_NUM: u32, const BUFFER_NUM: u32> Drop
    for AllowRo<'_, S, DRIVER_NUM, BUFFER_NUM>
{
    fn drop(&mut self) {
        S::unallow_ro(DRIVER_NUM, BUFFER_NUM);
    }
}

impl<S: Syscalls, const DRIVER_NUM: u32, const BUFFER_NUM: u32> List
    for AllowRo<'_, S, DRIVER_NUM, BUFFER_NUM>
{
}

/// What to do about unusual answers to read-only allow.
pub trait Config {
    /// Another buffer was shared before. The default ignores that.
    fn returned_nonzero_buffer(_driver_num: u32, _buffer_num: u32) {}
}
