//! Driver 0x0 on a 24-bit counter.

use capsules_core::alarm::{AlarmDriver, DRIVER_NUM};
use capsules_core::virtualizers::virtual_alarm::{MuxAlarm, VirtualMuxAlarm};
use kernel::hil::time::{Alarm, Ticks24};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use testing::{forever, Clock};
use testing::{HostKernel, Power};

fn host(now: u32) -> (HostKernel, &'static Clock<Ticks24>) {
    let counter = forever(Clock::new(now));
    let host = HostKernel::with_processes(2, |kernel| {
        let mux = forever(MuxAlarm::new(counter));
        counter.set_alarm_client(mux);
        let alarm = forever(VirtualMuxAlarm::new(mux));
        alarm.setup();
        let driver = forever(AlarmDriver::new(
            alarm,
            kernel.create_grant(DRIVER_NUM, &Power),
        ));
        alarm.set_alarm_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    host.subscribe(0, DRIVER_NUM, 0);
    host.subscribe(1, DRIVER_NUM, 0);
    (host, counter)
}

#[test]
fn tells_time_left_justified() {
    let (host, counter) = host(0x12_3456);
    let command = |number, a, b| host.command(0, DRIVER_NUM, number, a, b);
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
    let (host, counter) = host(0xFF_FF00);
    // The first app's alarm is later, and past the wrap.
    assert_eq!(
        host.command(0, DRIVER_NUM, 5, 0x2_0000, 0),
        SyscallReturn::SuccessU32(0x1_0000)
    );
    assert_eq!(
        host.command(1, DRIVER_NUM, 5, 0x8001, 0),
        SyscallReturn::SuccessU32(0xFFFF_8100)
    );
    counter.pass_until(0xFF_FF80);
    assert!(host.upcalls(1).is_empty());
    counter.pass_until(0xFF_FF81);
    assert_eq!(host.upcalls(1), [(0, [0xFFFF_8100, 0xFFFF_8100, 0])]);
    counter.pass_until(0xFF);
    assert!(host.upcalls(0).is_empty());
    counter.pass_until(0x180);
    assert_eq!(host.upcalls(0), [(0, [0x1_0000, 0x1_0000, 0])]);
    assert!(!counter.is_armed());
}

#[test]
fn a_moment_that_has_passed_is_told_at_once() {
    let (host, counter) = host(0x1000);
    // A reference 0x100 ticks ago, and a distance of half that.
    assert_eq!(
        host.command(0, DRIVER_NUM, 6, 0xF_0000, 0x8000),
        SyscallReturn::SuccessU32(0xF_8000)
    );
    assert_eq!(host.upcalls(0), [(0, [0x10_0000, 0xF_8000, 0])]);
    assert!(!counter.is_armed());
    host.command(0, DRIVER_NUM, 5, 0, 0);
    assert_eq!(host.upcalls(0), [(0, [0x10_0000, 0x10_0000, 0])]);
    // Fractions of a tick of the reference and the distance add up.
    assert_eq!(
        host.command(0, DRIVER_NUM, 6, 0xF_FF80, 0x181),
        SyscallReturn::SuccessU32(0x10_0200)
    );
    counter.pass_until(0x1001);
    assert!(host.upcalls(0).is_empty());
    counter.pass_until(0x1002);
    assert_eq!(host.upcalls(0), [(0, [0x10_0200, 0x10_0200, 0])]);
}

#[test]
fn stopping_and_moving_leaves_the_other_app_alone() {
    let (host, counter) = host(0);
    host.command(0, DRIVER_NUM, 5, 0x1000, 0);
    host.command(1, DRIVER_NUM, 5, 0x3000, 0);
    assert_eq!(host.command(0, DRIVER_NUM, 3, 0, 0), SyscallReturn::Success);
    host.command(0, DRIVER_NUM, 5, 0x1000, 0);
    host.command(0, DRIVER_NUM, 5, 0x5000, 0);
    counter.pass_until(0x30);
    assert!(host.upcalls(0).is_empty());
    assert_eq!(host.upcalls(1), [(0, [0x3000, 0x3000, 0])]);
    counter.pass_until(0x60);
    assert_eq!(host.upcalls(0), [(0, [0x5000, 0x5000, 0])]);
    assert!(!counter.is_armed());
}

#[test]
fn the_longest_alarm_neither_comes_early_nor_is_lost() {
    let (host, counter) = host(0x800);
    assert_eq!(
        host.command(0, DRIVER_NUM, 5, 0xFFFF_FFFF, 0),
        SyscallReturn::SuccessU32(0x7_FF00)
    );
    counter.pass_until(0x7FE);
    assert!(host.upcalls(0).is_empty());
    counter.pass_until(0x7FF);
    assert_eq!(host.upcalls(0), [(0, [0x7_FF00, 0x7_FF00, 0])]);
}

#[test]
fn an_app_that_has_ended_disturbs_nobody() {
    let (host, counter) = host(0);
    host.command(0, DRIVER_NUM, 5, 0x1000, 0);
    host.command(1, DRIVER_NUM, 5, 0x2000, 0);
    host.end(0);
    counter.pass_until(0x100);
    assert_eq!(host.upcalls(1), [(0, [0x2000, 0x2000, 0])]);
    assert!(!counter.is_armed());
}
