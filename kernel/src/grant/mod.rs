//! Grants: memory that a process lends to a capsule.
//!
//! What a capsule must remember for a process lies in that process's own block,
//! out of the process's reach: a process that uses much can only exhaust itself,
//! and when it goes, its memory goes with it. A capsule names its grant by
//! [`Grant`] and reaches the memory by *entering* it with a [`ProcessId`], inside
//! a closure; the memory is allocated at the first time.
//!
//! Beside the capsule's own `T` a grant holds what the kernel keeps for the
//! driver: the upcalls that the process subscribed to and the buffers that it
//! shared. From low to high addresses:
//!
//! | part | length |
//! |---|---|
//! | counts of upcalls, read-only and read-write buffers | a word |
//! | upcalls | two words each |
//! | read-only buffers | two words each |
//! | read-write buffers | two words each |
//! | padding to the alignment of T | |
//! | T | |

mod allocator;
mod kernel_data;
mod layout;

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

pub use self::allocator::{CustomGrant, GrantRegionAllocator};
pub use self::kernel_data::GrantKernelData;
pub(crate) use self::kernel_data::{allow_ro, allow_rw, subscribe};
use self::layout::{Counts, EnteredGrant, GrantName, Shape};
use crate::kernel::Kernel;
use crate::process::{Error, Process, ProcessId};

/// Defines a count of what a grant holds.
macro_rules! count {
    ($size:ident, $count:ident, $what:literal) => {
        #[doc = concat!("How many ", $what, " a grant holds.")]
        pub trait $size {
            #[doc = concat!("How many ", $what, ".")]
            const COUNT: u8;
        }

        #[doc = concat!("`NUM` ", $what, ".")]
        pub struct $count<const NUM: u8>;

        impl<const NUM: u8> $size for $count<NUM> {
            const COUNT: u8 = NUM;
        }
    };
}

count!(UpcallSize, UpcallCount, "upcalls");
count!(AllowRoSize, AllowRoCount, "read-only buffers");
count!(AllowRwSize, AllowRwCount, "read-write buffers");

/// The capsule's part of a grant that is entered.
pub struct GrantData<'a, T: 'a + ?Sized> {
    data: &'a mut T,
}

impl<'a, T: 'a + ?Sized> GrantData<'a, T> {
    fn new(data: &'a mut T) -> GrantData<'a, T> {
        GrantData { data }
    }
}

impl<'a, T: 'a + ?Sized> Deref for GrantData<'a, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.data
    }
}

impl<'a, T: 'a + ?Sized> DerefMut for GrantData<'a, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.data
    }
}

/// A `T` of the capsule in each process that uses it.
pub struct Grant<T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize> {
    kernel: &'static Kernel,
    name: GrantName,
    phantom: PhantomData<(T, Upcalls, AllowROs, AllowRWs)>,
}

impl<T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize>
    Grant<T, Upcalls, AllowROs, AllowRWs>
{
    /// The grant of number `grant_num`, which nobody else has.
    pub(crate) fn new(kernel: &'static Kernel, driver_num: usize, grant_num: usize) -> Self {
        Self {
            kernel,
            name: GrantName {
                grant_num,
                driver_num,
            },
            phantom: PhantomData,
        }
    }

    /// Enters the grant in a process, allocating it if need be.
    ///
    /// # Errors
    ///
    /// NoSuchApp, InactiveApp, or OutOfMemory.
    ///
    /// # Panics
    ///
    /// If the grant of that process is entered already.
    pub fn enter<F, R>(&self, processid: ProcessId, fun: F) -> Result<R, Error>
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData) -> R,
    {
        let shape = const { &shape_of::<T, Upcalls, AllowROs, AllowRWs>() };
        let entered = self.name.enter_checked(self.kernel, processid, shape)?;
        // SAFETY: entered with the shape that it was allocated with.
        Ok(unsafe { within(entered, shape, fun) })
    }

    /// Enters the grant as [`enter`](Self::enter) does, and gives `fun` an
    /// allocator for further memory of the process too.
    ///
    /// # Errors
    ///
    /// Those of [`enter`](Self::enter).
    ///
    /// # Panics
    ///
    /// Those of [`enter`](Self::enter).
    pub fn enter_with_allocator<F, R>(&self, processid: ProcessId, fun: F) -> Result<R, Error>
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData, &mut GrantRegionAllocator) -> R,
    {
        let mut allocator = GrantRegionAllocator::new(processid);
        self.enter(processid, |data, kernel_data| {
            fun(data, kernel_data, &mut allocator)
        })
    }

    /// Enters the grant in each process in which it has been allocated.
    ///
    /// # Panics
    ///
    /// If one of them is entered already.
    pub fn each<F>(&self, mut fun: F)
    where
        F: FnMut(ProcessId, &mut GrantData<T>, &GrantKernelData),
    {
        for granted in self.iter() {
            let processid = granted.processid();
            granted.enter(|data, kernel_data| fun(processid, data, kernel_data));
        }
    }

    /// The processes in which the grant has been allocated.
    pub fn iter(&self) -> Iter<'_, T, Upcalls, AllowROs, AllowRWs> {
        Iter {
            grant: self,
            next_slot: 0,
        }
    }

    fn allocated_in<'a>(
        &self,
        process: &'a dyn Process,
    ) -> ProcessGrant<'a, T, Upcalls, AllowROs, AllowRWs> {
        ProcessGrant {
            process,
            name: self.name,
            phantom: PhantomData,
        }
    }
}

/// The grant in one process in which it has been allocated.
pub struct ProcessGrant<
    'a,
    T: 'a,
    Upcalls: UpcallSize,
    AllowROs: AllowRoSize,
    AllowRWs: AllowRwSize,
> {
    process: &'a dyn Process,
    name: GrantName,
    phantom: PhantomData<(T, Upcalls, AllowROs, AllowRWs)>,
}

impl<'a, T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize>
    ProcessGrant<'a, T, Upcalls, AllowROs, AllowRWs>
{
    /// Returns the process that lends the memory.
    pub fn processid(&self) -> ProcessId {
        self.process.processid()
    }

    /// Enters the grant.
    ///
    /// # Panics
    ///
    /// If it is entered already, or the process has ended.
    pub fn enter<F, R>(self, fun: F) -> R
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData) -> R,
    {
        let entered = EnteredGrant::enter_or_panic(self.process, self.name);
        let shape = const { &shape_of::<T, Upcalls, AllowROs, AllowRWs>() };
        // SAFETY: entered with the shape that it was allocated with.
        unsafe { within(entered, shape, fun) }
    }

    /// Enters the grant, and returns what `fun` returns, or `None` if the grant is
    /// entered already or the process has ended.
    pub fn try_enter<F, R>(self, fun: F) -> Option<R>
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData) -> R,
    {
        let entered = EnteredGrant::enter(self.process, self.name).ok()?;
        let shape = const { &shape_of::<T, Upcalls, AllowROs, AllowRWs>() };
        // SAFETY: entered with the shape that it was allocated with.
        Some(unsafe { within(entered, shape, fun) })
    }

    /// Enters the grant, and gives `fun` an allocator for further memory of the
    /// process too.
    ///
    /// # Panics
    ///
    /// Those of [`enter`](Self::enter).
    pub fn enter_with_allocator<F, R>(self, fun: F) -> R
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData, &mut GrantRegionAllocator) -> R,
    {
        let mut allocator = GrantRegionAllocator::new(self.process.processid());
        self.enter(|data, kernel_data| fun(data, kernel_data, &mut allocator))
    }
}

const fn shape_of<T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize>(
) -> Shape {
    Shape::of::<T>(Counts {
        upcalls: Upcalls::COUNT,
        allow_ros: AllowROs::COUNT,
        allow_rws: AllowRWs::COUNT,
    })
}

/// Runs `fun` on the data of a grant that is entered, and leaves it.
///
/// # Safety
///
/// The grant was allocated with `shape`, which is that of a `T`.
unsafe fn within<T, R>(
    entered: EnteredGrant,
    shape: &Shape,
    fun: impl FnOnce(&mut GrantData<T>, &GrantKernelData) -> R,
) -> R {
    // SAFETY: a T lies there, as the caller vouches, and `entered` keeps others out
    // as long as it lives, which is longer than the reference.
    let data = unsafe { &mut *entered.data_ptr::<T>(shape.data_offset()) };
    fun(&mut GrantData::new(data), &GrantKernelData::new(&entered))
}

/// Goes through the processes in which a grant has been allocated.
pub struct Iter<
    'a,
    T: 'a + Default,
    Upcalls: UpcallSize,
    AllowROs: AllowRoSize,
    AllowRWs: AllowRwSize,
> {
    grant: &'a Grant<T, Upcalls, AllowROs, AllowRWs>,
    next_slot: usize,
}

impl<'a, T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize> Iterator
    for Iter<'a, T, Upcalls, AllowROs, AllowRWs>
{
    type Item = ProcessGrant<'a, T, Upcalls, AllowROs, AllowRWs>;

    fn next(&mut self) -> Option<Self::Item> {
        let process = self
            .grant
            .name
            .next_process(self.grant.kernel, &mut self.next_slot)?;
        Some(self.grant.allocated_in(process))
    }
}
