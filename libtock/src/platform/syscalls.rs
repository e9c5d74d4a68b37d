//! The system calls as safe functions.

use super::{
    allow_ro, allow_rw, share, subscribe, AllowRo, AllowRw, CommandReturn, ErrorCode, RawSyscalls,
    Subscribe, Upcall, YieldNoWaitReturn,
};

/// A Tock kernel: the real one or the fake one of `unittest`.
pub trait Syscalls: RawSyscalls + Sized {
    /// Runs one pending upcall, if there is any, and returns.
    fn yield_no_wait() -> YieldNoWaitReturn;

    /// Sleeps until an upcall is pending, runs it and returns.
    fn yield_wait();

    /// Sleeps until the given upcall is due and returns its three arguments.
    /// A function that is subscribed to it is not called.
    fn yield_wait_for(driver_num: u32, subscribe_num: u32) -> (u32, u32, u32);

    /// Registers `upcall` until the share that `subscribe` proves ends.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no such driver, with `NoSupport` if it has no such
    /// number, with `NoMem` if the kernel has no memory left for the process, and with the
    /// error of a system-call filter that refuses the call.
    fn subscribe<
        'share,
        IDS: subscribe::SupportsId<DRIVER_NUM, SUBSCRIBE_NUM>,
        U: Upcall<IDS>,
        CONFIG: subscribe::Config,
        const DRIVER_NUM: u32,
        const SUBSCRIBE_NUM: u32,
    >(
        subscribe: share::Handle<Subscribe<'share, Self, DRIVER_NUM, SUBSCRIBE_NUM>>,
        upcall: &'share U,
    ) -> Result<(), ErrorCode>;

    /// Registers the null upcall. Pending upcalls of that number are dropped.
    fn unsubscribe(driver_num: u32, subscribe_num: u32);

    /// Asks a driver to do something.
    fn command(driver_id: u32, command_id: u32, argument0: u32, argument1: u32) -> CommandReturn;

    /// Shares a buffer that the driver may read and write until the share ends.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no such driver, with `NoSupport` if it has no such
    /// number, with `Invalid` if the buffer is not in the process's memory, with `NoMem` if
    /// the kernel has no memory left for the process, and with the error of a system-call
    /// filter that refuses the call.
    fn allow_rw<'share, CONFIG: allow_rw::Config, const DRIVER_NUM: u32, const BUFFER_NUM: u32>(
        allow_rw: share::Handle<AllowRw<'share, Self, DRIVER_NUM, BUFFER_NUM>>,
        buffer: &'share mut [u8],
    ) -> Result<(), ErrorCode>;

    /// Takes the driver's read-write buffer away.
    fn unallow_rw(driver_num: u32, buffer_num: u32);

    /// Shares a buffer that the driver may read until the share ends.
    ///
    /// # Errors
    /// Fails in the cases of [`Syscalls::allow_rw`]; the buffer may also lie in flash.
    fn allow_ro<'share, CONFIG: allow_ro::Config, const DRIVER_NUM: u32, const BUFFER_NUM: u32>(
        allow_ro: share::Handle<AllowRo<'share, Self, DRIVER_NUM, BUFFER_NUM>>,
        buffer: &'share [u8],
    ) -> Result<(), ErrorCode>;

    /// Takes the driver's read-only buffer away.
    fn unallow_ro(driver_num: u32, buffer_num: u32);

    /// Moves the app break, the end of the process's memory, to `addr`.
    ///
    /// # Errors
    /// Fails with `NoMem` if it would meet the grants or an allowed buffer.
    ///
    /// # Safety
    /// Nothing reachable may lie at or above `addr`.
    unsafe fn memop_brk(addr: *const u8) -> Result<(), ErrorCode>;

    /// Moves the app break by `incr` bytes and returns where it was.
    ///
    /// # Errors
    /// Fails in the cases of [`Syscalls::memop_brk`].
    ///
    /// # Safety
    /// Nothing reachable may lie at or above the new break.
    unsafe fn memop_sbrk(incr: i32) -> Result<*const u8, ErrorCode>;

    /// Moves the app break up by `incr` bytes and returns where it was.
    ///
    /// # Errors
    /// Fails with `NoMem` if it would meet the grants, and with `Invalid` for more than
    /// `i32::MAX` bytes.
    fn memop_increment_brk(incr: u32) -> Result<*const u8, ErrorCode>;

    /// First address of the process's RAM.
    ///
    /// # Errors
    /// A kernel that follows TRD 104 does not fail here.
    fn memop_app_ram_start() -> Result<*const u8, ErrorCode>;

    /// Tells a debugger where the stack begins.
    ///
    /// # Errors
    /// Fails with `NoSupport` if the kernel does not take the hint.
    fn memop_debug_stack_start(stack_top: *const u8) -> Result<(), ErrorCode>;

    /// Tells a debugger where the heap begins.
    ///
    /// # Errors
    /// Fails with `NoSupport` if the kernel does not take the hint.
    fn memop_debug_heap_start(initial_break: *const u8) -> Result<(), ErrorCode>;

    /// Ends the process.
    fn exit_terminate(exit_code: u32) -> !;

    /// Starts the process anew.
    fn exit_restart(exit_code: u32) -> !;
}
