//! Waiting: every variant of yield, and what wakes a process.

use kernel::process::State;
use kernel::syscall::{Syscall, SyscallReturn};
use kernel::upcall::UpcallId;
use testing::probe::*;
use testing::syscalls::*;
use testing::*;

/// A board with one app that has upcalls 0 and 1 subscribed with data 50 and 51.
fn board() -> ProbedKernel {
    let host = HostKernel::probed(&[App::new("app")]);
    host.run();
    host.call(0, memop(0, host.memory(0) + 512));
    for upcall in [0, 1] {
        host.call(0, subscribe(DRIVER, upcall, function(&host), 50 + upcall));
    }
    host.clear_events();
    host
}

fn function(host: &ProbedKernel) -> usize {
    host.process(0).get_addresses().flash_start + 101
}

/// As [`board`], with neither upcall subscribed.
fn board_without_functions() -> ProbedKernel {
    let host = board();
    for upcall in [0, 1] {
        host.call(0, subscribe(DRIVER, upcall, 0, 0));
    }
    host.clear_events();
    host
}

fn schedule(host: &ProbedKernel, upcall: usize, first: usize) {
    host.probe().schedule(host.id(0), upcall, first).unwrap();
}

/// Has the process wait for an upcall, from a command on.
fn wait_for(host: &ProbedKernel, upcall: usize) {
    host.script(0, [Step::Call(yield_wait_for(DRIVER, upcall))]);
    host.wake(0);
    host.run();
}

fn awaiting(upcall: usize) -> State {
    State::YieldedFor(UpcallId {
        driver_num: DRIVER,
        subscribe_num: upcall,
    })
}

#[test]
fn upcall_runs_only_when_the_process_yields() {
    let host = board();
    host.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 7)),
            Step::Call(command(DRIVER, commands::EXISTS, 0, 0)),
            Step::Interrupted,
            Step::Call(command(DRIVER, commands::EXISTS, 0, 0)),
            Step::Call(yield_wait()),
        ],
    );
    host.wake(0);
    host.run();
    let events = host.chip.boundary.events();
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
    assert_eq!(host.functions(0), [(function(&host), [7, 8, 9, 50])]);
}

#[test]
fn upcalls_run_one_for_each_yield_in_order() {
    let host = board();
    host.process(0).stop();
    for (upcall, first) in [(0, 1), (1, 10), (0, 20)] {
        schedule(&host, upcall, first);
    }
    host.process(0).resume();
    host.run();
    let arguments: Vec<_> = host.functions(0).iter().map(|(_, a)| *a).collect();
    assert_eq!(
        arguments,
        [[1, 2, 3, 50], [10, 11, 12, 51], [20, 21, 22, 50]]
    );
    assert_eq!(host.state(0), State::Yielded);
}

#[test]
fn no_wait_reports_whether_something_ran() {
    let host = board();
    let flag = host.memory(0) + 40;
    poke(flag, 0xEE);
    host.script(
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
    host.wake(0);
    host.run();
    assert_eq!(host.functions(0), [(function(&host), [5, 6, 7, 51])]);
    // It came through all of it, and a no-wait has no answer.
    assert_eq!(
        host.answers(0),
        [SyscallReturn::Success, SyscallReturn::SuccessU32(1)]
    );
}

#[test]
fn no_wait_ignores_a_flag_that_is_not_the_processes() {
    let host = board();
    let at = host.process(0).get_addresses();
    for flag in [
        0,
        at.sram_start - 1,
        at.sram_app_brk,
        at.sram_end - 1,
        at.flash_start,
        usize::MAX,
    ] {
        let before = (flag > 4096 && flag != usize::MAX).then(|| peek(flag));
        host.script(0, [Step::Call(yield_no_wait(flag))]);
        host.wake(0);
        host.run();
        assert_eq!(before, before.map(|_| peek(flag)));
        assert_eq!(host.state(0), State::Yielded);
    }
}

#[test]
fn unknown_yield_is_a_fault() {
    for which in [3, 4, usize::MAX] {
        let host = board();
        host.call_without_answer(
            0,
            Syscall::Yield {
                which,
                param_a: 0,
                param_b: 0,
            },
        );
        assert_eq!(host.state(0), State::Faulted);
        assert_eq!(host.board.hooks.faults.get(), 1);
        assert!(host.answers(0).is_empty());
    }
}

#[test]
fn wait_for_returns_arguments_instead_of_calling() {
    let host = board();
    wait_for(&host, 1);
    assert_eq!(host.state(0), awaiting(1));
    schedule(&host, 1, 30);
    host.run();
    assert_eq!(host.answers(0), [SyscallReturn::YieldWaitFor(30, 31, 32)]);
    assert!(host.functions(0).is_empty());
    assert_eq!(host.state(0), State::Yielded);
}

#[test]
fn wait_for_finds_what_is_there_already() {
    let host = board();
    host.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 1)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 1, 2)),
            Step::Call(command(DRIVER, commands::SCHEDULE, 1, 3)),
            Step::Call(yield_wait_for(DRIVER, 1)),
            Step::Call(yield_wait_for(DRIVER, 1)),
        ],
    );
    host.wake(0);
    host.run();
    let answers = host.answers(0);
    assert_eq!(
        answers[3..],
        [
            SyscallReturn::YieldWaitFor(2, 3, 4),
            SyscallReturn::YieldWaitFor(3, 4, 5)
        ]
    );
    // The other one ran when the process waited for anything.
    assert_eq!(host.functions(0), [(function(&host), [1, 2, 3, 50])]);
}

#[test]
fn other_upcalls_do_not_hide_the_awaited_one() {
    for (before, after) in [(1, 0), (0, 1), (2, 3)] {
        let host = board();
        wait_for(&host, 0);
        for _ in 0..before {
            schedule(&host, 1, 100);
        }
        schedule(&host, 0, 30);
        for _ in 0..after {
            schedule(&host, 1, 200);
        }
        host.run();
        assert_eq!(host.answers(0), [SyscallReturn::YieldWaitFor(30, 31, 32)]);
        assert_eq!(host.functions(0).len(), before + after);
        assert_eq!(host.state(0), State::Yielded);
    }
}

#[test]
fn other_upcalls_alone_do_not_wake_it() {
    let host = board();
    wait_for(&host, 0);
    let entered = entries(&host);
    for _ in 0..20 {
        schedule(&host, 1, 5);
        host.run();
    }
    assert_eq!(entries(&host), entered);
    assert!(!host.process(0).ready());
}

fn entries(host: &ProbedKernel) -> usize {
    host.chip
        .boundary
        .events()
        .iter()
        .filter(|event| matches!(event, Event::Entered(_)))
        .count()
}

#[test]
fn awaited_upcall_has_a_place_in_a_full_queue() {
    let host = board();
    wait_for(&host, 0);
    for number in 0..12 {
        schedule(&host, 1, number);
    }
    assert_eq!(host.process(0).pending_tasks(), 10);
    schedule(&host, 0, 70);
    assert_eq!(host.probe().scheduled.get(), Some(Ok(())));
    host.run();
    assert_eq!(host.answers(0), [SyscallReturn::YieldWaitFor(70, 71, 72)]);
    let first_arguments: Vec<_> = host.functions(0).iter().map(|(_, a)| a[0]).collect();
    assert_eq!(first_arguments, (0..10).collect::<Vec<_>>());
}

#[test]
fn upcall_without_function_wakes_wait_for() {
    let host = board_without_functions();
    wait_for(&host, 0);
    schedule(&host, 0, 9);
    host.run();
    assert_eq!(host.answers(0), [SyscallReturn::YieldWaitFor(9, 10, 11)]);
}

#[test]
fn upcall_without_function_does_not_wake_wait() {
    let host = board_without_functions();
    let entered = entries(&host);
    schedule(&host, 0, 9);
    schedule(&host, 1, 9);
    host.run();
    assert_eq!(entries(&host), entered);
    assert_eq!(host.state(0), State::Yielded);
}

#[test]
fn upcall_without_function_does_not_hold_up_no_wait() {
    let host = board_without_functions();
    let flag = host.memory(0) + 40;
    host.script(
        0,
        [
            Step::Call(command(DRIVER, commands::SCHEDULE, 0, 5)),
            Step::Call(yield_no_wait(flag)),
            Step::Do(Box::new(move || assert_eq!(peek(flag), 0))),
            Step::Call(command(DRIVER, commands::COUNT, 0, 0)),
        ],
    );
    host.wake(0);
    host.run();
    assert_eq!(
        host.answers(0),
        [SyscallReturn::Success, SyscallReturn::SuccessU32(1)]
    );
}

#[test]
fn upcalls_without_function_do_not_fill_the_queue_for_ever() {
    let host = board();
    host.call(0, subscribe(DRIVER, 1, 0, 0));
    host.clear_events();
    for _ in 0..30 {
        schedule(&host, 1, 1);
    }
    schedule(&host, 0, 4);
    assert_eq!(host.probe().scheduled.get(), Some(Ok(())));
    host.run();
    assert_eq!(host.functions(0), [(function(&host), [4, 5, 6, 50])]);
}

#[test]
fn wait_for_needs_no_subscribe_and_no_driver() {
    let host = board();
    host.script(0, [Step::Call(yield_wait_for(MISSING_DRIVER, 12))]);
    host.wake(0);
    host.run();
    assert!(matches!(host.state(0), State::YieldedFor(_)));
}

#[test]
fn full_stack_faults_through_the_hook() {
    for wait in [false, true] {
        let host = board();
        if wait {
            wait_for(&host, 0);
        }
        host.chip.boundary.stack_full.set(true);
        schedule(&host, 0, 1);
        host.run();
        assert_eq!(host.state(0), State::Faulted);
        assert_eq!(host.board.hooks.faults.get(), 1);
    }
}
