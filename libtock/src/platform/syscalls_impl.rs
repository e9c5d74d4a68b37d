//! The safe system calls on top of the raw ones.

use super::{
    allow_ro, allow_rw, exit_id, memop_id, return_variant, share, subscribe, syscall_class,
    yield_id, AllowRo, AllowRw, CommandReturn, ErrorCode, RawSyscalls, Register, ReturnVariant,
    Subscribe, Syscalls, Upcall, YieldNoWaitReturn,
};

/// What the kernel calls for a subscription by a `U`.
///
/// # Safety
/// `data` must point to a `U` that lives.
unsafe extern "C" fn kernel_upcall<IDS, U: Upcall<IDS>>(
    arg0: u32,
    arg1: u32,
    arg2: u32,
    data: Register,
) {
    let upcall: *const U = data.into();
    // SAFETY: the caller vouches for `data`.
    unsafe { &*upcall }.upcall(arg0, arg1, arg2);
}

/// Makes a call that swaps what a driver holds. Gives what it held before.
///
/// Not generic over numbers, so that an app has one copy of it.
///
/// # Safety
/// The arguments must be such as [`RawSyscalls::syscall4`] may be called with.
pub(super) unsafe fn swap<S: RawSyscalls, const CLASS: usize>(
    driver_num: u32,
    number: u32,
    first: Register,
    second: Register,
) -> Result<(Register, Register), ErrorCode> {
    // SAFETY: the caller vouches for the arguments.
    let [r0, r1, r2, _] =
        unsafe { S::syscall4::<CLASS>([driver_num.into(), number.into(), first, second]) };
    // A filtered call fails without values, all others with two.
    if ReturnVariant::from(r0.as_u32()).is_any_failure() {
        Err(ErrorCode::from_kernel(r1.as_u32()))
    } else {
        Ok((r1, r2))
    }
}

/// Reads the answer to a memop.
fn memop_result([r0, r1]: [Register; 2]) -> Result<Register, ErrorCode> {
    if ReturnVariant::from(r0.as_u32()) == return_variant::FAILURE {
        Err(ErrorCode::from_kernel(r1.as_u32()))
    } else {
        Ok(r1)
    }
}

impl<S: RawSyscalls> Syscalls for S {
    fn yield_no_wait() -> YieldNoWaitReturn {
        let mut ran = 0u8;
        // SAFETY: the result byte lives until after the call.
        unsafe { S::yield2([yield_id::NO_WAIT.into(), (&raw mut ran).into()]) };
        if ran == 0 {
            YieldNoWaitReturn::NoUpcall
        } else {
            YieldNoWaitReturn::Upcall
        }
    }

    fn yield_wait() {
        // SAFETY: yield-wait has no further argument and no result.
        unsafe { S::yield1([yield_id::WAIT.into()]) };
    }

    fn yield_wait_for(driver_num: u32, subscribe_num: u32) -> (u32, u32, u32) {
        // SAFETY: the arguments are those of yield-wait-for.
        let [arg0, arg1, arg2] = unsafe {
            S::yield3([
                yield_id::WAIT_FOR.into(),
                driver_num.into(),
                subscribe_num.into(),
            ])
        };
        (arg0.as_u32(), arg1.as_u32(), arg2.as_u32())
    }

    fn subscribe<
        'share,
        IDS: subscribe::SupportsId<DRIVER_NUM, SUBSCRIBE_NUM>,
        U: Upcall<IDS>,
        CONFIG: subscribe::Config,
        const DRIVER_NUM: u32,
        const SUBSCRIBE_NUM: u32,
    >(
        _subscribe: share::Handle<Subscribe<'share, Self, DRIVER_NUM, SUBSCRIBE_NUM>>,
        upcall: &'share U,
    ) -> Result<(), ErrorCode> {
        let function = kernel_upcall::<IDS, U> as *const ();
        // SAFETY: `upcall` lives for 'share, and the handle proves that the
        // subscription is replaced before 'share ends.
        let (old_function, _) = unsafe {
            swap::<S, { syscall_class::SUBSCRIBE }>(
                DRIVER_NUM,
                SUBSCRIBE_NUM,
                function.into(),
                core::ptr::from_ref(upcall).into(),
            )
        }?;
        if usize::from(old_function) != 0 {
            CONFIG::returned_nonnull_upcall(DRIVER_NUM, SUBSCRIBE_NUM);
        }
        Ok(())
    }

    fn unsubscribe(driver_num: u32, subscribe_num: u32) {
        let null = Register::from(0usize);
        // SAFETY: the null upcall is never called. A failure means that the
        // driver holds no upcall of ours, which is what is wanted.
        let _ = unsafe {
            swap::<S, { syscall_class::SUBSCRIBE }>(driver_num, subscribe_num, null, null)
        };
    }

    fn command(driver_id: u32, command_id: u32, argument0: u32, argument1: u32) -> CommandReturn {
        // SAFETY: a command passes numbers only.
        let [r0, r1, r2, r3] = unsafe {
            S::syscall4::<{ syscall_class::COMMAND }>([
                driver_id.into(),
                command_id.into(),
                argument0.into(),
                argument1.into(),
            ])
        };
        CommandReturn::new(r0.as_u32().into(), r1.as_u32(), r2.as_u32(), r3.as_u32())
    }

    fn allow_rw<'share, CONFIG: allow_rw::Config, const DRIVER_NUM: u32, const BUFFER_NUM: u32>(
        _allow_rw: share::Handle<AllowRw<'share, Self, DRIVER_NUM, BUFFER_NUM>>,
        buffer: &'share mut [u8],
    ) -> Result<(), ErrorCode> {
        // SAFETY: `buffer` is borrowed for 'share, and the handle proves that
        // the kernel gives it back before 'share ends.
        let (old_address, old_length) = unsafe {
            swap::<S, { syscall_class::ALLOW_RW }>(
                DRIVER_NUM,
                BUFFER_NUM,
                buffer.as_mut_ptr().into(),
                buffer.len().into(),
            )
        }?;
        if usize::from(old_address) != 0 || usize::from(old_length) != 0 {
            CONFIG::returned_nonzero_buffer(DRIVER_NUM, BUFFER_NUM);
        }
        Ok(())
    }

    fn unallow_rw(driver_num: u32, buffer_num: u32) {
        let zero = Register::from(0usize);
        // SAFETY: the empty buffer names no memory. A failure means that the
        // driver holds no buffer of ours, which is what is wanted.
        let _ =
            unsafe { swap::<S, { syscall_class::ALLOW_RW }>(driver_num, buffer_num, zero, zero) };
    }

    fn allow_ro<'share, CONFIG: allow_ro::Config, const DRIVER_NUM: u32, const BUFFER_NUM: u32>(
        _allow_ro: share::Handle<AllowRo<'share, Self, DRIVER_NUM, BUFFER_NUM>>,
        buffer: &'share [u8],
    ) -> Result<(), ErrorCode> {
        // SAFETY: `buffer` is borrowed for 'share, and the handle proves that
        // the kernel gives it back before 'share ends.
        let (old_address, old_length) = unsafe {
            swap::<S, { syscall_class::ALLOW_RO }>(
                DRIVER_NUM,
                BUFFER_NUM,
                buffer.as_ptr().into(),
                buffer.len().into(),
            )
        }?;
        if usize::from(old_address) != 0 || usize::from(old_length) != 0 {
            CONFIG::returned_nonzero_buffer(DRIVER_NUM, BUFFER_NUM);
        }
        Ok(())
    }

    fn unallow_ro(driver_num: u32, buffer_num: u32) {
        let zero = Register::from(0usize);
        // SAFETY: as for `unallow_rw`.
        let _ =
            unsafe { swap::<S, { syscall_class::ALLOW_RO }>(driver_num, buffer_num, zero, zero) };
    }

    unsafe fn memop_brk(addr: *const u8) -> Result<(), ErrorCode> {
        // SAFETY: the caller vouches that nothing lies above `addr`.
        let answer =
            unsafe { S::syscall2::<{ syscall_class::MEMOP }>([memop_id::BRK.into(), addr.into()]) };
        memop_result(answer).map(|_| ())
    }

    unsafe fn memop_sbrk(incr: i32) -> Result<*const u8, ErrorCode> {
        // SAFETY: the caller vouches that nothing lies above the new break.
        let answer = unsafe {
            S::syscall2::<{ syscall_class::MEMOP }>([memop_id::SBRK.into(), (incr as u32).into()])
        };
        memop_result(answer).map(Into::into)
    }

    fn memop_increment_brk(incr: u32) -> Result<*const u8, ErrorCode> {
        let incr = i32::try_from(incr).map_err(|_| ErrorCode::Invalid)?;
        // SAFETY: memory only grows.
        unsafe { S::memop_sbrk(incr) }
    }

    fn memop_app_ram_start() -> Result<*const u8, ErrorCode> {
        // SAFETY: the call only asks.
        let answer =
            unsafe { S::syscall1::<{ syscall_class::MEMOP }>([memop_id::RAM_START.into()]) };
        memop_result(answer).map(Into::into)
    }

    fn memop_debug_stack_start(stack_top: *const u8) -> Result<(), ErrorCode> {
        let arguments = [memop_id::DEBUG_STACK_START.into(), stack_top.into()];
        // SAFETY: a hint; the kernel never dereferences it.
        memop_result(unsafe { S::syscall2::<{ syscall_class::MEMOP }>(arguments) }).map(|_| ())
    }

    fn memop_debug_heap_start(initial_break: *const u8) -> Result<(), ErrorCode> {
        let arguments = [memop_id::DEBUG_HEAP_START.into(), initial_break.into()];
        // SAFETY: a hint; the kernel never dereferences it.
        memop_result(unsafe { S::syscall2::<{ syscall_class::MEMOP }>(arguments) }).map(|_| ())
    }

    fn exit_terminate(exit_code: u32) -> ! {
        exit::<S>(exit_id::TERMINATE, exit_code)
    }

    fn exit_restart(exit_code: u32) -> ! {
        exit::<S>(exit_id::RESTART, exit_code)
    }
}

fn exit<S: RawSyscalls>(variant: u32, exit_code: u32) -> ! {
    // SAFETY: exit names no memory.
    unsafe { S::syscall2::<{ syscall_class::EXIT }>([variant.into(), exit_code.into()]) };
    // Both variants are known to every kernel with this ABI and never return.
    loop {
        core::hint::spin_loop();
    }
}
