//! What TRD 104 promises about subscribe, allow, command and exit, promise by promise.

use testing::host;

use host::probe::commands;
use host::*;
use kernel::process::{Error, State};
use kernel::syscall::SyscallReturn;
use kernel::upcall::UpcallError;
use kernel::ErrorCode;

/// A board with one app whose break is 1,024 bytes above its start.
fn board() -> Rig {
    let rig = Rig::new(&[App::new("app")]);
    rig.run();
    let start = rig.start_of(0);
    assert_eq!(rig.call(0, memop(0, start + 1024)), SyscallReturn::Success);
    rig
}

/// An address where the app may have an upcall function.
fn function(rig: &Rig) -> usize {
    rig.process(0).get_addresses().flash_start + 101
}

#[test]
fn absent_driver_is_nodevice_with_the_passed_values() {
    let rig = board();
    let address = rig.start_of(0);
    assert_eq!(
        rig.call(0, command(MISSING_DRIVER, 0, 1, 2)),
        SyscallReturn::Failure(ErrorCode::NODEVICE)
    );
    let nodevice = |first, second| Swap::Refused(ErrorCode::NODEVICE, first, second);
    let answer = rig.call(0, subscribe(MISSING_DRIVER, 0, 0x123, 7));
    assert_eq!(swap(answer), nodevice(0x123, 7));
    let answer = rig.call(0, allow_rw(MISSING_DRIVER, 0, address, 4));
    assert_eq!(swap(answer), nodevice(address, 4));
    let answer = rig.call(0, allow_ro(MISSING_DRIVER, 0, address, 4));
    assert_eq!(swap(answer), nodevice(address, 4));
    let answer = rig.call(0, allow_readable(MISSING_DRIVER, 0, address, 4));
    assert_eq!(swap(answer), nodevice(address, 4));
}

#[test]
fn command_zero_succeeds_and_commands_answer_in_their_own_shapes() {
    let rig = board();
    assert_eq!(
        rig.call(0, command(DRIVER, commands::EXISTS, 0, 0)),
        SyscallReturn::Success
    );
    assert_eq!(
        rig.call(0, command(DRIVER, 999, 0, 0)),
        SyscallReturn::Failure(ErrorCode::NOSUPPORT)
    );
    assert_eq!(
        rig.call(0, command(DRIVER, commands::WIDE, 0, 0)),
        SyscallReturn::SuccessU64(0x1122_3344_5566_7788)
    );
}

#[test]
fn first_use_allocates_the_grant() {
    let rig = board();
    assert_eq!(rig.process(0).grant_allocated_count(), Some(0));
    let answer = rig.call(0, subscribe(DRIVER, 1, function(&rig), 5));
    assert_eq!(swap(answer), Swap::Before(0, 0));
    assert_eq!(rig.process(0).grant_allocated_count(), Some(1));
    assert_eq!(rig.process(0).lookup_grant_from_driver_num(DRIVER), Ok(0));
}

#[test]
fn driver_without_grant_is_nomem() {
    let rig = board();
    let address = rig.start_of(0);
    let nomem = |first, second| Swap::Refused(ErrorCode::NOMEM, first, second);
    let answer = rig.call(0, subscribe(DRIVER_WITHOUT_GRANT, 0, 0, 3));
    assert_eq!(swap(answer), nomem(0, 3));
    let answer = rig.call(0, allow_ro(DRIVER_WITHOUT_GRANT, 0, address, 3));
    assert_eq!(swap(answer), nomem(address, 3));
}

#[test]
fn grant_that_does_not_fit_is_nomem() {
    let rig = board();
    // All that is left between break and grants is taken first.
    let process = rig.process(0);
    while process.allocate_custom_grant(16, 4).is_ok() {}
    let answer = rig.call(0, subscribe(DRIVER, 0, 0, 3));
    assert_eq!(swap(answer), Swap::Refused(ErrorCode::NOMEM, 0, 3));
    assert_eq!(rig.state(0), State::Yielded);
}

#[test]
fn slots_out_of_range_are_nosupport() {
    let rig = board();
    let address = rig.start_of(0);
    for slot in [2, 3, 255, usize::MAX] {
        let refused = |first, second| Swap::Refused(ErrorCode::NOSUPPORT, first, second);
        let answer = rig.call(0, subscribe(DRIVER, slot, 0, 9));
        assert_eq!(swap(answer), refused(0, 9));
        let answer = rig.call(0, allow_ro(DRIVER, slot, address, 1));
        assert_eq!(swap(answer), refused(address, 1));
        let answer = rig.call(0, allow_rw(DRIVER, slot, address, 1));
        assert_eq!(swap(answer), refused(address, 1));
        let answer = rig.call(0, allow_readable(DRIVER, slot, address, 1));
        assert_eq!(swap(answer), refused(address, 1));
    }
}

#[test]
fn subscribe_and_allow_swap() {
    let rig = board();
    let f = function(&rig);
    let address = rig.start_of(0);
    assert_eq!(
        swap(rig.call(0, subscribe(DRIVER, 0, f, 5))),
        Swap::Before(0, 0)
    );
    assert_eq!(
        swap(rig.call(0, subscribe(DRIVER, 0, 0, 6))),
        Swap::Before(f, 5)
    );
    assert_eq!(
        swap(rig.call(0, subscribe(DRIVER, 0, f, 7))),
        Swap::Before(0, 6)
    );
    for allow in [allow_rw, allow_ro, allow_readable] {
        assert_eq!(
            swap(rig.call(0, allow(DRIVER, 0, address, 8))),
            Swap::Before(0, 0)
        );
        assert_eq!(
            swap(rig.call(0, allow(DRIVER, 0, address + 1, 3))),
            Swap::Before(address, 8)
        );
        assert_eq!(
            swap(rig.call(0, allow(DRIVER, 0, 0, 0))),
            Swap::Before(address + 1, 3)
        );
    }
}

#[test]
fn length_zero_takes_any_address() {
    let rig = board();
    for address in [0, 1, usize::MAX, rig.process(0).get_addresses().sram_end] {
        for allow in [allow_rw, allow_ro, allow_readable] {
            let answer = rig.call(0, allow(DRIVER, 0, address, 0));
            assert!(matches!(swap(answer), Swap::Before(_, 0)), "{address:#x}");
        }
        assert_eq!(
            rig.call(0, command(DRIVER, commands::FILL, 0, 1)),
            SyscallReturn::SuccessU32(0)
        );
    }
}

#[test]
fn buffers_must_lie_in_accessible_memory() {
    let rig = board();
    let at = rig.process(0).get_addresses();
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
            let answer = rig.call(0, allow(DRIVER, 0, address, size));
            assert_eq!(swap(answer), Swap::Refused(ErrorCode::INVAL, address, size));
        }
    }
    for (address, size) in [
        (at.sram_start, 1024),
        (at.sram_app_brk - 1, 1),
        (at.sram_start + 7, 13),
    ] {
        for allow in [allow_rw, allow_ro, allow_readable] {
            let answer = rig.call(0, allow(DRIVER, 0, address, size));
            assert!(matches!(swap(answer), Swap::Before(..)));
        }
    }
}

#[test]
fn only_read_only_buffers_may_lie_in_flash() {
    let rig = board();
    let at = rig.process(0).get_addresses();
    let size = at.flash_end - at.flash_start;
    let answer = rig.call(0, allow_ro(DRIVER, 0, at.flash_start, size));
    assert_eq!(swap(answer), Swap::Before(0, 0));
    let expected: u32 = (0..size).map(|i| u32::from(peek(at.flash_start + i))).sum();
    assert_eq!(
        rig.call(0, command(DRIVER, commands::SUM, 0, 0)),
        SyscallReturn::SuccessU32(expected)
    );
    for (address, size) in [(at.flash_start, size + 1), (at.flash_start - 1, 2)] {
        let answer = rig.call(0, allow_ro(DRIVER, 0, address, size));
        assert!(matches!(swap(answer), Swap::Refused(ErrorCode::INVAL, ..)));
    }
    for allow in [allow_rw, allow_readable] {
        let answer = rig.call(0, allow(DRIVER, 0, at.flash_start, 4));
        assert!(matches!(swap(answer), Swap::Refused(ErrorCode::INVAL, ..)));
    }
}

#[test]
fn buffers_may_overlap() {
    let rig = board();
    let address = rig.start_of(0) + 64;
    rig.call(0, allow_rw(DRIVER, 0, address, 32));
    rig.call(0, allow_rw(DRIVER, 1, address + 16, 32));
    rig.call(0, allow_ro(DRIVER, 0, address, 48));
    assert_eq!(
        rig.call(0, command(DRIVER, commands::FILL, 0, 1)),
        SyscallReturn::SuccessU32(32)
    );
    assert_eq!(
        rig.call(0, command(DRIVER, commands::FILL, 1, 2)),
        SyscallReturn::SuccessU32(32)
    );
    assert_eq!(
        rig.call(0, command(DRIVER, commands::SUM, 0, 0)),
        SyscallReturn::SuccessU32(16 + 32 * 2)
    );
}

#[test]
fn userspace_readable_buffer_is_written_while_shared() {
    let rig = board();
    let address = rig.start_of(0) + 128;
    rig.call(0, allow_readable(DRIVER, 0, address, 8));
    assert_eq!(
        rig.call(0, command(DRIVER, commands::FILL_READABLE, 0, 0x5C)),
        SyscallReturn::Success
    );
    assert_eq!(peek(address + 7), 0x5C);
}

#[test]
fn upcall_functions_must_lie_where_the_process_can_execute() {
    let rig = board();
    let at = rig.process(0).get_addresses();
    for address in [
        at.flash_start + 1,
        at.flash_end - 1,
        at.sram_start + 1,
        at.sram_app_brk - 1,
    ] {
        assert!(matches!(
            swap(rig.call(0, subscribe(DRIVER, 0, address, 0))),
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
            swap(rig.call(0, subscribe(DRIVER, 0, address, 4))),
            Swap::Refused(ErrorCode::INVAL, address, 4)
        );
    }
}

#[test]
fn subscribe_deletes_what_is_pending_of_that_upcall_only() {
    let rig = board();
    let f = function(&rig);
    rig.call(0, subscribe(DRIVER, 0, f, 1));
    rig.call(0, subscribe(DRIVER, 1, f, 2));
    rig.chip.boundary.clear_events();
    rig.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 10)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 1, 20)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 30)),
            Step::Call(subscribe(DRIVER, 0, f, 3)),
        ],
    );
    rig.wake(0);
    rig.run();
    let arguments: Vec<_> = rig.functions(0).iter().map(|(_, a)| *a).collect();
    assert_eq!(arguments, [[20, 21, 22, 2]]);
}

#[test]
fn queue_holds_ten_and_counts_what_it_loses() {
    let rig = board();
    rig.call(0, subscribe(DRIVER, 0, function(&rig), 0));
    rig.process(0).stop();
    for number in 0..10 {
        rig.driver.schedule(rig.id(0), 0, number).unwrap();
        assert_eq!(rig.driver.scheduled.get(), Some(Ok(())));
    }
    for lost in 1..=3 {
        rig.driver.schedule(rig.id(0), 0, 99).unwrap();
        assert_eq!(
            rig.driver.scheduled.get(),
            Some(Err(UpcallError::QueueFull))
        );
        assert_eq!(rig.process(0).debug_dropped_upcall_count(), lost);
    }
    assert_eq!(rig.process(0).pending_tasks(), 10);
    rig.chip.boundary.clear_events();
    rig.process(0).resume();
    rig.run();
    let first_arguments: Vec<_> = rig.functions(0).iter().map(|(_, a)| a[0]).collect();
    assert_eq!(first_arguments, (0..10).collect::<Vec<_>>());
}

#[test]
fn upcall_numbers_out_of_range_are_refused() {
    let rig = board();
    rig.driver.schedule(rig.id(0), 2, 0).unwrap();
    assert_eq!(
        rig.driver.scheduled.get(),
        Some(Err(UpcallError::InvalidSubscribeNum))
    );
}

#[test]
fn exit_terminates_and_restarts() {
    let rig = Rig::new(&[App::new("app")]);
    rig.run();
    let first = rig.id(0);
    rig.driver.schedule(first, 0, 1).unwrap();
    assert_eq!(rig.process(0).grant_allocated_count(), Some(1));

    rig.call_without_answer(0, exit(1, 0x17));
    assert_ne!(rig.id(0), first);
    assert_eq!(rig.process(0).get_restart_count(), 1);
    assert_eq!(rig.process(0).get_completion_code(), Some(Some(0x17)));
    assert_eq!(rig.process(0).grant_allocated_count(), Some(0));
    assert_eq!(rig.state(0), State::Yielded);
    // The old name names nothing any more.
    assert_eq!(rig.driver.schedule(first, 0, 1), Err(Error::NoSuchApp));

    rig.call_without_answer(0, exit(0, 0x18));
    assert_eq!(rig.state(0), State::Terminated);
    // The board hears of each when it has happened.
    let exits = rig.board.hooks.exits.borrow();
    assert_eq!(*exits, [State::Yielded, State::Terminated]);
    assert_eq!(rig.process(0).get_completion_code(), Some(Some(0x18)));
    assert_eq!(
        rig.driver.schedule(rig.id(0), 0, 1),
        Err(Error::InactiveApp)
    );
    // What has ended by itself is not restarted, only started.
    rig.process(0).try_restart(None);
    assert_eq!(rig.state(0), State::Terminated);
    rig.process(0).start(&Power);
    assert_eq!(rig.state(0), State::Yielded);
}

#[test]
fn unknown_exit_is_nosupport() {
    let rig = board();
    for which in [2, 3, usize::MAX] {
        assert_eq!(
            rig.call(0, exit(which, 0)),
            SyscallReturn::Failure(ErrorCode::NOSUPPORT)
        );
    }
    assert!(rig.board.hooks.exits.borrow().is_empty());
}

#[test]
fn permissions_of_the_header_filter_calls() {
    let app = App::new("app").permissions(&[(DRIVER as u32, 0, 0b10001), (0x77, 3, 1)]);
    let rig = Rig::new(&[app]);
    rig.run();
    let refused = SyscallReturn::Failure(ErrorCode::NODEVICE);
    assert_eq!(
        rig.call(0, command(DRIVER, commands::EXISTS, 0, 0)),
        SyscallReturn::Success
    );
    assert_eq!(
        rig.call(0, command(DRIVER, commands::COUNT, 0, 0)),
        SyscallReturn::SuccessU32(1)
    );
    for number in [1, 2, 3, 5, 63, 64, 68, usize::MAX] {
        assert_eq!(rig.call(0, command(DRIVER, number, 0, 0)), refused);
    }
    // The driver is listed, so that subscribe and allow pass; another is not,
    // and then even they get a plain failure.
    assert!(matches!(
        swap(rig.call(0, subscribe(DRIVER, 0, 0, 0))),
        Swap::Before(..)
    ));
    assert_eq!(
        rig.call(0, subscribe(DRIVER_WITHOUT_GRANT, 0, 0, 0)),
        refused
    );
    assert_eq!(rig.call(0, allow_ro(MISSING_DRIVER, 0, 0, 0)), refused);
    // A driver that is listed with another offset only.
    assert_eq!(rig.call(0, command(0x77, 0, 0, 0)), refused);
    let answer = rig.call(0, allow_rw(0x77, 0, 0, 0));
    assert_eq!(swap(answer), Swap::Refused(ErrorCode::NODEVICE, 0, 0));
}

#[test]
fn restart_within_its_own_command_gets_no_answer() {
    let rig = board();
    let kernel = rig.kernel;
    *rig.driver.hook.borrow_mut() = Some(Box::new(move |id| {
        kernel.process_map_or_external((), id, |process| process.try_restart(None), &Power);
    }));
    let before = rig.id(0);
    rig.call_without_answer(0, command(DRIVER, commands::HOOK, 0, 0));
    assert_ne!(rig.id(0), before);
    assert!(rig.answers(0).is_empty());
    assert_eq!(rig.functions(0).len(), 1, "the first function, once");
}

#[test]
fn stop_within_its_own_command_keeps_the_answer() {
    let rig = board();
    let kernel = rig.kernel;
    *rig.driver.hook.borrow_mut() = Some(Box::new(move |id| {
        kernel.process_map_or_external((), id, |process| process.stop(), &Power);
    }));
    assert_eq!(
        rig.call(0, command(DRIVER, commands::HOOK, 0, 0)),
        SyscallReturn::Success
    );
    assert!(matches!(rig.state(0), State::Stopped(_)));
    rig.process(0).resume();
    rig.run();
    assert_eq!(rig.state(0), State::Yielded);
}

#[test]
fn system_calls_touch_neither_mpu_nor_timer() {
    let rig = board();
    let (loads, arms) = (rig.chip.mpu.loads.get(), rig.board.timer.arms.get());
    rig.driver.schedule(rig.id(0), 0, 0).unwrap();
    rig.call(0, subscribe(DRIVER, 1, function(&rig), 0));
    // The grant was allocated: the regions were looked at anew.
    assert_eq!(rig.chip.mpu.loads.get(), loads + 1);
    let arms_before = rig.board.timer.arms.get();
    assert!(arms_before > arms);
    rig.script(
        0,
        (0..50).map(|_| Step::Call(command(DRIVER, commands::COUNT, 0, 0))),
    );
    rig.chip.boundary.clear_events();
    rig.wake(0);
    rig.run();
    assert_eq!(rig.answers(0).len(), 50);
    assert_eq!(rig.chip.mpu.loads.get(), loads + 1);
    assert_eq!(rig.board.timer.arms.get(), arms_before + 1);
    assert!(rig.board.hooks.switches.get() > 50);
}
