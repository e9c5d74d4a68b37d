//! Drivers that try what the kernel offers to drivers, for tests of the kernel itself.

use std::cell::{Cell, RefCell};

use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::process::{Error, ProcessId};
use kernel::processbuffer::{
    ReadableProcessBuffer, UserspaceReadableProcessBuffer, WriteableProcessBuffer,
};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::upcall::UpcallError;
use kernel::{ErrorCode, Kernel};

use crate::app::App;
use crate::host::{bare_kernel, round_robin, DriverTable, FakeChip, HostKernel, Slots};
use crate::memory::forever;
use crate::power::{Always, Power};
use capsules_system::scheduler::round_robin::RoundRobinSched;
use kernel::process::{FaultAction, ProcessFaultPolicy};
use kernel::Scheduler;

/// The number of [`ProbeDriver`].
pub const DRIVER: usize = 0x1000;
/// The number of [`NoGrantDriver`].
pub const DRIVER_WITHOUT_GRANT: usize = 0x2000;
/// A number that no driver has.
pub const MISSING_DRIVER: usize = 0x3000;

/// Commands of [`ProbeDriver`].
pub mod commands {
    /// Does nothing, with success.
    pub const EXISTS: usize = 0;
    /// Schedules upcall `arg0` with arguments (arg1, arg1 + 1, arg1 + 2).
    pub const SCHEDULE: usize = 1;
    /// Returns the sum of the bytes of read-only buffer `arg0`.
    pub const SUM: usize = 2;
    /// Fills read-write buffer `arg0` with `arg1` and returns its length.
    pub const FILL: usize = 3;
    /// Increments the counter in the process's grant and returns it.
    pub const COUNT: usize = 4;
    /// Fills the userspace-readable buffer with `arg1`.
    pub const FILL_READABLE: usize = 5;
    /// Calls [`ProbeDriver::hook`](super::ProbeDriver::hook).
    pub const HOOK: usize = 6;
    /// Returns a 64-bit number.
    pub const WIDE: usize = 7;
}

/// What the probe keeps for each process.
#[derive(Default)]
pub struct Counter {
    /// How often the process has called [`commands::COUNT`].
    pub count: u32,
}

/// The probe's grant: two upcalls and two buffers of each kind.
pub type ProbeGrant = Grant<Counter, UpcallCount<2>, AllowRoCount<2>, AllowRwCount<2>>;

/// What the test does within a command.
pub type Hook = Box<dyn Fn(ProcessId)>;

/// A driver whose commands do what the kernel offers to drivers.
pub struct ProbeDriver {
    /// Its grant.
    pub grant: ProbeGrant,
    /// What the last upcall came to.
    pub scheduled: Cell<Option<Result<(), UpcallError>>>,
    readable: RefCell<UserspaceReadableProcessBuffer>,
    /// What [`commands::HOOK`] does.
    pub hook: RefCell<Option<Hook>>,
}

impl ProbeDriver {
    /// A probe with a grant of this kernel.
    pub fn new(kernel: &'static Kernel) -> Self {
        Self {
            grant: kernel.create_grant(DRIVER, &Power),
            scheduled: Cell::new(None),
            readable: RefCell::new(UserspaceReadableProcessBuffer::default()),
            hook: RefCell::new(None),
        }
    }

    /// Schedules upcall number `upcall` with `(first, first + 1, first + 2)`, as an interrupt
    /// would.
    ///
    /// # Errors
    /// Those of entering the grant. Whether the upcall had room is in
    /// [`scheduled`](Self::scheduled).
    pub fn schedule(&self, app: ProcessId, upcall: usize, first: usize) -> Result<(), Error> {
        self.grant.enter(app, |_, kernel_data| {
            self.scheduled.set(Some(kernel_data.schedule_upcall(
                upcall,
                (first, first.wrapping_add(1), first.wrapping_add(2)),
            )));
        })
    }
}

impl SyscallDriver for ProbeDriver {
    fn command(&self, number: usize, arg0: usize, arg1: usize, app: ProcessId) -> CommandReturn {
        let result = match number {
            commands::EXISTS => return CommandReturn::success(),
            commands::SCHEDULE => self
                .schedule(app, arg0, arg1)
                .map(|()| CommandReturn::success()),
            commands::SUM => self
                .grant
                .enter(app, |_, kernel_data| {
                    kernel_data
                        .get_readonly_processbuffer(arg0)?
                        .enter(|bytes| bytes.iter().map(|byte| u32::from(byte.get())).sum())
                })
                .flatten()
                .map(CommandReturn::success_u32),
            commands::FILL => self
                .grant
                .enter(app, |_, kernel_data| {
                    kernel_data
                        .get_readwrite_processbuffer(arg0)?
                        .mut_enter(|bytes| {
                            bytes.iter().for_each(|byte| byte.set(arg1 as u8));
                            bytes.len() as u32
                        })
                })
                .flatten()
                .map(CommandReturn::success_u32),
            commands::COUNT => self
                .grant
                .enter(app, |data, _| {
                    data.count += 1;
                    data.count
                })
                .map(CommandReturn::success_u32),
            commands::FILL_READABLE => self
                .readable
                .borrow()
                .mut_enter(|bytes| bytes.iter().for_each(|byte| byte.set(arg1 as u8)))
                .map(|()| CommandReturn::success()),
            commands::HOOK => {
                if let Some(hook) = self.hook.borrow().as_ref() {
                    hook(app);
                }
                return CommandReturn::success();
            }
            commands::WIDE => return CommandReturn::success_u64(0x1122_3344_5566_7788),
            _ => return CommandReturn::failure(ErrorCode::NOSUPPORT),
        };
        result.unwrap_or_else(CommandReturn::from)
    }

    fn allow_userspace_readable(
        &self,
        _app: ProcessId,
        which: usize,
        buffer: UserspaceReadableProcessBuffer,
    ) -> Result<UserspaceReadableProcessBuffer, (UserspaceReadableProcessBuffer, ErrorCode)> {
        if which == 0 {
            Ok(self.readable.replace(buffer))
        } else {
            Err((buffer, ErrorCode::NOSUPPORT))
        }
    }

    fn allocate_grant(&self, app: ProcessId) -> Result<(), Error> {
        self.grant.enter(app, |_, _| {})
    }
}

/// A driver that claims to have allocated a grant, but has none.
pub struct NoGrantDriver;

impl SyscallDriver for NoGrantDriver {
    fn allocate_grant(&self, _app: ProcessId) -> Result<(), Error> {
        Ok(())
    }
}

/// The drivers of a kernel under test: a probe at [`DRIVER`], a [`NoGrantDriver`] at
/// [`DRIVER_WITHOUT_GRANT`].
pub struct ProbeDrivers {
    probe: &'static ProbeDriver,
    without_grant: NoGrantDriver,
}

impl ProbeDrivers {
    /// Drivers with a grant of this kernel.
    pub fn new(kernel: &'static Kernel) -> Self {
        ProbeDrivers {
            probe: forever(ProbeDriver::new(kernel)),
            without_grant: NoGrantDriver,
        }
    }
}

impl DriverTable for ProbeDrivers {
    fn find(&self, number: usize) -> Option<&dyn SyscallDriver> {
        match number {
            DRIVER => Some(self.probe),
            DRIVER_WITHOUT_GRANT => Some(&self.without_grant),
            _ => None,
        }
    }
}

/// A kernel under test: its drivers are probes, and its processes have nothing but what they
/// ask for.
pub type ProbedKernel<S = RoundRobinSched<'static>> = HostKernel<ProbeDrivers, S>;

impl ProbedKernel {
    /// A kernel with these apps, which stop when they fail and are scheduled by turns.
    pub fn probed(apps: &[App]) -> Self {
        Self::probed_with_policy(apps, forever(Always(FaultAction::Stop)))
    }

    /// A kernel with these apps and this fault policy.
    pub fn probed_with_policy(apps: &[App], policy: &'static dyn ProcessFaultPolicy) -> Self {
        let (kernel, slots) = bare_kernel();
        Self::probed_with_scheduler(apps, policy, slots, kernel, round_robin(slots))
    }
}

impl<S: Scheduler<FakeChip> + 'static> ProbedKernel<S> {
    /// A kernel with these apps, this fault policy and this scheduler.
    pub fn probed_with_scheduler(
        apps: &[App],
        policy: &'static dyn ProcessFaultPolicy,
        slots: &'static Slots,
        kernel: &'static Kernel,
        scheduler: S,
    ) -> Self {
        let host = Self::assemble(kernel, slots, ProbeDrivers::new(kernel), scheduler);
        host.load(apps, policy);
        host
    }

    /// The probe.
    pub fn probe(&self) -> &'static ProbeDriver {
        self.board.drivers.probe
    }
}
