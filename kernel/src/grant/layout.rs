//! Where the parts of a grant lie in its memory.

use core::cell::Cell;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;
use core::slice;

use crate::process::{Error, Process};
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

/// What a process subscribed to.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct SavedUpcall {
    pub(super) appdata: MachineRegister,
    /// Null when nothing is subscribed.
    pub(super) fn_ptr: CapabilityPtr,
}

/// A buffer that a process shared.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct SavedBuffer {
    pub(super) ptr: *mut u8,
    pub(super) len: usize,
}

impl SavedBuffer {
    const NONE: SavedBuffer = SavedBuffer {
        ptr: core::ptr::null_mut(),
        len: 0,
    };
}

/// How much a grant holds for the kernel. Its first word, too.
#[repr(C, align(4))]
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) upcalls: u8,
    pub(super) allow_ros: u8,
    pub(super) allow_rws: u8,
}

/// Offsets from the start of a grant, in bytes.
struct Offsets {
    upcalls: usize,
    allow_ros: usize,
    allow_rws: usize,
    end: usize,
}

impl Counts {
    const fn offsets(self) -> Offsets {
        // All parts have the alignment of a word.
        let upcalls = size_of::<usize>();
        let allow_ros = upcalls + self.upcalls as usize * size_of::<SavedUpcall>();
        let allow_rws = allow_ros + self.allow_ros as usize * size_of::<SavedBuffer>();
        let end = allow_rws + self.allow_rws as usize * size_of::<SavedBuffer>();
        Offsets {
            upcalls,
            allow_ros,
            allow_rws,
            end,
        }
    }

    const fn data_offset<T>(self) -> usize {
        self.offsets().end.next_multiple_of(align_of::<T>())
    }

    /// The size of a grant with these counts and a `T`, in bytes.
    pub(super) const fn size_with<T>(self) -> usize {
        self.data_offset::<T>() + size_of::<T>()
    }

    /// The alignment of a grant with a `T`.
    pub(super) const fn align_with<T>() -> usize {
        if align_of::<T>() > align_of::<usize>() {
            align_of::<T>()
        } else {
            align_of::<usize>()
        }
    }

    /// Fills a grant: counts, nothing subscribed, nothing shared, a default `T`.
    ///
    /// # Safety
    ///
    /// `memory` has size and alignment of [`size_with`](Self::size_with) and
    /// [`align_with`](Self::align_with), and nothing refers to it.
    pub(super) unsafe fn initialize<T: Default>(self, memory: NonNull<u8>) {
        let offsets = self.offsets();
        let upcalls: *mut SavedUpcall = memory.as_ptr().wrapping_add(offsets.upcalls).cast();
        let buffers: *mut SavedBuffer = memory.as_ptr().wrapping_add(offsets.allow_ros).cast();
        let data: *mut T = memory.as_ptr().wrapping_add(self.data_offset::<T>()).cast();
        // SAFETY: all of it lies in the grant, by the same offsets as its size,
        // and is aligned.
        unsafe {
            memory.cast::<Counts>().write(self);
            for index in 0..usize::from(self.upcalls) {
                upcalls.add(index).write(SavedUpcall::default());
            }
            for index in 0..usize::from(self.allow_ros) + usize::from(self.allow_rws) {
                buffers.add(index).write(SavedBuffer::NONE);
            }
            data.write(T::default());
        }
    }
}

/// A grant that is entered; dropping it leaves the grant.
pub(super) struct EnteredGrant<'a> {
    process: &'a dyn Process,
    grant_num: usize,
    memory: NonNull<u8>,
    counts: Counts,
}

impl<'a> EnteredGrant<'a> {
    /// Enters a grant that has been allocated and filled.
    pub(super) fn enter(process: &'a dyn Process, grant_num: usize) -> Result<Self, Error> {
        let memory = process.enter_grant(grant_num)?;
        // SAFETY: every allocated grant begins with its counts.
        let counts = unsafe { memory.cast::<Counts>().read() };
        Ok(Self {
            process,
            grant_num,
            memory,
            counts,
        })
    }

    /// Enters the grant of a driver.
    pub(super) fn enter_driver(process: &'a dyn Process, driver_num: usize) -> Result<Self, Error> {
        Self::enter(process, process.lookup_grant_from_driver_num(driver_num)?)
    }

    /// Where the capsule's `T` lies, if the grant was filled with a `T` and
    /// these counts.
    pub(super) fn data_ptr<T>(&self, counts: Counts) -> *mut T {
        self.memory
            .as_ptr()
            .wrapping_add(counts.data_offset::<T>())
            .cast()
    }

    pub(super) fn upcalls(&self) -> &[Cell<SavedUpcall>] {
        // SAFETY: filled with that many; this guard keeps others out.
        unsafe { self.cells(self.counts.offsets().upcalls, self.counts.upcalls) }
    }

    pub(super) fn allow_ros(&self) -> &[Cell<SavedBuffer>] {
        // SAFETY: filled with that many; this guard keeps others out.
        unsafe { self.cells(self.counts.offsets().allow_ros, self.counts.allow_ros) }
    }

    pub(super) fn allow_rws(&self) -> &[Cell<SavedBuffer>] {
        // SAFETY: filled with that many; this guard keeps others out.
        unsafe { self.cells(self.counts.offsets().allow_rws, self.counts.allow_rws) }
    }

    /// # Safety
    ///
    /// The grant has `count` values of type `E` at `offset`.
    unsafe fn cells<E>(&self, offset: usize, count: u8) -> &[Cell<E>] {
        let start: *const Cell<E> = self.memory.as_ptr().wrapping_add(offset).cast();
        // SAFETY: the caller vouches for it; cells may be shared in a thread.
        unsafe { slice::from_raw_parts(start, usize::from(count)) }
    }
}

impl Drop for EnteredGrant<'_> {
    fn drop(&mut self) {
        // SAFETY: every reference into the grant borrows from this guard.
        unsafe { self.process.leave_grant(self.grant_num) };
    }
}
