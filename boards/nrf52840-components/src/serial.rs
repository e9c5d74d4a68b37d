//! The local port: console and low-level debug share UARTE0.

use capsules_core::console::{self, Console};
use capsules_core::low_level_debug::{self, LowLevelDebug};
use capsules_core::virtualizers::virtual_uart::{MuxUart, UartDevice};
use kernel::capabilities::MemoryAllocationCapability;
use kernel::hil;
use kernel::hil::gpio::{Configure, FloatingState, Output};
use kernel::hil::uart::{Receive, Transmit};
use kernel::{static_init, static_init_const, Kernel};
use nrf52840::gpio::Pin;

use crate::peripherals::Common;

/// Where the local port is, and how fast.
pub struct LocalPort {
    /// Transmits.
    pub txd: Pin,
    /// Receives.
    pub rxd: Pin,
    /// Bits a second; eight of them, no parity, one stop bit.
    pub baud: u32,
}

/// Makes the two drivers of the local port: the console (0x1) and low-level debug (0x8).
///
/// # Safety
/// It may be called once: the drivers stand in statics.
pub unsafe fn serial(
    kernel: &'static Kernel,
    common: &'static Common,
    at: &LocalPort,
    memory: &dyn MemoryAllocationCapability,
) -> (
    &'static Console<'static>,
    &'static LowLevelDebug<'static, UartDevice<'static>>,
) {
    let pin = |pin: Pin| &common.pins[pin];
    pin(at.txd).set();
    pin(at.txd).make_output();
    pin(at.rxd).make_input();
    pin(at.rxd).set_floating_state(FloatingState::PullUp);
    let port = &common.uarte0;
    port.initialize(at.txd, at.rxd, None, None);
    // SAFETY: the caller calls this once.
    unsafe {
        let mux = static_init!(
            MuxUart<'static>,
            MuxUart::new(port, static_init_const!([u8; 64], [0; 64]), at.baud)
        );
        port.set_transmit_client(mux);
        port.set_receive_client(mux);
        mux.initialize();

        let console_port = static_init!(UartDevice<'static>, UartDevice::new(mux, true));
        console_port.setup();
        let console = static_init!(
            Console<'static>,
            Console::new(
                console_port,
                static_init_const!([u8; 256], [0; 256]),
                static_init_const!([u8; 64], [0; 64]),
                kernel.create_grant(console::DRIVER_NUM, memory),
            )
        );
        hil::uart::Transmit::set_transmit_client(console_port, console);
        hil::uart::Receive::set_receive_client(console_port, console);

        let debug_port = static_init!(UartDevice<'static>, UartDevice::new(mux, false));
        debug_port.setup();
        let debug = static_init!(
            LowLevelDebug<'static, UartDevice<'static>>,
            LowLevelDebug::new(
                static_init!(
                    [u8; low_level_debug::BUF_LEN],
                    [0; low_level_debug::BUF_LEN]
                ),
                debug_port,
                kernel.create_grant(low_level_debug::DRIVER_NUM, memory),
            )
        );
        hil::uart::Transmit::set_transmit_client(debug_port, debug);
        (console, debug)
    }
}
