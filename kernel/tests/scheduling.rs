//! Who executes: time slices, pre-emption, and what an interrupt may change.

use std::num::NonZeroU32;

use capsules_system::scheduler::priority::{PriorityLevel, PrioritySched, WakeHint};
use kernel::process::Process;
use kernel::{Kernel, Scheduler};
use testing::probe::*;
use testing::syscalls::*;
use testing::*;

fn apps() -> [App; 3] {
    ["a", "b", "c"].map(|name| App::new(name).min_ram(2048))
}

/// Computes for ever: more steps than any test takes.
fn spin() -> impl Iterator<Item = Step> {
    (0..10_000).map(|_| Step::Interrupted)
}

type Prioritized<H> = ProbedKernel<PrioritySched<Power, H>>;

fn prioritized(levels: &[u8]) -> (Prioritized<Woken>, &'static [PriorityLevel]) {
    prioritized_by(levels, Woken)
}

/// Processes of these levels, and a scheduler with the hint that `hint` makes for the kernel.
fn prioritized_by<H: WakeHint + 'static>(
    levels: &[u8],
    hint: impl FnOnce(&'static Kernel) -> H,
) -> (Prioritized<H>, &'static [PriorityLevel]) {
    let levels: &'static [PriorityLevel] = Box::leak(
        levels
            .iter()
            .map(|level| PriorityLevel::new(*level))
            .collect(),
    );
    let (kernel, slots) = bare_kernel();
    let scheduler = PrioritySched::with_levels(
        kernel,
        Power,
        levels,
        NonZeroU32::new(10_000).unwrap(),
        hint(kernel),
    );
    let host = HostKernel::probed_with_scheduler(
        &apps(),
        forever(capsules_system::process_policies::StopFaultPolicy {}),
        slots,
        kernel,
        scheduler,
    );
    host.run();
    (host, levels)
}

/// The order in which processes were executed, without repetitions.
fn order<S: Scheduler<FakeChip> + 'static>(host: &ProbedKernel<S>) -> Vec<usize> {
    let mut order: Vec<usize> = host
        .chip
        .boundary
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Entered(start) => (0..3).find(|index| host.memory(*index) == *start),
            _ => None,
        })
        .collect();
    order.dedup();
    order
}

/// Has processes spin, one slice of them ended after another.
fn slices<S: Scheduler<FakeChip> + 'static>(
    host: &ProbedKernel<S>,
    spinning: &[usize],
    count: usize,
) -> Vec<usize> {
    host.clear_events();
    for index in spinning {
        host.script(*index, spin());
        host.wake(*index);
    }
    for _ in 0..count {
        host.board.timer.expires_after.set(Some(3));
        host.turn();
    }
    order(host)
}

#[test]
fn round_robin_gives_spinners_their_turns() {
    let host = HostKernel::probed(&apps());
    host.run();
    assert_eq!(slices(&host, &[0, 1, 2], 6), [0, 1, 2, 0, 1, 2]);
    assert_eq!(host.process(1).debug_timeslice_expiration_count(), 2);
}

#[test]
fn round_robin_lets_an_interrupted_process_go_on() {
    let host = HostKernel::probed(&apps());
    host.run();
    host.clear_events();
    for index in 0..3 {
        host.script(index, spin());
        host.wake(index);
    }
    // The first is executing when an interrupt comes.
    let chip = host.chip;
    host.script_first(0, move || chip.interrupt(|| {}));
    host.board.timer.remaining.set(8_000);
    host.turn();
    host.turn();
    assert_eq!(order(&host), [0]);
    host.board.timer.expires_after.set(Some(2));
    host.turn();
    assert_eq!(host.board.timer.slice.get(), 8_000, "the rest of its slice");
    host.board.timer.expires_after.set(Some(2));
    host.turn();
    assert_eq!(order(&host), [0, 1]);
    assert_eq!(host.board.timer.slice.get(), 10_000);
}

#[test]
fn equals_share_in_turns() {
    let (host, _) = prioritized(&[1, 1, 1]);
    assert_eq!(slices(&host, &[0, 1, 2], 6), [0, 1, 2, 0, 1, 2]);
}

#[test]
fn urgent_process_is_executed_first_and_again() {
    let (host, _) = prioritized(&[5, 0, 5]);
    assert_eq!(slices(&host, &[0, 1, 2], 4), [1]);
}

#[test]
fn urgent_process_preempts_a_spinner_on_interrupt() {
    let (host, _) = prioritized(&[5, 0, 5]);
    let (chip, driver, urgent) = (host.chip, host.probe(), host.process(1));
    driver.schedule(host.id(1), 0, 0).unwrap();
    let function = urgent.get_addresses().flash_start + 101;
    host.call(1, subscribe(DRIVER, 0, function, 0));
    host.clear_events();

    host.script(
        0,
        [
            Step::Interrupted,
            Step::Do(Box::new(move || {
                chip.interrupt(move || driver.schedule(urgent.processid(), 0, 42).unwrap());
            })),
            Step::Interrupted,
        ],
    );
    host.script(0, spin());
    host.wake(0);
    // Spins without its slice ever ending; the urgent one still gets through.
    host.turn();
    host.turn();
    host.board.timer.expires_after.set(Some(50));
    host.turn();
    assert_eq!(host.functions(1), [(function, [42, 43, 44, 0])]);
    assert_eq!(order(&host), [0, 1]);
}

#[test]
fn urgent_process_preempts_within_a_system_call() {
    let (host, _) = prioritized(&[5, 0, 5]);
    let (driver, urgent) = (host.probe(), host.process(1));
    let function = urgent.get_addresses().flash_start + 101;
    host.call(1, subscribe(DRIVER, 0, function, 0));
    host.clear_events();
    *driver.hook.borrow_mut() = Some(Box::new(move |_| {
        driver.schedule(urgent.processid(), 0, 1).unwrap();
    }));
    host.script(
        0,
        [
            Step::Call(command(DRIVER, commands::HOOK, 0, 0)),
            Step::Call(command(DRIVER, 0, 0, 0)),
        ],
    );
    host.wake(0);
    host.run();
    assert_eq!(order(&host), [0, 1, 0]);
    assert_eq!(host.answers(0).len(), 2);
}

#[test]
fn less_urgent_wakeups_do_not_preempt() {
    let (host, _) = prioritized(&[5, 9, 9]);
    let (driver, other) = (host.probe(), host.id(1));
    *driver.hook.borrow_mut() = Some(Box::new(move |_| {
        driver.schedule(other, 0, 1).unwrap();
    }));
    host.script(
        0,
        (0..5).map(|_| Step::Call(command(DRIVER, commands::HOOK, 0, 0))),
    );
    host.clear_events();
    host.wake(0);
    host.turn();
    assert_eq!(host.answers(0).len(), 5);
}

/// Who is executed in which order: among spinners whose slices end, where two system calls
/// make the second process ready, and where an interrupt and a system call do.
fn orders<H: WakeHint + 'static>(
    levels: [u8; 3],
    hint: impl FnOnce(&'static Kernel) -> H,
) -> [Vec<usize>; 3] {
    let (host, _) = prioritized_by(&levels, hint);
    let sliced = slices(&host, &[0, 2], 6);
    // What is left of the spinners' scripts.
    host.board.timer.expires_after.set(None);
    for _ in 0..3 {
        host.run();
    }
    let (chip, driver, second) = (host.chip, host.probe(), host.id(1));
    *driver.hook.borrow_mut() = Some(Box::new(move |_| {
        driver.schedule(second, 0, 1).unwrap();
    }));
    let function = host.process(1).get_addresses().flash_start + 101;
    host.call(1, subscribe(DRIVER, 0, function, 0));
    host.clear_events();
    let hook = || Step::Call(command(DRIVER, commands::HOOK, 0, 0));
    host.script(0, [hook(), hook()]);
    host.wake(0);
    host.run();
    let called = order(&host);

    host.clear_events();
    let interrupt = move || chip.interrupt(move || driver.schedule(second, 0, 2).unwrap());
    host.script(
        0,
        [Step::Do(Box::new(interrupt)), Step::Interrupted, hook()],
    );
    host.wake(0);
    host.run();
    [sliced, called, order(&host)]
}

#[test]
fn without_a_hint_the_order_is_that_with_the_kernels_hint() {
    let in_turns = &[0, 2, 0, 2, 0, 2][..];
    let (preempted, left_alone) = (&[0, 1, 0, 1, 0][..], &[0, 1][..]);
    for (levels, expected) in [
        ([5, 0, 5], [in_turns, preempted, preempted]),
        ([2, 1, 0], [&[2], preempted, preempted]),
        ([1, 1, 1], [in_turns, left_alone, left_alone]),
        ([0, 5, 5], [&[0], left_alone, left_alone]),
        ([5, 9, 1], [&[2], left_alone, left_alone]),
    ] {
        assert_eq!(orders(levels, Woken), expected, "{levels:?} with a hint");
        assert_eq!(orders(levels, |_| ()), expected, "{levels:?} without");
    }
}

#[test]
fn interrupted_spinner_uses_its_slice_up() {
    // Interrupts keep coming; the equals still take turns.
    let (host, _) = prioritized(&[1, 1, 1]);
    host.clear_events();
    for index in [0, 1] {
        host.script(index, spin());
        host.wake(index);
    }
    host.board.timer.remaining.set(4_000);
    let mut turns = Vec::new();
    for _ in 0..12 {
        let chip = host.chip;
        host.clear_events();
        // The interrupt arrives while the process executes.
        host.board.timer.expires_after.set(None);
        for index in [0, 1] {
            host.script_first(index, move || {
                if !chip_has(chip) {
                    chip.interrupt(|| {});
                }
            });
        }
        host.turn();
        host.turn();
        turns.extend(order(&host));
        // Each time it has used 6 of what was left, down to nothing.
        host.board
            .timer
            .remaining
            .set(host.board.timer.slice.get().saturating_sub(6_000));
    }
    turns.dedup();
    assert!(turns.len() >= 4, "{turns:?}");
}

fn chip_has(chip: &FakeChip) -> bool {
    use kernel::platform::chip::Chip;
    chip.has_pending_interrupts()
}

#[test]
fn levels_can_change() {
    let (host, levels) = prioritized(&[3, 3, 3]);
    levels[2].set(0);
    assert_eq!(slices(&host, &[0, 1, 2], 3), [2]);
}

#[test]
fn switching_loads_the_mpu_once_and_returning_does_not() {
    let host = HostKernel::probed(&apps());
    host.run();
    let loads = || host.chip.mpu.loads.get();
    let before = loads();
    host.call(2, command(DRIVER, 0, 0, 0));
    host.call(2, command(DRIVER, 0, 0, 0));
    let once = loads();
    assert!(once <= before + 1);
    host.call(1, command(DRIVER, 0, 0, 0));
    assert_eq!(loads(), once + 1);
    host.call(1, command(DRIVER, 0, 0, 0));
    assert_eq!(loads(), once + 1);
    host.call(2, command(DRIVER, 0, 0, 0));
    assert_eq!(loads(), once + 2);
    assert_eq!(host.chip.mpu.reachable.get().unwrap().0, host.memory(2));
}

#[test]
fn idle_kernel_sleeps() {
    let host = HostKernel::probed(&apps());
    host.run();
    for _ in 0..3 {
        host.kernel
            .kernel_loop_operation(host.board, host.chip, false, &Power);
    }
    assert_eq!(host.chip.sleeps.get(), 3);
}

#[test]
fn stopped_processes_do_not_execute() {
    let host = HostKernel::probed(&apps());
    host.run();
    host.process(0).stop();
    host.clear_events();
    host.wake(0);
    host.run();
    assert!(host.chip.boundary.events().is_empty());
    let process: &dyn Process = host.process(0);
    process.resume();
    host.run();
    assert!(!host.chip.boundary.events().is_empty());
}
