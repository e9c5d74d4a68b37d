//! What a microcontroller is to the kernel.

use crate::platform::mpu;
use crate::syscall;
use crate::utilities::io_write::IoWrite;
use core::fmt::Write;

/// A microcontroller: its MPU, its way into processes, its interrupts.
pub trait Chip {
    /// The memory protection unit.
    type MPU: mpu::MPU;

    /// Tells the kernel's thread from interrupt handlers.
    type ThreadIdProvider: ThreadIdProvider;

    /// How the CPU enters and leaves processes.
    type UserspaceKernelBoundary: syscall::UserspaceKernelBoundary;

    /// Brings the part into the state that the kernel needs: errata, caches,
    /// fault handlers. The board calls it first, before a chip object exists.
    fn init();

    /// Handles interrupts until none is pending.
    fn service_pending_interrupts(&self);

    /// Returns whether an interrupt is pending.
    fn has_pending_interrupts(&self) -> bool;

    /// The memory protection unit.
    fn mpu(&self) -> &Self::MPU;

    /// The way into processes.
    fn userspace_kernel_boundary(&self) -> &Self::UserspaceKernelBoundary;

    /// Sleeps until an interrupt is pending; returns at once if one already is.
    fn sleep(&self);

    /// Runs `f` with interrupts off on this core.
    fn with_interrupts_disabled<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R;

    /// Writes the state of CPU and MPU for a panic; `this` is `None` where no
    /// chip object can be reached.
    ///
    /// # Safety
    ///
    /// Only from a panic: it may touch hardware that is in use.
    unsafe fn print_state(this: Option<&Self>, writer: &mut dyn Write);
}

/// Says which thread runs: the kernel's, or an interrupt handler's.
///
/// # Safety
///
/// Two threads that can interleave must never get the same number, and one
/// thread always gets the same: values bound to a thread rely on it.
pub unsafe trait ThreadIdProvider {
    /// The number of the running thread. It has no other meaning.
    fn running_thread_id() -> usize;
}

/// Something that handles interrupts of a chip. `()` handles none.
pub trait InterruptService {
    /// Handles interrupt number `interrupt`; `false` when it is not one of its.
    fn service_interrupt(&self, interrupt: u32) -> bool;
}

impl InterruptService for () {
    fn service_interrupt(&self, _interrupt: u32) -> bool {
        false
    }
}

/// A clock that a driver turns on and off.
pub trait ClockInterface {
    /// Returns whether the clock runs.
    fn is_enabled(&self) -> bool;
    /// Turns the clock on.
    fn enable(&self);
    /// Turns the clock off.
    fn disable(&self);
}

/// The clock of a peripheral that always runs.
pub struct NoClockControl {}

impl ClockInterface for NoClockControl {
    fn is_enabled(&self) -> bool {
        true
    }

    fn enable(&self) {}

    fn disable(&self) {}
}

/// The one value of [`NoClockControl`].
pub const NO_CLOCK_CONTROL: NoClockControl = NoClockControl {};

/// An output that works during a panic, without interrupts.
pub trait PanicWriter {
    /// What is needed to set it up.
    type Config;

    /// Takes the hardware over and makes a synchronous writer of it.
    ///
    /// # Safety
    ///
    /// Only from a panic: the driver of the same hardware must not run again.
    unsafe fn create_panic_writer(config: Self::Config) -> impl IoWrite;
}
