//! Sensors of the environment.

use crate::errorcode::ErrorCode;

/// A thermometer.
pub trait TemperatureDriver<'a> {
    /// Sets who is told of temperatures.
    fn set_client(&self, client: &'a dyn TemperatureClient);

    /// Starts to measure; [`TemperatureClient::callback`] follows.
    ///
    /// # Errors
    /// BUSY: a measurement is under way.
    fn read_temperature(&self) -> Result<(), ErrorCode>;
}

/// Is told of temperatures.
pub trait TemperatureClient {
    /// A measurement has ended: hundredths of a degree Celsius, or why there is none.
    fn callback(&self, value: Result<i32, ErrorCode>);
}
