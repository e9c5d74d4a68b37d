//! Buffers that go to the kernel and come back while a share lasts.
//!
//! [`Syscalls::allow_rw`] borrows its buffer for the whole share, so an app
//! that looks into the buffer again and again would have to open a scope each
//! time. A lent buffer is a value: it is taken back, or exchanged for another
//! in a single system call, as often as wanted. libtock-rs has no such type.

use super::syscalls_impl::swap;
use super::{share, syscall_class, AllowRo, AllowRw, ErrorCode, Register, Syscalls};
use core::marker::PhantomData;

/// A buffer that is with a driver, which may read and write it.
pub struct LentRw<'scope, 'share, S: Syscalls, const DRIVER_NUM: u32, const BUFFER_NUM: u32> {
    share: share::Handle<'scope, AllowRw<'share, S, DRIVER_NUM, BUFFER_NUM>>,
    address: *mut u8,
    length: usize,
    buffer: PhantomData<&'share mut [u8]>,
}

/// A buffer that is with a driver, which may read it.
pub struct LentRo<'scope, 'share, S: Syscalls, const DRIVER_NUM: u32, const BUFFER_NUM: u32> {
    share: share::Handle<'scope, AllowRo<'share, S, DRIVER_NUM, BUFFER_NUM>>,
    address: *mut u8,
    length: usize,
    buffer: PhantomData<&'share mut [u8]>,
}

/// A refusal, with the buffer that was to be lent.
pub type Refused<'share> = (ErrorCode, &'share mut [u8]);

macro_rules! lending {
    ($lent:ident, $allow:ident, $class:ident) => {
        impl<'scope, 'share, S: Syscalls, const DRIVER_NUM: u32, const BUFFER_NUM: u32>
            $lent<'scope, 'share, S, DRIVER_NUM, BUFFER_NUM>
        {
            /// Lends `buffer`. What was lent before under this number comes
            /// back to nobody until its own value takes it back.
            ///
            /// # Errors
            /// The kernel's error, with the buffer.
            pub fn lend(
                share: share::Handle<'scope, $allow<'share, S, DRIVER_NUM, BUFFER_NUM>>,
                buffer: &'share mut [u8],
            ) -> Result<Self, Refused<'share>> {
                let lent = $lent {
                    share,
                    address: buffer.as_mut_ptr(),
                    length: buffer.len(),
                    buffer: PhantomData,
                };
                // SAFETY: `buffer` is borrowed for 'share and is not touched
                // until the kernel gave it back; the handle proves that it
                // does so before 'share ends even if the value is forgotten.
                let answer = unsafe {
                    swap::<S, { syscall_class::$class }>(
                        DRIVER_NUM,
                        BUFFER_NUM,
                        lent.address.into(),
                        lent.length.into(),
                    )
                };
                match answer {
                    Ok(_) => Ok(lent),
                    // SAFETY: the kernel did not take the buffer.
                    Err(error) => Err((error, unsafe { lent.into_slice() })),
                }
            }

            /// Takes the buffer back.
            pub fn take_back(self) -> &'share mut [u8] {
                let zero = Register::from(0usize);
                // SAFETY: the empty buffer names no memory. After the call
                // the driver does not hold ours: it was swapped out now or by
                // an earlier call with the same number.
                let _ = unsafe {
                    swap::<S, { syscall_class::$class }>(DRIVER_NUM, BUFFER_NUM, zero, zero)
                };
                // SAFETY: see above.
                unsafe { self.into_slice() }
            }

            /// Lends `next` and takes this buffer back, in one system call.
            ///
            /// # Errors
            /// The kernel's error with `next`; this buffer stays lent.
            pub fn exchange(
                self,
                next: &'share mut [u8],
            ) -> Result<(Self, &'share mut [u8]), (Self, Refused<'share>)> {
                let lent = $lent {
                    share: self.share,
                    address: next.as_mut_ptr(),
                    length: next.len(),
                    buffer: PhantomData,
                };
                // SAFETY: as for `lend`, with the handle of this buffer.
                let answer = unsafe {
                    swap::<S, { syscall_class::$class }>(
                        DRIVER_NUM,
                        BUFFER_NUM,
                        lent.address.into(),
                        lent.length.into(),
                    )
                };
                match answer {
                    // SAFETY: the swap took our buffer from the driver.
                    Ok(_) => Ok((lent, unsafe { self.into_slice() })),
                    // SAFETY: the kernel did not take `next`.
                    Err(error) => Err((self, (error, unsafe { lent.into_slice() }))),
                }
            }

            /// # Safety
            /// The kernel must not hold the buffer.
            unsafe fn into_slice(self) -> &'share mut [u8] {
                // SAFETY: address and length come from a slice that was
                // borrowed for 'share and given up for this value.
                unsafe { core::slice::from_raw_parts_mut(self.address, self.length) }
            }
        }
    };
}

lending!(LentRw, AllowRw, ALLOW_RW);
lending!(LentRo, AllowRo, ALLOW_RO);
