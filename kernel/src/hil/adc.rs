//! Analogue-to-digital conversion: single samples, and buffers at high speed.
//!
//! Every sample is left-justified in its `u16`.

use crate::errorcode::ErrorCode;

/// Single conversions.
pub trait Adc<'a> {
    /// Names an input.
    type Channel: PartialEq;

    /// Converts once; the client gets [`Client::sample_ready`].
    fn sample(&self, channel: &Self::Channel) -> Result<(), ErrorCode>;

    /// Converts `frequency` times a second, with a callback for each sample.
    fn sample_continuous(&self, channel: &Self::Channel, frequency: u32) -> Result<(), ErrorCode>;

    /// Ends whatever sampling is under way; no callback comes after it.
    fn stop_sampling(&self) -> Result<(), ErrorCode>;

    /// Returns how many of the upper bits of a sample carry information.
    fn get_resolution_bits(&self) -> usize;

    /// Returns the voltage of full scale in millivolts, if it is known.
    fn get_voltage_reference_mv(&self) -> Option<usize>;

    /// Sets the object that gets samples.
    fn set_client(&self, client: &'a dyn Client);
}

/// Gets single samples.
pub trait Client {
    /// A conversion is done, with the left-justified result `sample`.
    fn sample_ready(&self, sample: u16);
}

/// Gets buffers of samples.
pub trait HighSpeedClient {
    /// `length` samples are in `buf`. The client provides another buffer, or
    /// stops sampling.
    fn samples_ready(&self, buf: &'static mut [u16], length: usize);
}

/// Conversions at a steady rate into two buffers in turn.
pub trait AdcHighSpeed<'a>: Adc<'a> {
    /// Starts filling `buffer1`, then `buffer2`, each up to its length; there is
    /// only the first when `length2` is 0.
    fn sample_highspeed(
        &self,
        channel: &Self::Channel,
        frequency: u32,
        buffer1: &'static mut [u16],
        length1: usize,
        buffer2: &'static mut [u16],
        length2: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16], &'static mut [u16])>;

    /// Hands over the next buffer to fill.
    fn provide_buffer(
        &self,
        buf: &'static mut [u16],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16])>;

    /// Takes back the buffers that the driver still has, once it has stopped;
    /// INVAL while it samples.
    #[allow(clippy::type_complexity)]
    fn retrieve_buffers(
        &self,
    ) -> Result<(Option<&'static mut [u16]>, Option<&'static mut [u16]>), ErrorCode>;

    /// Sets the object that gets filled buffers.
    fn set_highspeed_client(&self, client: &'a dyn HighSpeedClient);
}

/// One input of an ADC, shared with users of the others.
pub trait AdcChannel<'a> {
    /// Converts once; the client gets [`Client::sample_ready`].
    fn sample(&self) -> Result<(), ErrorCode>;

    /// Converts again and again, with a callback for each sample.
    fn sample_continuous(&self) -> Result<(), ErrorCode>;

    /// Ends whatever sampling is under way; no callback comes after it.
    fn stop_sampling(&self) -> Result<(), ErrorCode>;

    /// Returns how many of the upper bits of a sample carry information.
    fn get_resolution_bits(&self) -> usize;

    /// Returns the voltage of full scale in millivolts, if it is known.
    fn get_voltage_reference_mv(&self) -> Option<usize>;

    /// Sets the object that gets samples.
    fn set_client(&self, client: &'a dyn Client);
}
