//! Driver 0x80000007: one upcall for each fall of the supply, however it bounces.

use std::cell::Cell;

use capsules_metering::supply::{SupplyDriver, DRIVER_NUM};
use kernel::hil::time::{Alarm, AlarmClient, Freq32KHz, Ticks, Ticks24, Time};
use kernel::syscall::SyscallReturn;
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::supply_monitor::{SupplyClient, SupplyMonitor};

use testing::bench::{grants, Bench};
use testing::host::forever;

/// A supply, and the alarm of its driver; time passes when the test says so.
#[derive(Default)]
struct Hardware {
    low: Cell<bool>,
    watched: Cell<bool>,
    client: OptionalCell<&'static dyn SupplyClient>,
    alarm: Cell<Option<u32>>,
    alarm_client: OptionalCell<&'static dyn AlarmClient>,
}

impl SupplyMonitor<'static> for Hardware {
    fn set_client(&self, client: &'static dyn SupplyClient) {
        self.client.set(client);
    }

    fn watch(&self) {
        self.watched.set(true);
    }
}

impl Time for Hardware {
    type Frequency = Freq32KHz;
    type Ticks = Ticks24;

    fn now(&self) -> Ticks24 {
        Ticks24::from(0)
    }
}

impl Alarm<'static> for Hardware {
    fn set_alarm_client(&self, client: &'static dyn AlarmClient) {
        self.alarm_client.set(client);
    }

    fn set_alarm(&self, _: Ticks24, dt: Ticks24) {
        self.alarm.set(Some(dt.into_u32()));
    }

    fn get_alarm(&self) -> Ticks24 {
        Ticks24::from(0)
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.alarm.set(None);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.alarm.get().is_some()
    }

    fn minimum_dt(&self) -> Ticks24 {
        Ticks24::from(1)
    }
}

impl Hardware {
    /// The hardware warns if it watches a low supply.
    fn compare(&self) {
        if self.low.get() && self.watched.take() {
            self.client.map(|client| client.supply_low());
        }
    }

    fn set_low(&self, low: bool) {
        self.low.set(low);
        self.compare();
    }

    /// The alarm comes, and the hardware warns if it was told to watch; the
    /// ticks that it took.
    fn alarm(&self) -> u32 {
        let ticks = self.alarm.take().expect("an alarm is set");
        self.alarm_client.map(|client| client.alarm());
        self.compare();
        ticks
    }
}

fn bench() -> (Bench, &'static Hardware) {
    let hardware = forever(Hardware::default());
    let bench = Bench::new(|kernel| {
        let driver = forever(SupplyDriver::new(
            hardware,
            hardware,
            kernel.create_grant(DRIVER_NUM, grants()),
        ));
        hardware.set_client(driver);
        hardware.set_alarm_client(driver);
        driver.start();
        vec![(DRIVER_NUM, driver)]
    });
    (bench, hardware)
}

fn level(bench: &Bench) -> (u32, u32) {
    match bench.command(0, DRIVER_NUM, 1, 0, 0) {
        SyscallReturn::SuccessU32U32(low, warnings) => (low, warnings),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fall_is_told_once_to_all() {
    let (bench, hardware) = bench();
    assert_eq!(
        bench.command(0, DRIVER_NUM, 0, 0, 0),
        SyscallReturn::Success
    );
    for app in 0..2 {
        bench.subscribe(app, DRIVER_NUM, 0);
    }
    assert_eq!(level(&bench), (0, 0));
    hardware.set_low(true);
    for app in 0..2 {
        assert_eq!(bench.upcalls(app), [(0, [1, 0, 0])]);
    }
    // It stays low: each look finds it so, and says nothing.
    for _ in 0..5 {
        assert_eq!(level(&bench), (1, 1));
        assert_eq!(hardware.alarm(), 3_276, "100 ms");
    }
    assert!(bench.upcalls(0).is_empty());
    assert_eq!(
        bench.command(0, DRIVER_NUM, 2, 0, 0),
        SyscallReturn::Failure(ErrorCode::NOSUPPORT)
    );
}

#[test]
fn a_supply_that_came_back_can_fall_again() {
    let (bench, hardware) = bench();
    bench.subscribe(0, DRIVER_NUM, 0);
    for fall in 1..=3 {
        hardware.set_low(true);
        hardware.set_low(false);
        assert_eq!(level(&bench), (1, fall), "not known yet");
        // A bounce within the wait is the same fall.
        hardware.set_low(true);
        hardware.set_low(false);
        hardware.alarm();
        assert_eq!(level(&bench), (1, fall));
        hardware.alarm();
        assert_eq!(level(&bench), (0, fall));
        assert_eq!(bench.upcalls(0), [(0, [fall as usize, 0, 0])]);
        assert!(!hardware.is_armed());
    }
}
