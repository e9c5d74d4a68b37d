//! The numbers under which the drivers answer are upstream's.

use capsules_core::{
    adc, alarm, button, console, driver::NUM, led, low_level_debug, rng, temperature,
};

#[test]
fn drivers_answer_to_upstreams_numbers() {
    let numbers = [
        (alarm::DRIVER_NUM, NUM::Alarm, 0x0),
        (console::DRIVER_NUM, NUM::Console, 0x1),
        (led::DRIVER_NUM, NUM::Led, 0x2),
        (button::DRIVER_NUM, NUM::Button, 0x3),
        (adc::DRIVER_NUM, NUM::Adc, 0x5),
        (low_level_debug::DRIVER_NUM, NUM::LowLevelDebug, 0x8),
        (rng::DRIVER_NUM, NUM::Rng, 0x40001),
        (temperature::DRIVER_NUM, NUM::Temperature, 0x60000),
    ];
    for (number, name, expected) in numbers {
        assert_eq!(number, expected, "{name:?}");
        assert_eq!(name as usize, expected, "{name:?}");
    }
}
