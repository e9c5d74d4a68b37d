//! Waiting: every variant of yield, and what wakes a process.

use testing::host;

use host::probe::commands;
use host::*;
use kernel::process::State;
use kernel::syscall::{Syscall, SyscallReturn};
use kernel::upcall::UpcallId;

/// A board with one app that has upcalls 0 and 1 subscribed with data 50 and 51.
fn board() -> Rig {
    let rig = Rig::new(&[App::new("app")]);
    rig.run();
    rig.call(0, memop(0, rig.start_of(0) + 512));
    for upcall in [0, 1] {
        rig.call(0, subscribe(DRIVER, upcall, function(&rig), 50 + upcall));
    }
    rig.chip.boundary.clear_events();
    rig
}

fn function(rig: &Rig) -> usize {
    rig.process(0).get_addresses().flash_start + 101
}

/// As [`board`], with neither upcall subscribed.
fn board_without_functions() -> Rig {
    let rig = board();
    for upcall in [0, 1] {
        rig.call(0, subscribe(DRIVER, upcall, 0, 0));
    }
    rig.chip.boundary.clear_events();
    rig
}

fn schedule(rig: &Rig, upcall: usize, first: usize) {
    rig.driver.schedule(rig.id(0), upcall, first).unwrap();
}

/// Has the process wait for an upcall, from a command on.
fn wait_for(rig: &Rig, upcall: usize) {
    rig.script(0, [Step::Call(yield_wait_for(DRIVER, upcall))]);
    rig.wake(0);
    rig.run();
}

fn awaiting(upcall: usize) -> State {
    State::YieldedFor(UpcallId {
        driver_num: DRIVER,
        subscribe_num: upcall,
    })
}

#[test]
fn upcall_runs_only_when_the_process_yields() {
    let rig = board();
    rig.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 7)),
            Step::Call(command(DRIVER, commands::EXISTS, 0, 0)),
            Step::Interrupted,
            Step::Call(command(DRIVER, commands::EXISTS, 0, 0)),
            Step::Call(yield_wait()),
        ],
    );
    rig.wake(0);
    rig.run();
    let events = rig.chip.boundary.events();
    let called = events
        .iter()
        .position(|event| matches!(event, Event::Called(_, pc, _) if *pc != WAKE));
    let answered = events
        .iter()
        .filter(|event| matches!(event, Event::Answered(..)))
        .count();
    assert_eq!(answered, 3);
    let last_answer = events
        .iter()
        .rposition(|event| matches!(event, Event::Answered(..)));
    assert!(called > last_answer);
    // Three arguments, and the data of the subscribe.
    assert_eq!(rig.functions(0), [(function(&rig), [7, 8, 9, 50])]);
}

#[test]
fn upcalls_run_one_for_each_yield_in_order() {
    let rig = board();
    rig.process(0).stop();
    for (upcall, first) in [(0, 1), (1, 10), (0, 20)] {
        schedule(&rig, upcall, first);
    }
    rig.process(0).resume();
    rig.run();
    let arguments: Vec<_> = rig.functions(0).iter().map(|(_, a)| *a).collect();
    assert_eq!(
        arguments,
        [[1, 2, 3, 50], [10, 11, 12, 51], [20, 21, 22, 50]]
    );
    assert_eq!(rig.state(0), State::Yielded);
}

#[test]
fn no_wait_reports_whether_something_ran() {
    let rig = board();
    let flag = rig.start_of(0) + 40;
    poke(flag, 0xEE);
    rig.script(
        0,
        [
            Step::Call(yield_no_wait(flag)),
            Step::Do(Box::new(move || assert_eq!(peek(flag), 0))),
            Step::Call(command(DRIVER, commands::SCHEDULE, 1, 5)),
            Step::Call(yield_no_wait(flag)),
            Step::Do(Box::new(move || assert_eq!(peek(flag), 1))),
            Step::Call(yield_no_wait(flag)),
            Step::Do(Box::new(move || assert_eq!(peek(flag), 0))),
            Step::Call(command(DRIVER, commands::COUNT, 0, 0)),
        ],
    );
    rig.wake(0);
    rig.run();
    assert_eq!(rig.functions(0), [(function(&rig), [5, 6, 7, 51])]);
    // It came through all of it, and a no-wait has no answer.
    assert_eq!(
        rig.answers(0),
        [SyscallReturn::Success, SyscallReturn::SuccessU32(1)]
    );
}

#[test]
fn no_wait_ignores_a_flag_that_is_not_the_processes() {
    let rig = board();
    let at = rig.process(0).get_addresses();
    for flag in [
        0,
        at.sram_start - 1,
        at.sram_app_brk,
        at.sram_end - 1,
        at.flash_start,
        usize::MAX,
    ] {
        let before = (flag > 4096 && flag != usize::MAX).then(|| peek(flag));
        rig.script(0, [Step::Call(yield_no_wait(flag))]);
        rig.wake(0);
        rig.run();
        assert_eq!(before, before.map(|_| peek(flag)));
        assert_eq!(rig.state(0), State::Yielded);
    }
}

#[test]
fn unknown_yield_is_a_fault() {
    for which in [3, 4, usize::MAX] {
        let rig = board();
        rig.call_without_answer(
            0,
            Syscall::Yield {
                which,
                param_a: 0,
                param_b: 0,
            },
        );
        assert_eq!(rig.state(0), State::Faulted);
        assert_eq!(rig.board.hooks.faults.get(), 1);
        assert!(rig.answers(0).is_empty());
    }
}

#[test]
fn wait_for_returns_arguments_instead_of_calling() {
    let rig = board();
    wait_for(&rig, 1);
    assert_eq!(rig.state(0), awaiting(1));
    schedule(&rig, 1, 30);
    rig.run();
    assert_eq!(rig.answers(0), [SyscallReturn::YieldWaitFor(30, 31, 32)]);
    assert!(rig.functions(0).is_empty());
    assert_eq!(rig.state(0), State::Yielded);
}

#[test]
fn wait_for_finds_what_is_there_already() {
    let rig = board();
    rig.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 1)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 1, 2)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 1, 3)),
            Step::Call(yield_wait_for(DRIVER, 1)),
            Step::Call(yield_wait_for(DRIVER, 1)),
        ],
    );
    rig.wake(0);
    rig.run();
    let answers = rig.answers(0);
    assert_eq!(
        answers[3..],
        [
            SyscallReturn::YieldWaitFor(2, 3, 4),
            SyscallReturn::YieldWaitFor(3, 4, 5)
        ]
    );
    // The other one ran when the process waited for anything.
    assert_eq!(rig.functions(0), [(function(&rig), [1, 2, 3, 50])]);
}

#[test]
fn other_upcalls_do_not_hide_the_awaited_one() {
    for (before, after) in [(1, 0), (0, 1), (2, 3)] {
        let rig = board();
        wait_for(&rig, 0);
        for _ in 0..before {
            schedule(&rig, 1, 100);
        }
        schedule(&rig, 0, 30);
        for _ in 0..after {
            schedule(&rig, 1, 200);
        }
        rig.run();
        assert_eq!(rig.answers(0), [SyscallReturn::YieldWaitFor(30, 31, 32)]);
        assert_eq!(rig.functions(0).len(), before + after);
        assert_eq!(rig.state(0), State::Yielded);
    }
}

#[test]
fn other_upcalls_alone_do_not_wake_it() {
    let rig = board();
    wait_for(&rig, 0);
    let entered = entries(&rig);
    for _ in 0..20 {
        schedule(&rig, 1, 5);
        rig.run();
    }
    assert_eq!(entries(&rig), entered);
    assert!(!rig.process(0).ready());
}

fn entries(rig: &Rig) -> usize {
    rig.chip
        .boundary
        .events()
        .iter()
        .filter(|event| matches!(event, Event::Entered(_)))
        .count()
}

#[test]
fn awaited_upcall_has_a_place_in_a_full_queue() {
    let rig = board();
    wait_for(&rig, 0);
    for number in 0..12 {
        schedule(&rig, 1, number);
    }
    assert_eq!(rig.process(0).pending_tasks(), 10);
    schedule(&rig, 0, 70);
    assert_eq!(rig.driver.scheduled.get(), Some(Ok(())));
    rig.run();
    assert_eq!(rig.answers(0), [SyscallReturn::YieldWaitFor(70, 71, 72)]);
    let first_arguments: Vec<_> = rig.functions(0).iter().map(|(_, a)| a[0]).collect();
    assert_eq!(first_arguments, (0..10).collect::<Vec<_>>());
}

#[test]
fn upcall_without_function_wakes_wait_for() {
    let rig = board_without_functions();
    wait_for(&rig, 0);
    schedule(&rig, 0, 9);
    rig.run();
    assert_eq!(rig.answers(0), [SyscallReturn::YieldWaitFor(9, 10, 11)]);
}

#[test]
fn upcall_without_function_does_not_wake_wait() {
    let rig = board_without_functions();
    let entered = entries(&rig);
    schedule(&rig, 0, 9);
    schedule(&rig, 1, 9);
    rig.run();
    assert_eq!(entries(&rig), entered);
    assert_eq!(rig.state(0), State::Yielded);
}

#[test]
fn upcall_without_function_does_not_hold_up_no_wait() {
    let rig = board_without_functions();
    let flag = rig.start_of(0) + 40;
    rig.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 5)),
            Step::Call(yield_no_wait(flag)),
            Step::Do(Box::new(move || assert_eq!(peek(flag), 0))),
            Step::Call(command(DRIVER, commands::COUNT, 0, 0)),
        ],
    );
    rig.wake(0);
    rig.run();
    assert_eq!(
        rig.answers(0),
        [SyscallReturn::Success, SyscallReturn::SuccessU32(1)]
    );
}

#[test]
fn upcalls_without_function_do_not_fill_the_queue_for_ever() {
    let rig = board();
    rig.call(0, subscribe(DRIVER, 1, 0, 0));
    rig.chip.boundary.clear_events();
    for _ in 0..30 {
        schedule(&rig, 1, 1);
    }
    schedule(&rig, 0, 4);
    assert_eq!(rig.driver.scheduled.get(), Some(Ok(())));
    rig.run();
    assert_eq!(rig.functions(0), [(function(&rig), [4, 5, 6, 50])]);
}

#[test]
fn wait_for_needs_no_subscribe_and_no_driver() {
    let rig = board();
    rig.script(0, [Step::Call(yield_wait_for(MISSING_DRIVER, 12))]);
    rig.wake(0);
    rig.run();
    assert!(matches!(rig.state(0), State::YieldedFor(_)));
}

#[test]
fn full_stack_faults_through_the_hook() {
    for wait in [false, true] {
        let rig = board();
        if wait {
            wait_for(&rig, 0);
        }
        rig.chip.boundary.stack_full.set(true);
        schedule(&rig, 0, 1);
        rig.run();
        assert_eq!(rig.state(0), State::Faulted);
        assert_eq!(rig.board.hooks.faults.get(), 1);
    }
}
