//! Where the parts of a grant lie in its memory, and how it is entered.

use core::cell::Cell;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;
use core::slice;

use crate::kernel::Kernel;
use crate::process::{Error, Process, ProcessId};
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

    /// Fills a grant: counts, nothing subscribed, nothing shared.
    ///
    /// # Safety
    ///
    /// `memory` is aligned to a word and reaches up to the end of the kernel's
    /// part, and nothing refers to it.
    unsafe fn initialize(self, memory: NonNull<u8>) {
        let offsets = self.offsets();
        let upcalls: *mut SavedUpcall = memory.as_ptr().wrapping_add(offsets.upcalls).cast();
        let buffers: *mut SavedBuffer = memory.as_ptr().wrapping_add(offsets.allow_ros).cast();
        // SAFETY: all of it lies in the kernel's part, by the same offsets as its
        // length, and is aligned.
        unsafe {
            memory.cast::<Counts>().write(self);
            for index in 0..usize::from(self.upcalls) {
                upcalls.add(index).write(SavedUpcall::default());
            }
            for index in 0..usize::from(self.allow_ros) + usize::from(self.allow_rws) {
                buffers.add(index).write(SavedBuffer::NONE);
            }
        }
    }
}

/// All about a grant's memory that its type says. What works with it instead of
/// the type is compiled once for all grants.
pub(super) struct Shape {
    counts: Counts,
    data_offset: usize,
    size: usize,
    align: usize,
    /// Writes the default of the capsule's type to an address that suits it.
    write_default: unsafe fn(NonNull<u8>),
}

impl Shape {
    /// The shape of a grant with these counts and a `T`.
    pub(super) const fn of<T: Default>(counts: Counts) -> Self {
        let data_offset = counts.offsets().end.next_multiple_of(align_of::<T>());
        Self {
            counts,
            data_offset,
            size: data_offset + size_of::<T>(),
            align: if align_of::<T>() > align_of::<usize>() {
                align_of::<T>()
            } else {
                align_of::<usize>()
            },
            write_default: write_default::<T>,
        }
    }

    /// Where the capsule's data lies from the start of the grant, in bytes.
    pub(super) const fn data_offset(&self) -> usize {
        self.data_offset
    }

    /// Fills a grant of this shape.
    ///
    /// # Safety
    ///
    /// `memory` was allocated with this shape's size and alignment, and nothing
    /// refers to it.
    unsafe fn initialize(&self, memory: NonNull<u8>) {
        // SAFETY: the caller vouches for the memory; the data's part of it is
        // aligned for its type by construction.
        unsafe {
            self.counts.initialize(memory);
            (self.write_default)(memory.add(self.data_offset));
        }
    }
}

/// # Safety
///
/// `data` is valid for a `T` and aligned for it.
unsafe fn write_default<T: Default>(data: NonNull<u8>) {
    // SAFETY: the caller vouches for it.
    unsafe { data.cast::<T>().write(T::default()) };
}

/// Which grant of a kernel, by its place in a process's table and its driver.
#[derive(Clone, Copy)]
pub(super) struct GrantName {
    pub(super) grant_num: usize,
    pub(super) driver_num: usize,
}

impl GrantName {
    /// The process, with this grant allocated in it.
    #[inline(never)]
    fn in_process(
        self,
        kernel: &'static Kernel,
        processid: ProcessId,
        shape: &Shape,
    ) -> Result<&'static dyn Process, Error> {
        let process = kernel.get_process(processid).ok_or(Error::NoSuchApp)?;
        match process.grant_is_allocated(self.grant_num) {
            None => return Err(Error::InactiveApp),
            Some(true) => {}
            Some(false) => self.allocate(process, shape)?,
        }
        Ok(process)
    }

    /// Allocates the grant and puts a default into it.
    fn allocate(self, process: &dyn Process, shape: &Shape) -> Result<(), Error> {
        process
            .allocate_grant(self.grant_num, self.driver_num, shape.size, shape.align)
            .map_err(|()| Error::OutOfMemory)?;
        let memory = process.enter_grant(self.grant_num)?;
        // SAFETY: just allocated with this size and alignment, and entered.
        unsafe { shape.initialize(memory) };
        // SAFETY: no reference into the grant was made.
        unsafe { process.leave_grant(self.grant_num) };
        Ok(())
    }

    /// Makes sure that the process has the grant
    /// ([`in_process`](Self::in_process)), and enters it ([`EnteredGrant::enter`]).
    ///
    /// # Panics
    ///
    /// If the grant of that process is entered already.
    #[inline(never)]
    pub(super) fn enter_checked(
        self,
        kernel: &'static Kernel,
        processid: ProcessId,
        shape: &Shape,
    ) -> Result<EnteredGrant<'static>, Error> {
        let process = self.in_process(kernel, processid, shape)?;
        match EnteredGrant::enter(process, self) {
            Err(Error::AlreadyInUse) => cannot_enter(Error::AlreadyInUse),
            result => result,
        }
    }

    /// The next process, from place `next_slot` of the table, in which this grant
    /// has been allocated. Moves `next_slot` behind it.
    #[inline(never)]
    pub(super) fn next_process(
        self,
        kernel: &'static Kernel,
        next_slot: &mut usize,
    ) -> Option<&'static dyn Process> {
        loop {
            let slot = kernel.slots().get(*next_slot)?;
            *next_slot += 1;
            if let Some(process) = slot.get() {
                if process.grant_is_allocated(self.grant_num) == Some(true) {
                    return Some(process);
                }
            }
        }
    }
}

#[cold]
fn cannot_enter(error: Error) -> ! {
    panic!("grant cannot be entered: {error:?}")
}

/// A grant that is entered; dropping it leaves the grant.
pub(super) struct EnteredGrant<'a> {
    process: &'a dyn Process,
    name: GrantName,
    memory: NonNull<u8>,
}

impl<'a> EnteredGrant<'a> {
    /// Enters a grant that has been allocated and filled.
    pub(super) fn enter(process: &'a dyn Process, name: GrantName) -> Result<Self, Error> {
        let memory = process.enter_grant(name.grant_num)?;
        Ok(Self {
            process,
            name,
            memory,
        })
    }

    /// Enters a grant that has been allocated and filled.
    ///
    /// # Panics
    ///
    /// If it is entered already, or the process has ended.
    #[inline(never)]
    pub(super) fn enter_or_panic(process: &'a dyn Process, name: GrantName) -> Self {
        match Self::enter(process, name) {
            Ok(entered) => entered,
            Err(error) => cannot_enter(error),
        }
    }

    /// Enters the grant of a driver.
    pub(super) fn enter_driver(process: &'a dyn Process, driver_num: usize) -> Result<Self, Error> {
        let grant_num = process.lookup_grant_from_driver_num(driver_num)?;
        let name = GrantName {
            grant_num,
            driver_num,
        };
        Self::enter(process, name)
    }

    /// The process that lends the memory.
    pub(super) fn process(&self) -> &'a dyn Process {
        self.process
    }

    /// The driver whose grant it is.
    pub(super) fn driver_num(&self) -> usize {
        self.name.driver_num
    }

    /// Where the capsule's data lies, if it is so far from the grant's start.
    pub(super) fn data_ptr<T>(&self, data_offset: usize) -> *mut T {
        self.memory.as_ptr().wrapping_add(data_offset).cast()
    }

    fn counts(&self) -> Counts {
        // SAFETY: every allocated grant begins with its counts.
        unsafe { self.memory.cast::<Counts>().read() }
    }

    pub(super) fn upcalls(&self) -> &[Cell<SavedUpcall>] {
        let counts = self.counts();
        // SAFETY: filled with that many; this guard keeps others out.
        unsafe { self.cells(counts.offsets().upcalls, counts.upcalls) }
    }

    pub(super) fn allow_ros(&self) -> &[Cell<SavedBuffer>] {
        let counts = self.counts();
        // SAFETY: filled with that many; this guard keeps others out.
        unsafe { self.cells(counts.offsets().allow_ros, counts.allow_ros) }
    }

    pub(super) fn allow_rws(&self) -> &[Cell<SavedBuffer>] {
        let counts = self.counts();
        // SAFETY: filled with that many; this guard keeps others out.
        unsafe { self.cells(counts.offsets().allow_rws, counts.allow_rws) }
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
        unsafe { self.process.leave_grant(self.name.grant_num) };
    }
}
