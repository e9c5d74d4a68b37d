//! The `svc` instructions, one function for each set of registers they touch.

use super::Register;

/// Raw system calls. Only [`Syscalls`](super::Syscalls) should call them.
///
/// The functions differ in the registers that go in and come out, so that a
/// call loads and spills no more than it needs.
///
/// # Safety
/// An implementation must do what the ABI says for the class, and must not
/// touch memory that the call's arguments do not name.
pub unsafe trait RawSyscalls {
    /// Yield with one argument: yield-wait.
    ///
    /// # Safety
    /// Upcalls run inside. The arguments must be a yield variant without
    /// further arguments or results.
    unsafe fn yield1(_: [Register; 1]);

    /// Yield with two arguments: yield-no-wait and where to write its result.
    ///
    /// # Safety
    /// Upcalls run inside. The second argument must point to a byte that the
    /// kernel may write.
    unsafe fn yield2(_: [Register; 2]);

    /// Yield with three arguments and three results: yield-wait-for.
    ///
    /// # Safety
    /// The arguments must be that variant, a driver and a subscribe number.
    unsafe fn yield3(_: [Register; 3]) -> [Register; 3];

    /// A class that takes one argument and gives at most two results.
    ///
    /// # Safety
    /// The class may not be yield, and the call that is made must be safe.
    unsafe fn syscall1<const CLASS: usize>(_: [Register; 1]) -> [Register; 2];

    /// A class that takes two arguments and gives at most two results.
    ///
    /// # Safety
    /// The class may not be yield, and the call that is made must be safe.
    unsafe fn syscall2<const CLASS: usize>(_: [Register; 2]) -> [Register; 2];

    /// A class that takes four arguments and gives four results.
    ///
    /// # Safety
    /// The class may not be yield, and the call that is made must be safe. A buffer that is
    /// allowed read-only may not be written, and one that is allowed
    /// read-write not even be read, until the kernel has given it back. A
    /// non-null upcall must be an `unsafe extern "C" fn(u32, u32, u32,
    /// Register)` that may be called with its data until it is replaced.
    unsafe fn syscall4<const CLASS: usize>(_: [Register; 4]) -> [Register; 4];
}
