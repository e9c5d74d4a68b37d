//! Buffers that processes share with capsules.
//!
//! Processes may share overlapping buffers, and keep writing to what they
//! share; so a buffer is never a Rust slice of bytes but a slice of cells, and
//! every access goes through one. A buffer is reached only while its process is
//! alive, and only inside a closure.

use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::{Deref, Index, Range, RangeFrom, RangeTo};
use core::ptr::NonNull;
use core::slice;

use crate::capabilities;
use crate::process::{self, ProcessId};
use crate::ErrorCode;

/// A buffer that may be read.
///
/// # Safety
///
/// [`ptr`](Self::ptr) points to memory of a process that may be read, for the
/// length that [`len`](Self::len) tells.
#[allow(clippy::len_without_is_empty)]
pub unsafe trait ReadableProcessBuffer {
    /// Its length in bytes; 0 when its process is gone.
    fn len(&self) -> usize;

    /// Its address; null when its length is 0.
    fn ptr(&self) -> *const u8;

    /// Gives access to it.
    ///
    /// # Errors
    ///
    /// NoSuchApp when its process is gone, or there never was one.
    fn enter<F, R>(&self, fun: F) -> Result<R, process::Error>
    where
        F: FnOnce(&ReadableProcessSlice) -> R;
}

/// A buffer that may be read and written.
///
/// # Safety
///
/// What [`mut_ptr`](Self::mut_ptr) points to may also be written.
pub unsafe trait WriteableProcessBuffer: ReadableProcessBuffer {
    /// Its address; null when its length is 0.
    fn mut_ptr(&self) -> *mut u8 {
        self.ptr().cast_mut()
    }

    /// Gives access to it.
    ///
    /// # Errors
    ///
    /// NoSuchApp when its process is gone, or there never was one.
    fn mut_enter<F, R>(&self, fun: F) -> Result<R, process::Error>
    where
        F: FnOnce(&WriteableProcessSlice) -> R;
}

/// Where a buffer lies, and whose it is.
struct Location {
    start: *const u8,
    len: usize,
    process_id: Option<ProcessId>,
}

impl Location {
    const EMPTY: Location = Location {
        start: core::ptr::null(),
        len: 0,
        process_id: None,
    };

    fn is_alive(&self) -> bool {
        self.process_id
            .is_some_and(|id| id.kernel.get_process(id).is_some())
    }

    fn len(&self) -> usize {
        if self.is_alive() {
            self.len
        } else {
            0
        }
    }

    fn ptr(&self) -> *const u8 {
        if self.len == 0 {
            core::ptr::null()
        } else {
            self.start
        }
    }

    /// The bytes, as long as the process is alive.
    #[inline]
    fn cells(&self) -> Result<&[Cell<u8>], process::Error> {
        if !self.is_alive() {
            return Err(process::Error::NoSuchApp);
        }
        let start = match NonNull::new(self.ptr().cast_mut()) {
            Some(start) => start.cast::<Cell<u8>>(),
            None => NonNull::dangling(),
        };
        // SAFETY: who made this buffer has vouched for its memory as long as the
        // process is alive. References to it exist to cells only, which may
        // overlap each other.
        Ok(unsafe { slice::from_raw_parts(start.as_ptr(), self.len) })
    }
}

/// Defines one kind of buffer and its access for reading.
macro_rules! buffer {
    ($(#[$doc:meta])* $name:ident, $pointer:ty) => {
        $(#[$doc])*
        pub struct $name {
            location: Location,
        }

        impl $name {
            /// A buffer of a process.
            ///
            /// # Safety
            ///
            /// Unless `len` is 0, `ptr` is not null and the bytes are memory of
            /// that process that is accessible, as this kind of buffer needs it,
            /// as long as the process is alive under that identifier; no
            /// references other than to cells exist to it.
            pub(crate) unsafe fn new(ptr: $pointer, len: usize, process_id: ProcessId) -> Self {
                Self {
                    location: Location {
                        start: ptr,
                        len,
                        process_id: Some(process_id),
                    },
                }
            }

            /// As the kernel makes one, for processes that are implemented
            /// elsewhere.
            ///
            /// # Safety
            ///
            /// Unless `len` is 0, `ptr` is not null and the bytes are memory of
            /// that process that is accessible, as this kind of buffer needs it,
            /// as long as the process is alive under that identifier; no
            /// references other than to cells exist to it.
            pub unsafe fn new_external(
                ptr: $pointer,
                len: usize,
                process_id: ProcessId,
                _capability: &dyn capabilities::ExternalProcessCapability,
            ) -> Self {
                // SAFETY: the caller vouches for the same.
                unsafe { Self::new(ptr, len, process_id) }
            }

            /// Address and length as the process passed them.
            #[allow(dead_code)]
            pub(crate) fn consume(self) -> ($pointer, usize) {
                (self.location.start as $pointer, self.location.len)
            }
        }

        // SAFETY: who made the buffer has vouched for its memory.
        unsafe impl ReadableProcessBuffer for $name {
            fn len(&self) -> usize {
                self.location.len()
            }

            fn ptr(&self) -> *const u8 {
                self.location.ptr()
            }

            fn enter<F, R>(&self, fun: F) -> Result<R, process::Error>
            where
                F: FnOnce(&ReadableProcessSlice) -> R,
            {
                self.location
                    .cells()
                    .map(|cells| fun(ReadableProcessSlice::from_cells(cells)))
            }
        }

        impl Default for $name {
            /// An empty buffer of no process.
            fn default() -> Self {
                Self {
                    location: Location::EMPTY,
                }
            }
        }
    };
}

/// Defines access for writing.
macro_rules! writeable {
    ($name:ident) => {
        // SAFETY: who made the buffer has vouched for its memory.
        unsafe impl WriteableProcessBuffer for $name {
            fn mut_enter<F, R>(&self, fun: F) -> Result<R, process::Error>
            where
                F: FnOnce(&WriteableProcessSlice) -> R,
            {
                self.location
                    .cells()
                    .map(|cells| fun(WriteableProcessSlice::from_cells(cells)))
            }
        }
    };
}

buffer!(
    /// A buffer that was shared with read-only allow.
    ReadOnlyProcessBuffer,
    *const u8
);
buffer!(
    /// A buffer that was shared with read-write allow.
    ReadWriteProcessBuffer,
    *mut u8
);
buffer!(
    /// A buffer that was shared with userspace-readable allow: the process reads
    /// it while the kernel writes.
    UserspaceReadableProcessBuffer,
    *mut u8
);
writeable!(ReadWriteProcessBuffer);
writeable!(UserspaceReadableProcessBuffer);

impl ReadWriteProcessBuffer {
    /// The same memory, as the process shared it for reading along.
    pub(crate) fn into_userspace_readable(self) -> UserspaceReadableProcessBuffer {
        UserspaceReadableProcessBuffer {
            location: self.location,
        }
    }

    /// An empty buffer of no process, for statics.
    pub const fn const_default() -> Self {
        Self {
            location: Location::EMPTY,
        }
    }
}

/// A [`ReadOnlyProcessBuffer`] for no longer than a grant is entered.
pub struct ReadOnlyProcessBufferRef<'a> {
    buffer: ReadOnlyProcessBuffer,
    _grant: PhantomData<&'a ()>,
}

impl ReadOnlyProcessBufferRef<'_> {
    /// # Safety
    ///
    /// As for [`ReadOnlyProcessBuffer::new`], for the lifetime.
    pub(crate) unsafe fn new(ptr: *const u8, len: usize, process_id: ProcessId) -> Self {
        Self {
            // SAFETY: the caller vouches for the same.
            buffer: unsafe { ReadOnlyProcessBuffer::new(ptr, len, process_id) },
            _grant: PhantomData,
        }
    }
}

impl Deref for ReadOnlyProcessBufferRef<'_> {
    type Target = ReadOnlyProcessBuffer;

    fn deref(&self) -> &Self::Target {
        &self.buffer
    }
}

/// A [`ReadWriteProcessBuffer`] for no longer than a grant is entered.
pub struct ReadWriteProcessBufferRef<'a> {
    buffer: ReadWriteProcessBuffer,
    _grant: PhantomData<&'a ()>,
}

impl ReadWriteProcessBufferRef<'_> {
    /// # Safety
    ///
    /// As for [`ReadWriteProcessBuffer::new`], for the lifetime.
    pub(crate) unsafe fn new(ptr: *mut u8, len: usize, process_id: ProcessId) -> Self {
        Self {
            // SAFETY: the caller vouches for the same.
            buffer: unsafe { ReadWriteProcessBuffer::new(ptr, len, process_id) },
            _grant: PhantomData,
        }
    }
}

impl Deref for ReadWriteProcessBufferRef<'_> {
    type Target = ReadWriteProcessBuffer;

    fn deref(&self) -> &Self::Target {
        &self.buffer
    }
}

/// One byte that may be read.
#[repr(transparent)]
pub struct ReadableProcessByte {
    cell: Cell<u8>,
}

impl ReadableProcessByte {
    /// Its value now.
    #[inline]
    pub fn get(&self) -> u8 {
        self.cell.get()
    }
}

/// Bytes that may be read.
#[repr(transparent)]
#[allow(clippy::len_without_is_empty)]
pub struct ReadableProcessSlice {
    cells: [ReadableProcessByte],
}

/// Bytes that may be read and written.
#[repr(transparent)]
#[allow(clippy::len_without_is_empty)]
pub struct WriteableProcessSlice {
    cells: [Cell<u8>],
}

impl ReadableProcessSlice {
    #[inline]
    fn from_cells(cells: &[Cell<u8>]) -> &Self {
        // SAFETY: both are transparent around a slice of cells.
        unsafe { &*(cells as *const [Cell<u8>] as *const Self) }
    }

    #[inline]
    fn from_bytes(bytes: &[ReadableProcessByte]) -> &Self {
        // SAFETY: transparent around a slice of these.
        unsafe { &*(bytes as *const [ReadableProcessByte] as *const Self) }
    }

    #[inline]
    fn as_cells(&self) -> &[Cell<u8>] {
        // SAFETY: both are transparent around a slice of cells.
        unsafe { &*(self as *const Self as *const [Cell<u8>]) }
    }
}

impl WriteableProcessSlice {
    #[inline]
    fn from_cells(cells: &[Cell<u8>]) -> &Self {
        // SAFETY: transparent around a slice of cells.
        unsafe { &*(cells as *const [Cell<u8>] as *const Self) }
    }

    #[inline]
    fn as_cells(&self) -> &[Cell<u8>] {
        &self.cells
    }

    /// Copies all of `src` here.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    pub fn copy_from_slice(&self, src: &[u8]) {
        if self.copy_from_slice_or_err(src).is_err() {
            length_mismatch();
        }
    }

    /// Copies all of `src` here.
    ///
    /// # Errors
    ///
    /// SIZE if the lengths differ; nothing is copied.
    pub fn copy_from_slice_or_err(&self, src: &[u8]) -> Result<(), ErrorCode> {
        if src.len() != self.cells.len() {
            return Err(ErrorCode::SIZE);
        }
        for (cell, byte) in self.cells.iter().zip(src) {
            cell.set(*byte);
        }
        Ok(())
    }
}

/// What names a byte or a part of a slice: a number or a range.
pub trait ProcessSliceIndex<S: ?Sized> {
    /// What it names.
    type Output: ?Sized;

    /// It, if the slice is long enough.
    fn get(self, slice: &S) -> Option<&Self::Output>;

    /// It; panics if the slice is too short.
    fn index(self, slice: &S) -> &Self::Output;
}

#[cold]
fn length_mismatch() -> ! {
    panic!("source and destination have different lengths")
}

/// Defines what both kinds of slices can.
macro_rules! slice_methods {
    ($slice:ident, $element:ty, $wrap:expr) => {
        impl $slice {
            /// Copies all of it to `dest`.
            ///
            /// # Panics
            ///
            /// If the lengths differ.
            pub fn copy_to_slice(&self, dest: &mut [u8]) {
                if self.copy_to_slice_or_err(dest).is_err() {
                    length_mismatch();
                }
            }

            /// Copies all of it to `dest`.
            ///
            /// # Errors
            ///
            /// SIZE if the lengths differ; nothing is copied.
            pub fn copy_to_slice_or_err(&self, dest: &mut [u8]) -> Result<(), ErrorCode> {
                if dest.len() != self.len() {
                    return Err(ErrorCode::SIZE);
                }
                for (byte, cell) in dest.iter_mut().zip(self.as_cells()) {
                    *byte = cell.get();
                }
                Ok(())
            }

            /// Its length in bytes.
            #[inline]
            pub fn len(&self) -> usize {
                self.cells.len()
            }

            /// Its bytes.
            pub fn iter(&self) -> slice::Iter<'_, $element> {
                self.cells.iter()
            }

            /// Its parts of `chunk_size` bytes; the last may be shorter.
            pub fn chunks(&self, chunk_size: usize) -> impl Iterator<Item = &$slice> {
                self.cells.chunks(chunk_size).map($wrap)
            }

            /// The byte at an index or a part, if it is long enough.
            pub fn get<I: ProcessSliceIndex<Self>>(
                &self,
                index: I,
            ) -> Option<&<I as ProcessSliceIndex<Self>>::Output> {
                index.get(self)
            }

            /// The part before `range.end`, if it is long enough.
            pub fn get_to(&self, range: RangeTo<usize>) -> Option<&$slice> {
                self.get(range)
            }

            /// The part from `range.start` on, if it is long enough.
            pub fn get_from(&self, range: RangeFrom<usize>) -> Option<&$slice> {
                self.get(range)
            }
        }

        impl ProcessSliceIndex<$slice> for usize {
            type Output = $element;

            fn get(self, slice: &$slice) -> Option<&$element> {
                slice.cells.get(self)
            }

            fn index(self, slice: &$slice) -> &$element {
                &slice.cells[self]
            }
        }

        slice_methods!($slice, $wrap, Range<usize>, RangeTo<usize>, RangeFrom<usize>);

        impl<I: ProcessSliceIndex<Self>> Index<I> for $slice {
            type Output = I::Output;

            fn index(&self, index: I) -> &I::Output {
                index.index(self)
            }
        }
    };
    ($slice:ident, $wrap:expr, $($range:ty),*) => {
        $(
            impl ProcessSliceIndex<$slice> for $range {
                type Output = $slice;

                fn get(self, slice: &$slice) -> Option<&$slice> {
                    slice.cells.get(self).map($wrap)
                }

                fn index(self, slice: &$slice) -> &$slice {
                    $wrap(&slice.cells[self])
                }
            }
        )*
    };
}

slice_methods!(
    ReadableProcessSlice,
    ReadableProcessByte,
    ReadableProcessSlice::from_bytes
);
slice_methods!(
    WriteableProcessSlice,
    Cell<u8>,
    WriteableProcessSlice::from_cells
);
