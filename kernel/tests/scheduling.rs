//! Who executes: time slices, pre-emption, and what an interrupt may change.

use testing::host;

use std::num::NonZeroU32;

use capsules_system::scheduler::priority::{PriorityLevel, PrioritySched};
use host::*;
use kernel::process::{Process, ProcessArray};
use kernel::{Kernel, Scheduler};

fn apps() -> [App; 3] {
    ["a", "b", "c"].map(|name| App::new(name).min_ram(2048))
}

/// Computes for ever: more steps than any test takes.
fn spin() -> impl Iterator<Item = Step> {
    (0..10_000).map(|_| Step::Interrupted)
}

fn prioritized(levels: &[u8]) -> (Rig<PrioritySched<Power, Woken>>, &'static [PriorityLevel]) {
    let levels: &'static [PriorityLevel] = Box::leak(
        levels
            .iter()
            .map(|level| PriorityLevel::new(*level))
            .collect(),
    );
    let slots = forever(ProcessArray::<SLOTS>::new());
    let kernel = forever(Kernel::new(slots.as_slice()));
    let scheduler = PrioritySched::with_levels(
        kernel,
        Power,
        levels,
        NonZeroU32::new(10_000).unwrap(),
        Woken(kernel),
    );
    let rig = Rig::assemble(
        &apps(),
        forever(capsules_system::process_policies::StopFaultPolicy {}),
        slots,
        kernel,
        scheduler,
    );
    rig.run();
    (rig, levels)
}

/// The order in which processes were executed, without repetitions.
fn order<S: Scheduler<FakeChip> + 'static>(rig: &Rig<S>) -> Vec<usize> {
    let mut order: Vec<usize> = rig
        .chip
        .boundary
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Entered(start) => (0..3).find(|index| rig.start_of(*index) == *start),
            _ => None,
        })
        .collect();
    order.dedup();
    order
}

/// Has processes spin, one slice of them ended after another.
fn slices<S: Scheduler<FakeChip> + 'static>(
    rig: &Rig<S>,
    spinning: &[usize],
    count: usize,
) -> Vec<usize> {
    rig.chip.boundary.clear_events();
    for index in spinning {
        rig.script(*index, spin());
        rig.wake(*index);
    }
    for _ in 0..count {
        rig.board.timer.expires_after.set(Some(3));
        rig.turn();
    }
    order(rig)
}

#[test]
fn round_robin_gives_spinners_their_turns() {
    let rig = Rig::new(&apps());
    rig.run();
    assert_eq!(slices(&rig, &[0, 1, 2], 6), [0, 1, 2, 0, 1, 2]);
    assert_eq!(rig.process(1).debug_timeslice_expiration_count(), 2);
}

#[test]
fn round_robin_lets_an_interrupted_process_go_on() {
    let rig = Rig::new(&apps());
    rig.run();
    rig.chip.boundary.clear_events();
    for index in 0..3 {
        rig.script(index, spin());
        rig.wake(index);
    }
    // The first is executing when an interrupt comes.
    let chip = rig.chip;
    rig.script_first(0, move || chip.interrupt(|| {}));
    rig.board.timer.remaining.set(8_000);
    rig.turn();
    rig.turn();
    assert_eq!(order(&rig), [0]);
    rig.board.timer.expires_after.set(Some(2));
    rig.turn();
    assert_eq!(rig.board.timer.slice.get(), 8_000, "the rest of its slice");
    rig.board.timer.expires_after.set(Some(2));
    rig.turn();
    assert_eq!(order(&rig), [0, 1]);
    assert_eq!(rig.board.timer.slice.get(), 10_000);
}

#[test]
fn equals_share_in_turns() {
    let (rig, _) = prioritized(&[1, 1, 1]);
    assert_eq!(slices(&rig, &[0, 1, 2], 6), [0, 1, 2, 0, 1, 2]);
}

#[test]
fn urgent_process_is_executed_first_and_again() {
    let (rig, _) = prioritized(&[5, 0, 5]);
    assert_eq!(slices(&rig, &[0, 1, 2], 4), [1]);
}

#[test]
fn urgent_process_preempts_a_spinner_on_interrupt() {
    let (rig, _) = prioritized(&[5, 0, 5]);
    let (chip, driver, urgent) = (rig.chip, rig.driver, rig.process(1));
    driver.schedule(rig.id(1), 0, 0).unwrap();
    let function = urgent.get_addresses().flash_start + 101;
    rig.call(1, subscribe(DRIVER, 0, function, 0));
    rig.chip.boundary.clear_events();

    rig.script(
        0,
        [
            Step::Interrupted,
            Step::Do(Box::new(move || {
                chip.interrupt(move || driver.schedule(urgent.processid(), 0, 42).unwrap());
            })),
            Step::Interrupted,
        ],
    );
    rig.script(0, spin());
    rig.wake(0);
    // Spins without its slice ever ending; the urgent one still gets through.
    rig.turn();
    rig.turn();
    rig.board.timer.expires_after.set(Some(50));
    rig.turn();
    assert_eq!(rig.functions(1), [(function, [42, 43, 44, 0])]);
    assert_eq!(order(&rig), [0, 1]);
}

#[test]
fn urgent_process_preempts_within_a_system_call() {
    let (rig, _) = prioritized(&[5, 0, 5]);
    let (driver, urgent) = (rig.driver, rig.process(1));
    let function = urgent.get_addresses().flash_start + 101;
    rig.call(1, subscribe(DRIVER, 0, function, 0));
    rig.chip.boundary.clear_events();
    *driver.hook.borrow_mut() = Some(Box::new(move |_| {
        driver.schedule(urgent.processid(), 0, 1).unwrap();
    }));
    rig.script(
        0,
        [
            Step::Call(command(DRIVER, host::probe::commands::HOOK, 0, 0)),
            Step::Call(command(DRIVER, 0, 0, 0)),
        ],
    );
    rig.wake(0);
    rig.run();
    assert_eq!(order(&rig), [0, 1, 0]);
    assert_eq!(rig.answers(0).len(), 2);
}

#[test]
fn less_urgent_wakeups_do_not_preempt() {
    let (rig, _) = prioritized(&[5, 9, 9]);
    let (driver, other) = (rig.driver, rig.id(1));
    *driver.hook.borrow_mut() = Some(Box::new(move |_| {
        driver.schedule(other, 0, 1).unwrap();
    }));
    rig.script(
        0,
        (0..5).map(|_| Step::Call(command(DRIVER, host::probe::commands::HOOK, 0, 0))),
    );
    rig.chip.boundary.clear_events();
    rig.wake(0);
    rig.turn();
    assert_eq!(rig.answers(0).len(), 5);
}

#[test]
fn interrupted_spinner_uses_its_slice_up() {
    // Interrupts keep coming; the equals still take turns.
    let (rig, _) = prioritized(&[1, 1, 1]);
    rig.chip.boundary.clear_events();
    for index in [0, 1] {
        rig.script(index, spin());
        rig.wake(index);
    }
    rig.board.timer.remaining.set(4_000);
    let mut turns = Vec::new();
    for _ in 0..12 {
        let chip = rig.chip;
        rig.chip.boundary.clear_events();
        // The interrupt arrives while the process executes.
        rig.board.timer.expires_after.set(None);
        for index in [0, 1] {
            rig.script_first(index, move || {
                if !chip_has(chip) {
                    chip.interrupt(|| {});
                }
            });
        }
        rig.turn();
        rig.turn();
        turns.extend(order(&rig));
        // Each time it has used 6 of what was left, down to nothing.
        rig.board
            .timer
            .remaining
            .set(rig.board.timer.slice.get().saturating_sub(6_000));
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
    let (rig, levels) = prioritized(&[3, 3, 3]);
    levels[2].set(0);
    assert_eq!(slices(&rig, &[0, 1, 2], 3), [2]);
}

#[test]
fn switching_loads_the_mpu_once_and_returning_does_not() {
    let rig = Rig::new(&apps());
    rig.run();
    let loads = || rig.chip.mpu.loads.get();
    let before = loads();
    rig.call(2, command(DRIVER, 0, 0, 0));
    rig.call(2, command(DRIVER, 0, 0, 0));
    let once = loads();
    assert!(once <= before + 1);
    rig.call(1, command(DRIVER, 0, 0, 0));
    assert_eq!(loads(), once + 1);
    rig.call(1, command(DRIVER, 0, 0, 0));
    assert_eq!(loads(), once + 1);
    rig.call(2, command(DRIVER, 0, 0, 0));
    assert_eq!(loads(), once + 2);
    assert_eq!(rig.chip.mpu.reachable.get().unwrap().0, rig.start_of(2));
}

#[test]
fn idle_kernel_sleeps() {
    let rig = Rig::new(&apps());
    rig.run();
    for _ in 0..3 {
        rig.kernel
            .kernel_loop_operation(rig.board, rig.chip, false, &Power);
    }
    assert_eq!(rig.chip.sleeps.get(), 3);
}

#[test]
fn stopped_processes_do_not_execute() {
    let rig = Rig::new(&apps());
    rig.run();
    rig.process(0).stop();
    rig.chip.boundary.clear_events();
    rig.wake(0);
    rig.run();
    assert!(rig.chip.boundary.events().is_empty());
    let process: &dyn Process = rig.process(0);
    process.resume();
    rig.run();
    assert!(!rig.chip.boundary.events().is_empty());
}
