//! Shares of the CPU time: no process keeps another from executing for ever, and within their shares the levels decide.

use std::cell::Cell;
use std::num::NonZeroU32;

use capsules_system::process_policies::StopFaultPolicy;
use capsules_system::scheduler::priority::{PriorityLevel, PrioritySched, WakeHint, PERIOD_US};
use kernel::deferred_call::{initialize_deferred_call_state, BackgroundCall, DeferredCallClient};
use kernel::{Kernel, ProcessId};
use testing::probe::*;
use testing::syscalls::*;
use testing::*;

/// Hundredths of the time for the processes of levels 0, 1 and 2.
const SHARES: [u8; 3] = [40, 15, 10];
const SLICE_US: u32 = 10_000;

type Host<H> = ProbedKernel<PrioritySched<Power, H>>;

fn host_with<H: WakeHint + 'static>(
    shares: [u8; 3],
    hint: impl FnOnce(&'static Kernel) -> H,
) -> Host<H> {
    let levels: &'static [PriorityLevel] =
        Box::leak((0..3).map(PriorityLevel::new).collect::<Box<[_]>>());
    for (level, share) in levels.iter().zip(shares) {
        level.set_share(share);
    }
    let (kernel, slots) = bare_kernel();
    let slice = NonZeroU32::new(SLICE_US).unwrap();
    let scheduler = PrioritySched::with_levels(kernel, Power, levels, slice, hint(kernel));
    let host = HostKernel::probed_with_scheduler(
        &["a", "b", "c"].map(|name| App::new(name).min_ram(2048)),
        forever(StopFaultPolicy {}),
        slots,
        kernel,
        scheduler,
    );
    host.run();
    host
}

/// Has a process compute for ever: more steps than any test takes.
fn spin<H: WakeHint + 'static>(host: &Host<H>, place: usize) {
    host.script(place, (0..20_000).map(|_| Step::Interrupted));
    host.wake(place);
}

/// The process that executes in the next turn, all of a slice, and its microseconds.
fn next<H: WakeHint + 'static>(host: &Host<H>) -> Option<(usize, u32)> {
    host.clear_events();
    host.board.timer.expires_after.set(Some(3));
    host.turn();
    let events = host.chip.boundary.events();
    let place = events.iter().find_map(|event| match event {
        Event::Entered(start) => (0..3).find(|index| host.memory(*index) == *start),
        _ => None,
    })?;
    Some((place, host.board.timer.slice.get()))
}

/// The microseconds that each process executes in so many periods, all of their slices.
fn times<H: WakeHint + 'static>(host: &Host<H>, periods: u32) -> [u32; 3] {
    let mut times = [0; 3];
    while times.iter().sum::<u32>() < periods * PERIOD_US {
        let (place, microseconds) = next(host).expect("some process spins");
        times[place] += microseconds;
    }
    times
}

#[test]
fn of_every_pair_each_gets_its_share_and_the_more_urgent_one_the_rest() {
    for (upper, lower) in [(0, 1), (0, 2), (1, 2)] {
        let host = host_with(SHARES, Woken);
        spin(&host, upper);
        spin(&host, lower);
        let times = times(&host, 10);
        let share = |place: usize| u32::from(SHARES[place]) * 10 * PERIOD_US / 100;
        let slack = 10 * PERIOD_US / 50;
        assert!(
            times[lower] + slack >= share(lower),
            "{upper} over {lower}: {times:?}"
        );
        assert!(
            times[lower] <= share(lower) + slack,
            "{upper} over {lower}: {times:?}"
        );
        assert!(times[upper] > times[lower]);
    }
}

#[test]
fn when_all_spin_each_gets_its_share() {
    let host = host_with(SHARES, Woken);
    (0..3).for_each(|place| spin(&host, place));
    let times = times(&host, 10);
    for (time, share) in times.iter().zip(SHARES) {
        assert!(*time + PERIOD_US / 5 >= u32::from(share) * PERIOD_US / 10);
    }
}

#[test]
fn within_its_share_the_most_urgent_process_comes_first() {
    let host = host_with(SHARES, Woken);
    (0..3).for_each(|place| spin(&host, place));
    let mut used = [0; 3];
    let first: Vec<usize> = std::iter::from_fn(|| next(&host))
        .take_while(|(place, microseconds)| {
            used[*place] += microseconds;
            used.iter().sum::<u32>() <= PERIOD_US
        })
        .map(|(place, _)| place)
        .collect();
    // Four slices of the first, two of the second (the last cut short), one of the third;
    // then what is left is the first's again.
    let mut order = first.clone();
    order.dedup();
    assert_eq!(order, [0, 1, 2, 0], "{first:?}");
}

#[test]
fn one_that_is_within_its_share_preempts_one_that_is_beyond() {
    // Nobody guarantees the process of level 0 anything; that of level 2 wakes up.
    let host = host_with([0, 0, 10], Woken);
    let (chip, driver, third) = (host.chip, host.probe(), host.id(2));
    let function = host.process(2).get_addresses().flash_start + 101;
    host.call(2, subscribe(DRIVER, 0, function, 0));
    host.clear_events();
    host.script(
        0,
        [
            Step::Interrupted,
            Step::Do(Box::new(move || {
                chip.interrupt(move || driver.schedule(third, 0, 42).unwrap());
            })),
            Step::Interrupted,
        ],
    );
    spin(&host, 0);
    for _ in 0..3 {
        host.board.timer.expires_after.set(Some(50));
        host.turn();
    }
    assert_eq!(host.functions(2), [(function, [42, 43, 44, 0])]);
}

#[test]
fn a_process_without_a_share_is_served_when_the_others_leave_time() {
    let host = host_with([40, 0, 0], Woken);
    spin(&host, 0);
    spin(&host, 2);
    let times = times(&host, 5);
    assert_eq!(times[2], 0, "nothing is guaranteed to it: {times:?}");
}

/// Tells once of time in the background, beside the kernel's hint.
struct Told {
    woken: Woken,
    time: &'static Cell<Option<(ProcessId, u32)>>,
}

impl WakeHint for Told {
    fn take_background_time(&self) -> Option<(ProcessId, u32)> {
        self.time.take()
    }

    fn take_woken(&self) -> bool {
        self.woken.take_woken()
    }
}

#[test]
fn work_of_the_kernel_counts_for_whom_it_is_done() {
    let time = forever(Cell::new(None));
    let host = host_with(SHARES, |kernel| Told {
        woken: Woken(kernel),
        time,
    });
    spin(&host, 0);
    spin(&host, 2);
    assert_eq!(next(&host).expect("one spins").0, 0);
    // All that is left of its share.
    time.set(Some((host.id(0), 30_000)));
    assert_eq!(next(&host).expect("one spins").0, 2);
    // A process that is gone does not matter.
    host.process(1).terminate(None);
    time.set(Some((host.id(1), 30_000)));
    assert!(next(&host).is_some());
}

struct Worker {
    kernel: &'static Kernel,
    call: BackgroundCall,
    process: Cell<Option<ProcessId>>,
}

impl DeferredCallClient for Worker {
    fn handle_deferred_call(&self) {
        if let Some(process) = self.process.get() {
            self.kernel.works_for(process);
        }
    }

    fn register(&'static self) {
        self.call.register(self);
    }
}

#[test]
fn the_kernel_measures_calls_in_the_background() {
    on_kernel_thread(|| {
        initialize_deferred_call_state::<Thread>();
        // Without scheduler that asks: what the kernel tells is taken by the test.
        let host = host_with(SHARES, |_| ());
        let worker = forever(Worker {
            kernel: host.kernel,
            call: BackgroundCall::new(),
            process: Cell::new(Some(host.id(1))),
        });
        worker.register();
        host.board.timer.remaining.set(247_000);
        let work = || {
            worker.call.set_in_background();
            host.run();
        };
        work();
        work();
        let taken = || host.kernel.take_background_time(&Power);
        assert_eq!(taken(), Some((host.id(1), 6_000)));
        assert_eq!(taken(), None);
        // What nobody asked for counts for nobody.
        worker.process.set(None);
        work();
        assert_eq!(taken(), None);
    });
}
