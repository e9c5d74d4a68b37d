//! Drivers 0x2, 0x3 and 0x8.

use std::cell::{Cell, RefCell};

use capsules_core::{button, led, low_level_debug};
use kernel::hil::gpio::{
    ActivationMode, Client, Configuration, Configure, FloatingState, Input, Interrupt,
    InterruptEdge, InterruptValueWrapper, InterruptWithValue, Output,
};
use kernel::hil::led::{LedHigh, LedLow};
use kernel::hil::uart::{Transmit, TransmitClient};
use kernel::syscall::SyscallReturn;
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

use testing::bench::{grants, Bench};
use testing::host::forever;

#[derive(Default)]
struct Pin {
    high: Cell<bool>,
    output: Cell<bool>,
    interrupts: Cell<bool>,
    client: OptionalCell<&'static dyn Client>,
}

impl Configure for Pin {
    fn configuration(&self) -> Configuration {
        if self.output.get() {
            Configuration::Output
        } else {
            Configuration::Input
        }
    }

    fn make_output(&self) -> Configuration {
        self.output.set(true);
        self.configuration()
    }

    fn disable_output(&self) -> Configuration {
        self.output.set(false);
        self.configuration()
    }

    fn make_input(&self) -> Configuration {
        self.disable_output()
    }

    fn disable_input(&self) -> Configuration {
        self.configuration()
    }

    fn deactivate_to_low_power(&self) {}

    fn set_floating_state(&self, state: FloatingState) {
        assert_eq!(state, FloatingState::PullUp);
    }

    fn floating_state(&self) -> FloatingState {
        FloatingState::PullUp
    }
}

impl Output for Pin {
    fn set(&self) {
        self.high.set(true);
    }

    fn clear(&self) {
        self.high.set(false);
    }

    fn toggle(&self) -> bool {
        self.high.set(!self.high.get());
        self.high.get()
    }
}

impl Input for Pin {
    fn read(&self) -> bool {
        self.high.get()
    }
}

impl Interrupt<'static> for Pin {
    fn set_client(&self, client: &'static dyn Client) {
        self.client.set(client);
    }

    fn enable_interrupts(&self, mode: InterruptEdge) {
        assert_eq!(mode, InterruptEdge::EitherEdge);
        self.interrupts.set(true);
    }

    fn disable_interrupts(&self) {
        self.interrupts.set(false);
    }

    fn is_pending(&self) -> bool {
        false
    }
}

impl Pin {
    fn change(&self, high: bool) {
        self.high.set(high);
        if self.interrupts.get() {
            self.client.map(|client| client.fired());
        }
    }
}

#[test]
fn leds_follow_commands() {
    use led::{LedDriver, DRIVER_NUM};
    let pins = forever([Pin::default(), Pin::default()]);
    let bench = Bench::new(|_| {
        let leds = forever([
            forever(LedLow::new(&pins[0])) as &_,
            forever(LedLow::new(&pins[1])) as &_,
        ]);
        vec![(DRIVER_NUM, forever(LedDriver::new(leds)))]
    });
    assert!(pins.iter().all(|pin| pin.output.get() && pin.high.get()));
    let command = |number, data| bench.command(0, DRIVER_NUM, number, data, 0);
    assert_eq!(command(0, 0), SyscallReturn::SuccessU32(2));
    assert_eq!(command(1, 1), SyscallReturn::Success);
    assert!(pins[0].high.get() && !pins[1].high.get());
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
    let pin = Pin::default();
    let led = LedHigh::new(&pin);
    led.init();
    assert!(pin.output.get() && !led.read());
    led.on();
    assert!(pin.high.get() && led.read());
}

#[test]
fn buttons_tell_the_apps_that_listen() {
    use button::{Button, ButtonPin, DRIVER_NUM};
    let pins = forever([Pin::default(), Pin::default()]);
    let bench = Bench::new(|kernel| {
        let buttons: Vec<ButtonPin<'static, Pin>> = pins
            .iter()
            .map(|pin| {
                let wrapper = forever(InterruptValueWrapper::new(pin)).finalize();
                (wrapper, ActivationMode::ActiveLow, FloatingState::PullUp)
            })
            .collect();
        let buttons = Box::leak(buttons.into_boxed_slice());
        let driver = forever(Button::new(
            buttons,
            kernel.create_grant(DRIVER_NUM, grants()),
        ));
        buttons.iter().for_each(|(pin, ..)| pin.set_client(driver));
        vec![(DRIVER_NUM, driver)]
    });
    pins.iter().for_each(|pin| pin.change(true));
    bench.subscribe(0, DRIVER_NUM, 0);
    let command = |index, number, data| bench.command(index, DRIVER_NUM, number, data, 0);
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
    assert_eq!(bench.upcalls(0), [(0, [1, 1, 0]), (0, [1, 0, 0])]);
    assert!(bench.upcalls(1).is_empty(), "not subscribed");
    pins[1].change(false);
    assert_eq!(command(0, 3, 1), SyscallReturn::SuccessU32(1));
    bench.upcalls(0);

    // Interrupts stay on as long as one app listens, and then go off.
    assert_eq!(command(0, 2, 1), SyscallReturn::Success);
    assert!(pins[1].interrupts.get());
    bench.end(1);
    pins[1].change(true);
    assert!(!pins[1].interrupts.get());
    assert!(bench.upcalls(0).is_empty());
}

#[derive(Default)]
struct Port {
    tx: RefCell<Option<(&'static mut [u8], usize)>>,
}

impl<'a> Transmit<'a> for Port {
    fn set_transmit_client(&self, _client: &'a dyn TransmitClient) {}

    fn transmit_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        assert!(self.tx.replace(Some((tx_buffer, tx_len))).is_none());
        Ok(())
    }

    fn transmit_word(&self, _word: u32) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn transmit_abort(&self) -> Result<(), ErrorCode> {
        Ok(())
    }
}

#[test]
fn low_level_debug_prints_who_and_what() {
    use low_level_debug::{LowLevelDebug, BUF_LEN, DRIVER_NUM};
    let port = forever(Port::default());
    let made = Cell::new(None);
    let bench = Bench::new(|kernel| {
        let driver: &'static LowLevelDebug<Port> = forever(LowLevelDebug::new(
            Box::leak(Box::new([0; BUF_LEN])),
            port,
            kernel.create_grant(DRIVER_NUM, grants()),
        ));
        made.set(Some(driver));
        vec![(DRIVER_NUM, driver)]
    });
    let driver = made.take().unwrap();
    let command = |index, number, a, b| bench.command(index, DRIVER_NUM, number, a, b);
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
    while let Some((buffer, length)) = port.tx.take() {
        text.push_str(core::str::from_utf8(&buffer[..length]).unwrap());
        driver.transmitted_buffer(buffer, length, Ok(()));
    }
    let (first, second) = (bench.id(0).id(), bench.id(1).id());
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
