//! What is connected to which pin of the chip, and to which input of the converter.

use nrf52840::gpio::Pin;
use nrf52840::qspi::QspiPins;
use nrf52840::saadc::{AdcChannel, AdcChannelSetup, ScanConfig};
use nrf52840_components::serial::LocalPort;

/// UARTE0: console and low-level debug.
pub const LOCAL_PORT: LocalPort = LocalPort {
    txd: Pin::P0_06,
    rxd: Pin::P0_08,
    baud: 115_200,
};

/// The four LEDs; the first is the metrological pulse output.
pub const LED_PINS: [Pin; 4] = [Pin::P0_13, Pin::P0_14, Pin::P0_15, Pin::P0_16];

/// The four buttons.
pub const BUTTON_PINS: [Pin; 4] = [Pin::P0_11, Pin::P0_12, Pin::P0_24, Pin::P0_25];

/// Inputs that apps may convert while the meter rests: headers A3 to A5.
pub static APP_INPUTS: [AdcChannelSetup; 3] = [
    AdcChannelSetup::new(AdcChannel::AnalogInput5),
    AdcChannelSetup::new(AdcChannel::AnalogInput6),
    AdcChannelSetup::new(AdcChannel::AnalogInput7),
];

/// The front end: voltage, current with low gain, current with high gain, and the supply, which
/// proves that these stand in their places.
pub static METER_SCAN: ScanConfig = ScanConfig {
    inputs: &[
        AdcChannel::AnalogInput1,
        AdcChannel::AnalogInput2,
        AdcChannel::AnalogInput4,
        AdcChannel::VDD,
    ],
    reference: true,
};

/// The external flash, as the nRF52840-DK has it.
pub const EXTERNAL_FLASH: QspiPins = QspiPins {
    sck: Pin::P0_19,
    csn: Pin::P0_17,
    io: [Pin::P0_20, Pin::P0_21, Pin::P0_22, Pin::P0_23],
};
