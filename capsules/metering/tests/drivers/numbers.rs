//! The numbers under which the drivers answer are those that apps know.

use capsules_metering::{energy_store, meter_adc, supply};

#[test]
fn drivers_answer_to_their_numbers() {
    assert_eq!(meter_adc::DRIVER_NUM, 0x8000_0001);
    assert_eq!(energy_store::DRIVER_NUM, 0x8000_0002);
    assert_eq!(supply::DRIVER_NUM, 0x8000_0007);
}
