//! What is connected to which pin of the chip, for the drivers that need several.

use nrf52840::gpio::Pin;
use nrf52840::qspi::QspiPins;
use nrf52840::saadc::{AdcChannel, ScanConfig};

/// The front end: voltage, current with low gain, current with high gain.
pub const METER_SCAN: ScanConfig = ScanConfig {
    inputs: &[
        AdcChannel::AnalogInput1,
        AdcChannel::AnalogInput2,
        AdcChannel::AnalogInput4,
    ],
};

/// The external flash, as the nRF52840-DK has it.
pub const EXTERNAL_FLASH: QspiPins = QspiPins {
    sck: Pin::P0_19,
    csn: Pin::P0_17,
    io: [Pin::P0_20, Pin::P0_21, Pin::P0_22, Pin::P0_23],
};
