//! Memory of a process that a capsule allocates beside its grant.

use core::marker::PhantomData;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;

use super::GrantData;
use crate::process::{Error, ProcessCustomGrantIdentifier, ProcessId};

/// A `T` in the memory of one process, allocated by a [`GrantRegionAllocator`].
/// It lasts as long as that run of the process.
pub struct CustomGrant<T> {
    identifier: ProcessCustomGrantIdentifier,
    process_id: ProcessId,
    phantom: PhantomData<T>,
}

impl<T> CustomGrant<T> {
    /// The process.
    pub fn processid(&self) -> ProcessId {
        self.process_id
    }

    /// Gives access to it.
    ///
    /// # Errors
    ///
    /// NoSuchApp or InactiveApp if the process has ended.
    pub fn enter<F, R>(&mut self, fun: F) -> Result<R, Error>
    where
        F: FnOnce(GrantData<'_, T>) -> R,
    {
        let process = self
            .process_id
            .kernel
            .get_process(self.process_id)
            .ok_or(Error::NoSuchApp)?;
        let memory = process.enter_custom_grant(self.identifier)?.cast::<T>();
        // SAFETY: the allocator has put a T there in this run of the process, for
        // this handle alone, which is borrowed exclusively.
        let data = unsafe { &mut *memory };
        Ok(fun(GrantData::new(data)))
    }
}

/// Allocates memory of one process.
pub struct GrantRegionAllocator {
    process_id: ProcessId,
}

impl GrantRegionAllocator {
    pub(super) fn new(process_id: ProcessId) -> Self {
        Self { process_id }
    }

    /// Allocates a default `T`.
    ///
    /// # Errors
    ///
    /// NoSuchApp or OutOfMemory.
    pub fn alloc<T: Default>(&mut self) -> Result<CustomGrant<T>, Error> {
        self.alloc_with(T::default)
    }

    /// Allocates what `init` returns.
    ///
    /// # Errors
    ///
    /// NoSuchApp or OutOfMemory.
    pub fn alloc_with<T, F: FnOnce() -> T>(&mut self, init: F) -> Result<CustomGrant<T>, Error> {
        let (identifier, memory) = self.alloc_raw::<T>(1)?;
        // SAFETY: just allocated for a T.
        unsafe { memory.write(init()) };
        Ok(CustomGrant {
            identifier,
            process_id: self.process_id,
            phantom: PhantomData,
        })
    }

    /// Allocates `NUM_ITEMS` of what `init` returns for each index.
    ///
    /// # Errors
    ///
    /// NoSuchApp or OutOfMemory.
    pub fn alloc_n_with<T, F: FnMut(usize) -> T, const NUM_ITEMS: usize>(
        &mut self,
        mut init: F,
    ) -> Result<CustomGrant<[T; NUM_ITEMS]>, Error> {
        let (identifier, memory) = self.alloc_raw::<T>(NUM_ITEMS)?;
        for index in 0..NUM_ITEMS {
            // SAFETY: just allocated for that many.
            unsafe { memory.add(index).write(init(index)) };
        }
        Ok(CustomGrant {
            identifier,
            process_id: self.process_id,
            phantom: PhantomData,
        })
    }

    fn alloc_raw<T>(
        &mut self,
        count: usize,
    ) -> Result<(ProcessCustomGrantIdentifier, NonNull<T>), Error> {
        let size = size_of::<T>()
            .checked_mul(count)
            .ok_or(Error::OutOfMemory)?;
        let process = self
            .process_id
            .kernel
            .get_process(self.process_id)
            .ok_or(Error::NoSuchApp)?;
        let (identifier, memory) = process
            .allocate_custom_grant(size, align_of::<T>())
            .map_err(|()| Error::OutOfMemory)?;
        Ok((identifier, memory.cast()))
    }
}
