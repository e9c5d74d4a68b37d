//! Tests of the fake kernel itself, and of the system calls through it.

use super::{command_return, exit_test, fake, ExitCall, ExpectedSyscall, SyscallLogEntry};
use super::{DriverInfo, DriverShareRef, InvalidSubscribeNum, RwAllowBuffer};
use crate::platform::lend::LentRw;
use crate::platform::{
    share, AllowRo, AllowRw, CommandReturn, DefaultConfig, ErrorCode, Subscribe, Syscalls as _,
    YieldNoWaitReturn,
};
use fake::Syscalls as S;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const DRIVER: u32 = 0x42;

/// Holds one buffer, increments its bytes at command 1, and schedules upcall 0
/// with its arguments at command 2.
#[derive(Default)]
struct Probe {
    buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl fake::SyscallDriver for Probe {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(DRIVER).upcall_count(2)
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, argument0: u32, argument1: u32) -> CommandReturn {
        match command_id {
            1 => self.buffer.borrow_mut().iter_mut().for_each(|b| *b += 1),
            2 => self
                .share_ref
                .schedule_upcall(0, (argument0, argument1, 7))
                .expect("upcall 0"),
            _ => return command_return::failure(ErrorCode::NoSupport),
        }
        command_return::success()
    }

    fn allow_readwrite(
        &self,
        _: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        if buffer.len() > 8 {
            return Err((buffer, ErrorCode::Size));
        }
        Ok(self.buffer.replace(buffer))
    }
}

fn probe() -> (fake::Kernel, Rc<Probe>) {
    let kernel = fake::Kernel::new();
    let probe = Rc::new(Probe::default());
    kernel.add_driver(&probe);
    (kernel, probe)
}

#[test]
fn missing_driver_is_nodevice() {
    let _kernel = fake::Kernel::new();
    assert_eq!(
        S::command(9, 0, 0, 0).get_failure(),
        Some(ErrorCode::NoDevice)
    );
    share::scope::<AllowRo<S, 9, 0>, _, _>(|handle| {
        let result = S::allow_ro::<DefaultConfig, 9, 0>(handle, b"x");
        assert_eq!(result, Err(ErrorCode::NoDevice));
    });
}

#[test]
fn upcalls_run_in_order_and_only_at_yields() {
    let (_kernel, _probe) = probe();
    let arguments: Cell<Option<(u32, u32, u32)>> = Cell::new(None);
    share::scope::<Subscribe<S, DRIVER, 0>, _, _>(|handle| {
        assert_eq!(
            S::subscribe::<_, _, DefaultConfig, DRIVER, 0>(handle, &arguments),
            Ok(())
        );
        assert_eq!(S::yield_no_wait(), YieldNoWaitReturn::NoUpcall);
        assert!(S::command(DRIVER, 2, 1, 2).is_success());
        assert!(S::command(DRIVER, 2, 3, 4).is_success());
        assert_eq!(arguments.get(), None);
        S::yield_wait();
        assert_eq!(arguments.get(), Some((1, 2, 7)));
        assert_eq!(S::yield_no_wait(), YieldNoWaitReturn::Upcall);
        assert_eq!(arguments.get(), Some((3, 4, 7)));
    });
    // The scope has unsubscribed: nothing is called any more.
    assert!(S::command(DRIVER, 2, 5, 6).is_success());
    assert_eq!(S::yield_no_wait(), YieldNoWaitReturn::NoUpcall);
    assert_eq!(arguments.get(), Some((3, 4, 7)));
}

#[test]
fn wait_for_takes_the_arguments_and_calls_nobody() {
    let (_kernel, _probe) = probe();
    assert!(S::command(DRIVER, 2, 1, 2).is_success());
    assert_eq!(S::yield_wait_for(DRIVER, 0), (1, 2, 7));
}

#[test]
fn unsubscribing_drops_what_is_pending() {
    let (_kernel, _probe) = probe();
    let came = Cell::new(false);
    share::scope::<Subscribe<S, DRIVER, 0>, _, _>(|handle| {
        S::subscribe::<_, _, DefaultConfig, DRIVER, 0>(handle, &came).unwrap();
        assert!(S::command(DRIVER, 2, 0, 0).is_success());
        S::unsubscribe(DRIVER, 0);
        assert_eq!(S::yield_no_wait(), YieldNoWaitReturn::NoUpcall);
    });
    assert!(!came.get());
}

#[test]
fn a_number_beyond_the_drivers_upcalls_is_refused() {
    let (_kernel, probe) = probe();
    let came = Cell::new(false);
    share::scope::<Subscribe<S, DRIVER, 2>, _, _>(|handle| {
        let result = S::subscribe::<_, _, DefaultConfig, DRIVER, 2>(handle, &came);
        assert_eq!(result, Err(ErrorCode::NoSupport));
    });
    assert_eq!(
        probe.share_ref.schedule_upcall(2, (0, 0, 0)),
        Err(InvalidSubscribeNum {
            requested: 2,
            upcall_count: 2
        })
    );
}

#[test]
fn lent_buffers_come_back_with_what_the_driver_wrote() {
    let (kernel, probe) = probe();
    let (mut first, mut second) = ([1u8; 4], [10u8; 8]);
    share::scope::<AllowRw<S, DRIVER, 0>, _, _>(|handle| {
        let lent = LentRw::lend(handle, &mut first).map_err(|_| ()).unwrap();
        assert!(S::command(DRIVER, 1, 0, 0).is_success());
        kernel.take_syscall_log();
        let (lent, first) = lent.exchange(&mut second).map_err(|_| ()).unwrap();
        assert_eq!(kernel.take_syscall_log().len(), 1);
        assert_eq!(first, [2; 4]);
        assert!(S::command(DRIVER, 1, 0, 0).is_success());
        assert_eq!(lent.take_back(), [11; 8]);
        assert!(probe.buffer.borrow().is_empty());
    });
}

#[test]
fn a_refused_buffer_comes_back_with_the_error() {
    let (_kernel, probe) = probe();
    let (mut small, mut large) = ([0u8; 4], [0u8; 9]);
    share::scope::<AllowRw<S, DRIVER, 0>, _, _>(|handle| {
        let lent = LentRw::lend(handle, &mut small).map_err(|_| ()).unwrap();
        let Err((lent, (error, large))) = lent.exchange(&mut large) else {
            panic!("nine bytes were accepted");
        };
        assert_eq!((error, large.len()), (ErrorCode::Size, 9));
        assert_eq!(probe.buffer.borrow().len(), 4);
        lent.take_back();
    });
}

#[test]
fn forgotten_lent_buffers_are_taken_back_by_the_scope() {
    let (_kernel, probe) = probe();
    let mut buffer = [0u8; 4];
    share::scope::<AllowRw<S, DRIVER, 0>, _, _>(|handle| {
        let _never_taken_back = LentRw::lend(handle, &mut buffer);
        assert_eq!(probe.buffer.borrow().len(), 4);
    });
    assert!(probe.buffer.borrow().is_empty());
}

#[test]
fn expected_calls_override_answers_and_log_records() {
    let (kernel, _probe) = probe();
    kernel.add_expected_syscall(ExpectedSyscall::Command {
        driver_id: DRIVER,
        command_id: 1,
        argument0: 0,
        argument1: 0,
        override_return: Some(command_return::failure(ErrorCode::Off)),
    });
    assert_eq!(
        S::command(DRIVER, 1, 0, 0).get_failure(),
        Some(ErrorCode::Off)
    );
    assert_eq!(
        kernel.take_syscall_log(),
        [SyscallLogEntry::Command {
            driver_id: DRIVER,
            command_id: 1,
            argument0: 0,
            argument1: 0
        }]
    );
}

#[test]
#[should_panic(expected = "but another system call was called")]
fn an_unexpected_call_fails_the_test() {
    let (kernel, _probe) = probe();
    kernel.add_expected_syscall(ExpectedSyscall::YieldWait { skip_upcall: true });
    let _ = S::command(DRIVER, 1, 0, 0);
}

#[test]
#[should_panic(expected = "sleep for ever")]
fn waiting_for_nothing_fails_the_test() {
    let _kernel = fake::Kernel::new();
    S::yield_wait();
}

#[test]
fn exits_are_caught() {
    let _kernel = fake::Kernel::new();
    assert_eq!(exit_test(|| S::exit_terminate(3)), ExitCall::Terminate(3));
    assert_eq!(exit_test(|| S::exit_restart(4)), ExitCall::Restart(4));
}
