//! Driver 0x80000007: one upcall for each fall of the supply, however it bounces.

use capsules_metering::supply::{SupplyDriver, DRIVER_NUM};
use kernel::hil::time::{Alarm, Ticks24};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::supply_monitor::SupplyMonitor;

use testing::supply::FakeSupply;
use testing::{forever, Clock};
use testing::{HostKernel, Power};

/// A supply, and the alarm of its driver.
struct Hardware {
    supply: &'static FakeSupply,
    clock: &'static Clock<Ticks24>,
}

impl Hardware {
    /// The alarm comes, and the hardware warns if it was told to watch; the
    /// ticks that it took.
    fn alarm(&self) -> u32 {
        let ticks = self.clock.ring().expect("an alarm is set");
        self.supply.compare();
        ticks
    }
}

fn host() -> (HostKernel, Hardware) {
    let supply = forever(FakeSupply::default());
    let clock = forever(Clock::default());
    let host = HostKernel::with_processes(2, |kernel| {
        let driver = forever(SupplyDriver::new(
            supply,
            clock,
            kernel.create_grant(DRIVER_NUM, &Power),
        ));
        supply.set_client(driver);
        clock.set_alarm_client(driver);
        driver.start();
        vec![(DRIVER_NUM, driver)]
    });
    (host, Hardware { supply, clock })
}

fn level(host: &HostKernel) -> (u32, u32) {
    match host.command(0, DRIVER_NUM, 1, 0, 0) {
        SyscallReturn::SuccessU32U32(low, warnings) => (low, warnings),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fall_is_told_once_to_all() {
    let (host, hardware) = host();
    assert_eq!(host.command(0, DRIVER_NUM, 0, 0, 0), SyscallReturn::Success);
    for app in 0..2 {
        host.subscribe(app, DRIVER_NUM, 0);
    }
    assert_eq!(level(&host), (0, 0));
    hardware.supply.set_low(true);
    for app in 0..2 {
        assert_eq!(host.upcalls(app), [(0, [1, 0, 0])]);
    }
    // It stays low: each look finds it so, and says nothing.
    for _ in 0..5 {
        assert_eq!(level(&host), (1, 1));
        assert_eq!(hardware.alarm(), 3_276, "100 ms");
    }
    assert!(host.upcalls(0).is_empty());
    assert_eq!(
        host.command(0, DRIVER_NUM, 2, 0, 0),
        SyscallReturn::Failure(ErrorCode::NOSUPPORT)
    );
}

#[test]
fn a_supply_that_came_back_can_fall_again() {
    let (host, hardware) = host();
    host.subscribe(0, DRIVER_NUM, 0);
    for fall in 1..=3 {
        hardware.supply.set_low(true);
        hardware.supply.set_low(false);
        assert_eq!(level(&host), (1, fall), "not known yet");
        // A bounce within the wait is the same fall.
        hardware.supply.set_low(true);
        hardware.supply.set_low(false);
        hardware.alarm();
        assert_eq!(level(&host), (1, fall));
        hardware.alarm();
        assert_eq!(level(&host), (0, fall));
        assert_eq!(host.upcalls(0), [(0, [fall as usize, 0, 0])]);
        assert!(!hardware.clock.is_armed());
    }
}
