//! Drivers for processes to call.

use std::cell::{Cell, RefCell};

use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::process::{Error, ProcessId};
use kernel::processbuffer::{
    ReadableProcessBuffer, UserspaceReadableProcessBuffer, WriteableProcessBuffer,
};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::upcall::UpcallError;
use kernel::{ErrorCode, Kernel};

use super::Power;

/// Has two upcalls and two buffers of each kind.
pub const DRIVER: usize = 0x1000;
/// Claims to have allocated a grant, but has none.
pub const DRIVER_WITHOUT_GRANT: usize = 0x2000;
/// Does not exist.
pub const MISSING_DRIVER: usize = 0x3000;

/// Commands of [`TestDriver`].
pub mod commands {
    pub const EXISTS: usize = 0;
    /// Schedules upcall `arg0` with arguments (arg1, arg1 + 1, arg1 + 2).
    pub const SCHEDULE: usize = 1;
    /// Sum of read-only buffer `arg0`.
    pub const SUM: usize = 2;
    /// Fills read-write buffer `arg0` with `arg1`; returns its length.
    pub const FILL: usize = 3;
    /// Increments a counter in the grant and returns it.
    pub const COUNT: usize = 4;
    /// Fills the userspace-readable buffer with `arg1`.
    pub const FILL_READABLE: usize = 5;
    /// Calls the hook of the test.
    pub const HOOK: usize = 6;
    /// Answers with a 64-bit number.
    pub const WIDE: usize = 7;
}

#[derive(Default)]
pub struct App {
    pub count: u32,
}

pub type TestGrant = Grant<App, UpcallCount<2>, AllowRoCount<2>, AllowRwCount<2>>;

type Hook = Box<dyn Fn(ProcessId)>;

pub struct TestDriver {
    pub grant: TestGrant,
    /// What the last upcall came to.
    pub scheduled: Cell<Option<Result<(), UpcallError>>>,
    readable: RefCell<UserspaceReadableProcessBuffer>,
    pub hook: RefCell<Option<Hook>>,
}

impl TestDriver {
    pub fn new(kernel: &'static Kernel) -> Self {
        Self {
            grant: kernel.create_grant(DRIVER, &Power),
            scheduled: Cell::new(None),
            readable: RefCell::new(UserspaceReadableProcessBuffer::default()),
            hook: RefCell::new(None),
        }
    }

    /// Schedules an upcall as an interrupt would.
    pub fn schedule(&self, app: ProcessId, upcall: usize, first: usize) -> Result<(), Error> {
        self.grant.enter(app, |_, kernel_data| {
            self.scheduled.set(Some(kernel_data.schedule_upcall(
                upcall,
                (first, first.wrapping_add(1), first.wrapping_add(2)),
            )));
        })
    }
}

impl SyscallDriver for TestDriver {
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

/// Has no grant and does not say so.
pub struct NoGrantDriver;

impl SyscallDriver for NoGrantDriver {
    fn allocate_grant(&self, _app: ProcessId) -> Result<(), Error> {
        Ok(())
    }
}
