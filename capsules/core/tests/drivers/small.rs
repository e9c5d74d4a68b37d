//! Drivers 0x2, 0x3 and 0x8.

use capsules_core::{button, led, low_level_debug};
use kernel::hil::gpio::{
    ActivationMode, Configure, FloatingState, InterruptEdge, InterruptValueWrapper,
    InterruptWithValue,
};
use kernel::hil::led::{LedHigh, LedLow};
use kernel::hil::uart::Transmit;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use testing::forever;
use testing::pin::FakePin;
use testing::uart::FakeUart;
use testing::{HostKernel, Power};

#[test]
fn leds_follow_commands() {
    use led::{LedDriver, DRIVER_NUM};
    let pins = forever([FakePin::default(), FakePin::default()]);
    let host = HostKernel::with_processes(2, |_| {
        let leds = forever([
            forever(LedLow::new(&pins[0])) as &_,
            forever(LedLow::new(&pins[1])) as &_,
        ]);
        vec![(DRIVER_NUM, forever(LedDriver::new(leds)))]
    });
    assert!(pins.iter().all(|pin| pin.is_output() && pin.is_high()));
    let command = |number, data| host.command(0, DRIVER_NUM, number, data, 0);
    assert_eq!(command(0, 0), SyscallReturn::SuccessU32(2));
    assert_eq!(command(1, 1), SyscallReturn::Success);
    assert!(pins[0].is_high() && !pins[1].is_high());
    assert_eq!(command(4, 1), SyscallReturn::SuccessU32(1));
    assert_eq!(command(3, 1), SyscallReturn::Success);
    assert_eq!(command(4, 1), SyscallReturn::SuccessU32(0));
    assert_eq!(command(2, 0), SyscallReturn::Success);
    for number in 1..=4 {
        assert_eq!(command(number, 2), SyscallReturn::Failure(ErrorCode::INVAL));
    }
    assert_eq!(command(5, 0), SyscallReturn::Failure(ErrorCode::NOSUPPORT));
}

#[test]
fn an_led_may_be_lit_by_a_high_pin() {
    use kernel::hil::led::Led;
    let pin = FakePin::default();
    let led = LedHigh::new(&pin);
    led.init();
    assert!(pin.is_output() && !led.read());
    led.on();
    assert!(pin.is_high() && led.read());
}

#[test]
fn buttons_tell_the_apps_that_listen() {
    use button::{Button, ButtonPin, DRIVER_NUM};
    let pins = forever([FakePin::default(), FakePin::default()]);
    let host = HostKernel::with_processes(2, |kernel| {
        let buttons: Vec<ButtonPin<'static, FakePin>> = pins
            .iter()
            .map(|pin| {
                let wrapper = forever(InterruptValueWrapper::new(pin)).finalize();
                (wrapper, ActivationMode::ActiveLow, FloatingState::PullUp)
            })
            .collect();
        let buttons = Box::leak(buttons.into_boxed_slice());
        let driver = forever(Button::new(
            buttons,
            kernel.create_grant(DRIVER_NUM, &Power),
        ));
        buttons.iter().for_each(|(pin, ..)| pin.set_client(driver));
        vec![(DRIVER_NUM, driver)]
    });
    for pin in pins {
        assert_eq!(pin.floating_state(), FloatingState::PullUp);
        pin.change(true);
    }
    host.subscribe(0, DRIVER_NUM, 0);
    let command = |index, number, data| host.command(index, DRIVER_NUM, number, data, 0);
    assert_eq!(command(0, 0, 0), SyscallReturn::SuccessU32(2));
    assert_eq!(command(0, 3, 1), SyscallReturn::SuccessU32(0));
    for number in 1..=3 {
        assert_eq!(
            command(0, number, 2),
            SyscallReturn::Failure(ErrorCode::INVAL)
        );
    }
    assert_eq!(command(0, 1, 1), SyscallReturn::Success);
    assert_eq!(command(1, 1, 1), SyscallReturn::Success);
    pins[0].change(false);
    pins[1].change(false);
    pins[1].change(true);
    assert_eq!(host.upcalls(0), [(0, [1, 1, 0]), (0, [1, 0, 0])]);
    assert!(host.upcalls(1).is_empty(), "not subscribed");
    pins[1].change(false);
    assert_eq!(command(0, 3, 1), SyscallReturn::SuccessU32(1));
    host.upcalls(0);

    // Interrupts stay on as long as one app listens, and then go off.
    assert_eq!(command(0, 2, 1), SyscallReturn::Success);
    assert_eq!(pins[1].edge(), Some(InterruptEdge::EitherEdge));
    host.end(1);
    pins[1].change(true);
    assert_eq!(pins[1].edge(), None);
    assert!(host.upcalls(0).is_empty());
}

#[test]
fn low_level_debug_prints_who_and_what() {
    use low_level_debug::{LowLevelDebug, BUF_LEN, DRIVER_NUM};
    let port = forever(FakeUart::default());
    let host = HostKernel::with_processes(2, |kernel| {
        let driver: &'static LowLevelDebug<FakeUart> = forever(LowLevelDebug::new(
            Box::leak(Box::new([0; BUF_LEN])),
            port,
            kernel.create_grant(DRIVER_NUM, &Power),
        ));
        port.set_transmit_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    let command = |index, number, a, b| host.command(index, DRIVER_NUM, number, a, b);
    assert_eq!(command(0, 0, 0, 0), SyscallReturn::Success);
    assert_eq!(command(0, 1, 2, 0), SyscallReturn::Success);
    assert_eq!(command(1, 3, 0x10, 0x20), SyscallReturn::Success);
    for number in 0..6 {
        assert_eq!(command(0, 2, number, 0), SyscallReturn::Success);
    }
    assert_eq!(
        command(0, 4, 0, 0),
        SyscallReturn::Failure(ErrorCode::NOSUPPORT)
    );
    let mut text = String::new();
    while let Some(sent) = port.end_transmission() {
        text.push_str(core::str::from_utf8(&sent).unwrap());
    }
    let (first, second) = (host.id(0).id(), host.id(1).id());
    // Apps take turns, so that one that prints without an end keeps none away.
    let expected = format!(
        "LowLevelDebug: App {first:#x} alert code 0x2\n\
         LowLevelDebug: App {second:#x} prints 0x10 0x20\n\
         LowLevelDebug: App {first:#x} prints 0x0\n\
         LowLevelDebug: App {first:#x} prints 0x1\n\
         LowLevelDebug: App {first:#x} prints 0x2\n\
         LowLevelDebug: Dropped 0x3 entries for app {first:#x}\n"
    );
    assert_eq!(text, expected);
}
