//! Driver 0x0 on a 24-bit counter.

use std::cell::Cell;

use capsules_core::alarm::{AlarmDriver, DRIVER_NUM};
use capsules_core::virtualizers::virtual_alarm::{MuxAlarm, VirtualMuxAlarm};
use kernel::hil::time::{Alarm, AlarmClient, Freq32KHz, Ticks, Ticks24, Time};
use kernel::syscall::SyscallReturn;
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

use testing::bench::{grants, Bench};
use testing::host::forever;

/// A counter that the test sets, with one alarm.
#[derive(Default)]
struct Counter {
    now: Cell<u32>,
    alarm: Cell<Option<(Ticks24, Ticks24)>>,
    client: OptionalCell<&'static dyn AlarmClient>,
}

impl Time for Counter {
    type Frequency = Freq32KHz;
    type Ticks = Ticks24;

    fn now(&self) -> Ticks24 {
        Ticks24::from(self.now.get())
    }
}

impl Alarm<'static> for Counter {
    fn set_alarm_client(&self, client: &'static dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Ticks24, dt: Ticks24) {
        self.alarm.set(Some((reference, dt)));
    }

    fn get_alarm(&self) -> Ticks24 {
        self.alarm
            .get()
            .map_or(Ticks24::from(0), |(reference, dt)| {
                reference.wrapping_add(dt)
            })
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.alarm.set(None);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.alarm.get().is_some()
    }

    fn minimum_dt(&self) -> Ticks24 {
        Ticks24::from(2)
    }
}

impl Counter {
    /// Lets time pass up to `until`, handling each alarm when it is due.
    fn run_to(&self, until: u32) {
        while self.now.get() != until {
            self.now.set((self.now.get() + 1) & 0xFF_FFFF);
            while let Some((reference, dt)) = self.alarm.get() {
                if self.now().wrapping_sub(reference) < dt {
                    break;
                }
                self.alarm.set(None);
                self.client.map(|client| client.alarm());
            }
        }
    }
}

fn bench(now: u32) -> (Bench, &'static Counter) {
    let counter = forever(Counter::default());
    counter.now.set(now);
    let bench = Bench::new(|kernel| {
        let mux = forever(MuxAlarm::new(counter));
        counter.set_alarm_client(mux);
        let alarm = forever(VirtualMuxAlarm::new(mux));
        alarm.setup();
        let driver = forever(AlarmDriver::new(
            alarm,
            kernel.create_grant(DRIVER_NUM, grants()),
        ));
        alarm.set_alarm_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    bench.subscribe(0, DRIVER_NUM, 0);
    bench.subscribe(1, DRIVER_NUM, 0);
    (bench, counter)
}

#[test]
fn tells_time_left_justified() {
    let (bench, counter) = bench(0x12_3456);
    let command = |number, a, b| bench.command(0, DRIVER_NUM, number, a, b);
    assert_eq!(command(0, 0, 0), SyscallReturn::Success);
    assert_eq!(command(1, 0, 0), SyscallReturn::SuccessU32(32_768 << 8));
    assert_eq!(command(2, 0, 0), SyscallReturn::SuccessU32(0x1234_5600));
    assert_eq!(command(3, 0, 0), SyscallReturn::Failure(ErrorCode::ALREADY));
    assert_eq!(
        command(4, 0, 0),
        SyscallReturn::Failure(ErrorCode::NOSUPPORT)
    );
    assert!(!counter.is_armed());
}

#[test]
fn each_app_has_its_alarm() {
    let (bench, counter) = bench(0xFF_FF00);
    // The first app's alarm is later, and past the wrap.
    assert_eq!(
        bench.command(0, DRIVER_NUM, 5, 0x2_0000, 0),
        SyscallReturn::SuccessU32(0x1_0000)
    );
    assert_eq!(
        bench.command(1, DRIVER_NUM, 5, 0x8001, 0),
        SyscallReturn::SuccessU32(0xFFFF_8100)
    );
    counter.run_to(0xFF_FF80);
    assert!(bench.upcalls(1).is_empty());
    counter.run_to(0xFF_FF81);
    assert_eq!(bench.upcalls(1), [(0, [0xFFFF_8100, 0xFFFF_8100, 0])]);
    counter.run_to(0xFF);
    assert!(bench.upcalls(0).is_empty());
    counter.run_to(0x180);
    assert_eq!(bench.upcalls(0), [(0, [0x1_0000, 0x1_0000, 0])]);
    assert!(!counter.is_armed());
}

#[test]
fn a_moment_that_has_passed_is_told_at_once() {
    let (bench, counter) = bench(0x1000);
    // A reference 0x100 ticks ago, and a distance of half that.
    assert_eq!(
        bench.command(0, DRIVER_NUM, 6, 0xF_0000, 0x8000),
        SyscallReturn::SuccessU32(0xF_8000)
    );
    assert_eq!(bench.upcalls(0), [(0, [0x10_0000, 0xF_8000, 0])]);
    assert!(!counter.is_armed());
    bench.command(0, DRIVER_NUM, 5, 0, 0);
    assert_eq!(bench.upcalls(0), [(0, [0x10_0000, 0x10_0000, 0])]);
    // Fractions of a tick of the reference and the distance add up.
    assert_eq!(
        bench.command(0, DRIVER_NUM, 6, 0xF_FF80, 0x181),
        SyscallReturn::SuccessU32(0x10_0200)
    );
    counter.run_to(0x1001);
    assert!(bench.upcalls(0).is_empty());
    counter.run_to(0x1002);
    assert_eq!(bench.upcalls(0), [(0, [0x10_0200, 0x10_0200, 0])]);
}

#[test]
fn stopping_and_moving_leaves_the_other_app_alone() {
    let (bench, counter) = bench(0);
    bench.command(0, DRIVER_NUM, 5, 0x1000, 0);
    bench.command(1, DRIVER_NUM, 5, 0x3000, 0);
    assert_eq!(
        bench.command(0, DRIVER_NUM, 3, 0, 0),
        SyscallReturn::Success
    );
    bench.command(0, DRIVER_NUM, 5, 0x1000, 0);
    bench.command(0, DRIVER_NUM, 5, 0x5000, 0);
    counter.run_to(0x30);
    assert!(bench.upcalls(0).is_empty());
    assert_eq!(bench.upcalls(1), [(0, [0x3000, 0x3000, 0])]);
    counter.run_to(0x60);
    assert_eq!(bench.upcalls(0), [(0, [0x5000, 0x5000, 0])]);
    assert!(!counter.is_armed());
}

#[test]
fn the_longest_alarm_neither_comes_early_nor_is_lost() {
    let (bench, counter) = bench(0x800);
    assert_eq!(
        bench.command(0, DRIVER_NUM, 5, 0xFFFF_FFFF, 0),
        SyscallReturn::SuccessU32(0x7_FF00)
    );
    counter.run_to(0x7FE);
    assert!(bench.upcalls(0).is_empty());
    counter.run_to(0x7FF);
    assert_eq!(bench.upcalls(0), [(0, [0x7_FF00, 0x7_FF00, 0])]);
}

#[test]
fn an_app_that_has_ended_disturbs_nobody() {
    let (bench, counter) = bench(0);
    bench.command(0, DRIVER_NUM, 5, 0x1000, 0);
    bench.command(1, DRIVER_NUM, 5, 0x2000, 0);
    bench.end(0);
    counter.run_to(0x100);
    assert_eq!(bench.upcalls(1), [(0, [0x2000, 0x2000, 0])]);
    assert!(!counter.is_armed());
}
