//! What TRD 104 promises about subscribe, allow, command and exit, promise by promise.

use kernel::process::{Error, State};
use kernel::syscall::SyscallReturn;
use kernel::upcall::UpcallError;
use kernel::ErrorCode;
use testing::probe::*;
use testing::syscalls::*;
use testing::*;

/// A board with one app whose break is 1,024 bytes above its start.
fn board() -> ProbedKernel {
    let host = HostKernel::probed(&[App::new("app")]);
    host.run();
    let start = host.memory(0);
    assert_eq!(host.call(0, memop(0, start + 1024)), SyscallReturn::Success);
    host
}

/// An address where the app may have an upcall function.
fn function(host: &ProbedKernel) -> usize {
    host.process(0).get_addresses().flash_start + 101
}

#[test]
fn absent_driver_is_nodevice_with_the_passed_values() {
    let host = board();
    let address = host.memory(0);
    assert_eq!(
        host.call(0, command(MISSING_DRIVER, 0, 1, 2)),
        SyscallReturn::Failure(ErrorCode::NODEVICE)
    );
    let nodevice = |first, second| Swap::Refused(ErrorCode::NODEVICE, first, second);
    let answer = host.call(0, subscribe(MISSING_DRIVER, 0, 0x123, 7));
    assert_eq!(swap(answer), nodevice(0x123, 7));
    let answer = host.call(0, allow_rw(MISSING_DRIVER, 0, address, 4));
    assert_eq!(swap(answer), nodevice(address, 4));
    let answer = host.call(0, allow_ro(MISSING_DRIVER, 0, address, 4));
    assert_eq!(swap(answer), nodevice(address, 4));
    let answer = host.call(0, allow_readable(MISSING_DRIVER, 0, address, 4));
    assert_eq!(swap(answer), nodevice(address, 4));
}

#[test]
fn command_zero_succeeds_and_commands_answer_in_their_own_shapes() {
    let host = board();
    assert_eq!(
        host.call(0, command(DRIVER, commands::EXISTS, 0, 0)),
        SyscallReturn::Success
    );
    assert_eq!(
        host.call(0, command(DRIVER, 999, 0, 0)),
        SyscallReturn::Failure(ErrorCode::NOSUPPORT)
    );
    assert_eq!(
        host.call(0, command(DRIVER, commands::WIDE, 0, 0)),
        SyscallReturn::SuccessU64(0x1122_3344_5566_7788)
    );
}

#[test]
fn first_use_allocates_the_grant() {
    let host = board();
    assert_eq!(host.process(0).grant_allocated_count(), Some(0));
    let answer = host.call(0, subscribe(DRIVER, 1, function(&host), 5));
    assert_eq!(swap(answer), Swap::Before(0, 0));
    assert_eq!(host.process(0).grant_allocated_count(), Some(1));
    assert_eq!(host.process(0).lookup_grant_from_driver_num(DRIVER), Ok(0));
}

#[test]
fn driver_without_grant_is_nomem() {
    let host = board();
    let address = host.memory(0);
    let nomem = |first, second| Swap::Refused(ErrorCode::NOMEM, first, second);
    let answer = host.call(0, subscribe(DRIVER_WITHOUT_GRANT, 0, 0, 3));
    assert_eq!(swap(answer), nomem(0, 3));
    let answer = host.call(0, allow_ro(DRIVER_WITHOUT_GRANT, 0, address, 3));
    assert_eq!(swap(answer), nomem(address, 3));
}

#[test]
fn grant_that_does_not_fit_is_nomem() {
    let host = board();
    // All that is left between break and grants is taken first.
    let process = host.process(0);
    while process.allocate_custom_grant(16, 4).is_ok() {}
    let answer = host.call(0, subscribe(DRIVER, 0, 0, 3));
    assert_eq!(swap(answer), Swap::Refused(ErrorCode::NOMEM, 0, 3));
    assert_eq!(host.state(0), State::Yielded);
}

#[test]
fn slots_out_of_range_are_nosupport() {
    let host = board();
    let address = host.memory(0);
    for slot in [2, 3, 255, usize::MAX] {
        let refused = |first, second| Swap::Refused(ErrorCode::NOSUPPORT, first, second);
        let answer = host.call(0, subscribe(DRIVER, slot, 0, 9));
        assert_eq!(swap(answer), refused(0, 9));
        let answer = host.call(0, allow_ro(DRIVER, slot, address, 1));
        assert_eq!(swap(answer), refused(address, 1));
        let answer = host.call(0, allow_rw(DRIVER, slot, address, 1));
        assert_eq!(swap(answer), refused(address, 1));
        let answer = host.call(0, allow_readable(DRIVER, slot, address, 1));
        assert_eq!(swap(answer), refused(address, 1));
    }
}

#[test]
fn subscribe_and_allow_swap() {
    let host = board();
    let f = function(&host);
    let address = host.memory(0);
    assert_eq!(
        swap(host.call(0, subscribe(DRIVER, 0, f, 5))),
        Swap::Before(0, 0)
    );
    assert_eq!(
        swap(host.call(0, subscribe(DRIVER, 0, 0, 6))),
        Swap::Before(f, 5)
    );
    assert_eq!(
        swap(host.call(0, subscribe(DRIVER, 0, f, 7))),
        Swap::Before(0, 6)
    );
    for allow in [allow_rw, allow_ro, allow_readable] {
        assert_eq!(
            swap(host.call(0, allow(DRIVER, 0, address, 8))),
            Swap::Before(0, 0)
        );
        assert_eq!(
            swap(host.call(0, allow(DRIVER, 0, address + 1, 3))),
            Swap::Before(address, 8)
        );
        assert_eq!(
            swap(host.call(0, allow(DRIVER, 0, 0, 0))),
            Swap::Before(address + 1, 3)
        );
    }
}

#[test]
fn length_zero_takes_any_address() {
    let host = board();
    for address in [0, 1, usize::MAX, host.process(0).get_addresses().sram_end] {
        for allow in [allow_rw, allow_ro, allow_readable] {
            let answer = host.call(0, allow(DRIVER, 0, address, 0));
            assert!(matches!(swap(answer), Swap::Before(_, 0)), "{address:#x}");
        }
        assert_eq!(
            host.call(0, command(DRIVER, commands::FILL, 0, 1)),
            SyscallReturn::SuccessU32(0)
        );
    }
}

#[test]
fn buffers_must_lie_in_accessible_memory() {
    let host = board();
    let at = host.process(0).get_addresses();
    let invalid = [
        (at.sram_start - 1, 4),
        (at.sram_app_brk - 3, 4),
        (at.sram_app_brk, 1),
        (at.sram_grant_start, 4),
        (at.sram_end - 4, 4),
        (at.sram_start, usize::MAX),
        (usize::MAX - 1, 4),
        (0, 1),
        (0, usize::MAX),
    ];
    for (address, size) in invalid {
        for allow in [allow_rw, allow_ro, allow_readable] {
            let answer = host.call(0, allow(DRIVER, 0, address, size));
            assert_eq!(swap(answer), Swap::Refused(ErrorCode::INVAL, address, size));
        }
    }
    for (address, size) in [
        (at.sram_start, 1024),
        (at.sram_app_brk - 1, 1),
        (at.sram_start + 7, 13),
    ] {
        for allow in [allow_rw, allow_ro, allow_readable] {
            let answer = host.call(0, allow(DRIVER, 0, address, size));
            assert!(matches!(swap(answer), Swap::Before(..)));
        }
    }
}

#[test]
fn only_read_only_buffers_may_lie_in_flash() {
    let host = board();
    let at = host.process(0).get_addresses();
    let size = at.flash_end - at.flash_start;
    let answer = host.call(0, allow_ro(DRIVER, 0, at.flash_start, size));
    assert_eq!(swap(answer), Swap::Before(0, 0));
    let expected: u32 = (0..size).map(|i| u32::from(peek(at.flash_start + i))).sum();
    assert_eq!(
        host.call(0, command(DRIVER, commands::SUM, 0, 0)),
        SyscallReturn::SuccessU32(expected)
    );
    for (address, size) in [(at.flash_start, size + 1), (at.flash_start - 1, 2)] {
        let answer = host.call(0, allow_ro(DRIVER, 0, address, size));
        assert!(matches!(swap(answer), Swap::Refused(ErrorCode::INVAL, ..)));
    }
    for allow in [allow_rw, allow_readable] {
        let answer = host.call(0, allow(DRIVER, 0, at.flash_start, 4));
        assert!(matches!(swap(answer), Swap::Refused(ErrorCode::INVAL, ..)));
    }
}

#[test]
fn buffers_may_overlap() {
    let host = board();
    let address = host.memory(0) + 64;
    host.call(0, allow_rw(DRIVER, 0, address, 32));
    host.call(0, allow_rw(DRIVER, 1, address + 16, 32));
    host.call(0, allow_ro(DRIVER, 0, address, 48));
    assert_eq!(
        host.call(0, command(DRIVER, commands::FILL, 0, 1)),
        SyscallReturn::SuccessU32(32)
    );
    assert_eq!(
        host.call(0, command(DRIVER, commands::FILL, 1, 2)),
        SyscallReturn::SuccessU32(32)
    );
    assert_eq!(
        host.call(0, command(DRIVER, commands::SUM, 0, 0)),
        SyscallReturn::SuccessU32(16 + 32 * 2)
    );
}

#[test]
fn userspace_readable_buffer_is_written_while_shared() {
    let host = board();
    let address = host.memory(0) + 128;
    host.call(0, allow_readable(DRIVER, 0, address, 8));
    assert_eq!(
        host.call(0, command(DRIVER, commands::FILL_READABLE, 0, 0x5C)),
        SyscallReturn::Success
    );
    assert_eq!(peek(address + 7), 0x5C);
}

#[test]
fn upcall_functions_must_lie_where_the_process_can_execute() {
    let host = board();
    let at = host.process(0).get_addresses();
    for address in [
        at.flash_start + 1,
        at.flash_end - 1,
        at.sram_start + 1,
        at.sram_app_brk - 1,
    ] {
        assert!(matches!(
            swap(host.call(0, subscribe(DRIVER, 0, address, 0))),
            Swap::Before(..)
        ));
    }
    for address in [
        at.flash_start - 1,
        at.flash_end + 1,
        at.sram_app_brk + 1,
        at.sram_grant_start + 1,
        1,
        usize::MAX,
    ] {
        assert_eq!(
            swap(host.call(0, subscribe(DRIVER, 0, address, 4))),
            Swap::Refused(ErrorCode::INVAL, address, 4)
        );
    }
}

#[test]
fn subscribe_deletes_what_is_pending_of_that_upcall_only() {
    let host = board();
    let f = function(&host);
    host.call(0, subscribe(DRIVER, 0, f, 1));
    host.call(0, subscribe(DRIVER, 1, f, 2));
    host.clear_events();
    host.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 10)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 1, 20)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 30)),
            Step::Call(subscribe(DRIVER, 0, f, 3)),
        ],
    );
    host.wake(0);
    host.run();
    let arguments: Vec<_> = host.functions(0).iter().map(|(_, a)| *a).collect();
    assert_eq!(arguments, [[20, 21, 22, 2]]);
}

#[test]
fn queue_holds_ten_and_counts_what_it_loses() {
    let host = board();
    host.call(0, subscribe(DRIVER, 0, function(&host), 0));
    host.process(0).stop();
    for number in 0..10 {
        host.probe().schedule(host.id(0), 0, number).unwrap();
        assert_eq!(host.probe().scheduled.get(), Some(Ok(())));
    }
    for lost in 1..=3 {
        host.probe().schedule(host.id(0), 0, 99).unwrap();
        assert_eq!(
            host.probe().scheduled.get(),
            Some(Err(UpcallError::QueueFull))
        );
        assert_eq!(host.process(0).debug_dropped_upcall_count(), lost);
    }
    assert_eq!(host.process(0).pending_tasks(), 10);
    host.clear_events();
    host.process(0).resume();
    host.run();
    let first_arguments: Vec<_> = host.functions(0).iter().map(|(_, a)| a[0]).collect();
    assert_eq!(first_arguments, (0..10).collect::<Vec<_>>());
}

#[test]
fn upcall_numbers_out_of_range_are_refused() {
    let host = board();
    host.probe().schedule(host.id(0), 2, 0).unwrap();
    assert_eq!(
        host.probe().scheduled.get(),
        Some(Err(UpcallError::InvalidSubscribeNum))
    );
}

#[test]
fn exit_terminates_and_restarts() {
    let host = HostKernel::probed(&[App::new("app")]);
    host.run();
    let first = host.id(0);
    host.probe().schedule(first, 0, 1).unwrap();
    assert_eq!(host.process(0).grant_allocated_count(), Some(1));

    host.call_without_answer(0, exit(1, 0x17));
    assert_ne!(host.id(0), first);
    assert_eq!(host.process(0).get_restart_count(), 1);
    assert_eq!(host.process(0).get_completion_code(), Some(Some(0x17)));
    assert_eq!(host.process(0).grant_allocated_count(), Some(0));
    assert_eq!(host.state(0), State::Yielded);
    // The old name names nothing any more.
    assert_eq!(host.probe().schedule(first, 0, 1), Err(Error::NoSuchApp));

    host.call_without_answer(0, exit(0, 0x18));
    assert_eq!(host.state(0), State::Terminated);
    // The board hears of each when it has happened.
    let exits = host.board.hooks.exits.borrow();
    assert_eq!(*exits, [State::Yielded, State::Terminated]);
    assert_eq!(host.process(0).get_completion_code(), Some(Some(0x18)));
    assert_eq!(
        host.probe().schedule(host.id(0), 0, 1),
        Err(Error::InactiveApp)
    );
    // What has ended by itself is not restarted, only started.
    host.process(0).try_restart(None);
    assert_eq!(host.state(0), State::Terminated);
    host.process(0).start(&Power);
    assert_eq!(host.state(0), State::Yielded);
}

#[test]
fn unknown_exit_is_nosupport() {
    let host = board();
    for which in [2, 3, usize::MAX] {
        assert_eq!(
            host.call(0, exit(which, 0)),
            SyscallReturn::Failure(ErrorCode::NOSUPPORT)
        );
    }
    assert!(host.board.hooks.exits.borrow().is_empty());
}

#[test]
fn permissions_of_the_header_filter_calls() {
    let app = App::new("app").permissions(&[(DRIVER as u32, 0, 0b10001), (0x77, 3, 1)]);
    let host = HostKernel::probed(&[app]);
    host.run();
    let refused = SyscallReturn::Failure(ErrorCode::NODEVICE);
    assert_eq!(
        host.call(0, command(DRIVER, commands::EXISTS, 0, 0)),
        SyscallReturn::Success
    );
    assert_eq!(
        host.call(0, command(DRIVER, commands::COUNT, 0, 0)),
        SyscallReturn::SuccessU32(1)
    );
    for number in [1, 2, 3, 5, 63, 64, 68, usize::MAX] {
        assert_eq!(host.call(0, command(DRIVER, number, 0, 0)), refused);
    }
    // The driver is listed, so that subscribe and allow pass; another is not,
    // and then even they get a plain failure.
    assert!(matches!(
        swap(host.call(0, subscribe(DRIVER, 0, 0, 0))),
        Swap::Before(..)
    ));
    assert_eq!(
        host.call(0, subscribe(DRIVER_WITHOUT_GRANT, 0, 0, 0)),
        refused
    );
    assert_eq!(host.call(0, allow_ro(MISSING_DRIVER, 0, 0, 0)), refused);
    // A driver that is listed with another offset only.
    assert_eq!(host.call(0, command(0x77, 0, 0, 0)), refused);
    let answer = host.call(0, allow_rw(0x77, 0, 0, 0));
    assert_eq!(swap(answer), Swap::Refused(ErrorCode::NODEVICE, 0, 0));
}

#[test]
fn restart_within_its_own_command_gets_no_answer() {
    let host = board();
    let kernel = host.kernel;
    *host.probe().hook.borrow_mut() = Some(Box::new(move |id| {
        kernel.process_map_or_external((), id, |process| process.try_restart(None), &Power);
    }));
    let before = host.id(0);
    host.call_without_answer(0, command(DRIVER, commands::HOOK, 0, 0));
    assert_ne!(host.id(0), before);
    assert!(host.answers(0).is_empty());
    assert_eq!(host.functions(0).len(), 1, "the first function, once");
}

#[test]
fn stop_within_its_own_command_keeps_the_answer() {
    let host = board();
    let kernel = host.kernel;
    *host.probe().hook.borrow_mut() = Some(Box::new(move |id| {
        kernel.process_map_or_external((), id, |process| process.stop(), &Power);
    }));
    assert_eq!(
        host.call(0, command(DRIVER, commands::HOOK, 0, 0)),
        SyscallReturn::Success
    );
    assert!(matches!(host.state(0), State::Stopped(_)));
    host.process(0).resume();
    host.run();
    assert_eq!(host.state(0), State::Yielded);
}

#[test]
fn system_calls_touch_neither_mpu_nor_timer() {
    let host = board();
    let (loads, arms) = (host.chip.mpu.loads.get(), host.board.timer.arms.get());
    host.probe().schedule(host.id(0), 0, 0).unwrap();
    host.call(0, subscribe(DRIVER, 1, function(&host), 0));
    // The grant was allocated: the regions were looked at anew.
    assert_eq!(host.chip.mpu.loads.get(), loads + 1);
    let arms_before = host.board.timer.arms.get();
    assert!(arms_before > arms);
    host.script(
        0,
        (0..50).map(|_| Step::Call(command(DRIVER, commands::COUNT, 0, 0))),
    );
    host.clear_events();
    host.wake(0);
    host.run();
    assert_eq!(host.answers(0).len(), 50);
    assert_eq!(host.chip.mpu.loads.get(), loads + 1);
    assert_eq!(host.board.timer.arms.get(), arms_before + 1);
    assert!(host.board.hooks.switches.get() > 50);
}
