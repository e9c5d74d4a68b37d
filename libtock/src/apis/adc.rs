//! Analogue inputs (driver 0x5).

use crate::platform::subscribe::OneId;
use crate::platform::{share, DefaultConfig, ErrorCode, Subscribe, Syscalls, Upcall};
use core::cell::Cell;
use drivers::adc::{upcall, Command, NUMBER};

/// The analogue inputs of a board, by channel.
pub struct Adc<S: Syscalls>(S);

impl<S: Syscalls> Adc<S> {
    /// Whether the driver is there.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn exists() -> Result<(), ErrorCode> {
        Self::get_number_of_channels().map(|_| ())
    }

    /// Returns how many channels there are.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn get_number_of_channels() -> Result<u32, ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Starts one conversion, whose sample goes to the listener.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no such channel, with `Busy` while a conversion is
    /// under way or the meter scans, and with `NoDevice` without the driver.
    pub fn read_single_sample(channel: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Sample.number(), channel, 0).to_result()
    }

    /// Has `listener` called with each sample, left-justified to 16 bits.
    ///
    /// # Errors
    /// Fails with the error of [`Syscalls::subscribe`], `NoDevice` without the driver.
    pub fn register_listener<'share, F: Fn(u16)>(
        listener: &'share ADCListener<F>,
        subscribe: share::Handle<Subscribe<'share, S, DRIVER_NUM, SAMPLE_READY>>,
    ) -> Result<(), ErrorCode> {
        S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, SAMPLE_READY>(subscribe, listener)
    }

    /// Has no listener called any more.
    pub fn unregister_listener() {
        S::unsubscribe(DRIVER_NUM, SAMPLE_READY);
    }

    /// Converts once, waits for the sample and returns it, left-justified to 16 bits.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no such channel, with `Busy` while a conversion is
    /// under way or the meter scans, and with `NoDevice` without the driver.
    pub fn read_single_sample_sync(channel: u32) -> Result<u16, ErrorCode> {
        let sample = Cell::new(None);
        let listener = ADCListener(|value| sample.set(Some(value)));
        share::scope(|subscribe| {
            Self::register_listener(&listener, subscribe)?;
            Self::read_single_sample(channel)?;
            loop {
                S::yield_wait();
                if let Some(value) = sample.get() {
                    return Ok(value);
                }
            }
        })
    }

    /// Returns how many bits of a sample count.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no such channel.
    pub fn get_resolution_bits(channel: u32) -> Result<u32, ErrorCode> {
        S::command(DRIVER_NUM, Command::Resolution.number(), channel, 0).to_result()
    }

    /// Returns the reference voltage in millivolts.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no such channel, and with `NoSupport` if the driver
    /// does not know its reference.
    pub fn get_reference_voltage_mv(channel: u32) -> Result<u32, ErrorCode> {
        S::command(DRIVER_NUM, Command::Reference.number(), channel, 0).to_result()
    }
}

/// A closure to be called with a sample.
pub struct ADCListener<F: Fn(u16)>(pub F);

impl<F: Fn(u16)> Upcall<OneId<DRIVER_NUM, SAMPLE_READY>> for ADCListener<F> {
    fn upcall(&self, _mode: u32, _channel: u32, sample: u32) {
        (self.0)(sample as u16);
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

const SAMPLE_READY: u32 = upcall::SAMPLED;
