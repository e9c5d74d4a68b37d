//! `hil::adc`: single and repeated conversions of any one input.
//!
//! Not while the meter scans: the converter has one set of registers, so these calls
//! answer OFF then, which no waiting for one's own turn ends.

use super::hardware::{AdcChannel, Hardware};
use super::state::{Conversion, Mode};
use super::Saadc;
use crate::registers::saadc::{Config, Interrupt, Resolution};
use kernel::hil::adc;
use kernel::ErrorCode;

/// Bits of a conversion.
const BITS: usize = 12;

/// Full scale: 0.6 V through a gain of 1/6.
const FULL_SCALE_MV: usize = 3600;

/// Most samples that EasyDMA moves for one START.
const MOST_SAMPLES: usize = 0x7FFF;

/// How often STOPPED is looked for; a conversion in progress takes 12 us to end.
const STOP_POLLS: usize = 1_000;

/// An input of `hil::adc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdcChannelSetup {
    channel: AdcChannel,
}

impl AdcChannelSetup {
    /// Single-ended, gain 1/6, internal reference, 10 us of acquisition.
    pub const fn new(channel: AdcChannel) -> Self {
        AdcChannelSetup { channel }
    }
}

/// A result as `hil::adc` wants it: left-justified, not negative.
fn left_justified(result: u16) -> u16 {
    ((result as i16).max(0) as u16) << (16 - BITS)
}

impl Saadc<'_> {
    fn begin(
        &self,
        channel: &AdcChannelSetup,
        conversion: Conversion,
        frequency: Option<u32>,
    ) -> Result<(), ErrorCode> {
        match self.mode.get() {
            Mode::Idle => {}
            Mode::Scan(_) => return Err(ErrorCode::OFF),
            Mode::Adc(_) | Mode::AdcStopping => return Err(ErrorCode::BUSY),
        }
        let period = match frequency {
            Some(rate) => Some(Hardware::period(rate, 1).ok_or(ErrorCode::INVAL)?),
            None => None,
        };
        self.hardware.configure(
            &[channel.channel],
            Resolution::VAL::Bits12,
            Config::GAIN::Gain1_6,
            (i16::MIN, i16::MAX),
        );
        self.mode.set(Mode::Adc(conversion));
        self.adc.clock_started.set(false);
        if let Some(period) = period {
            self.hardware.wire(period);
        }
        Ok(())
    }

    fn start_single(&self) {
        self.hardware
            .interrupt_on(Interrupt::STARTED.val(1) + Interrupt::END.val(1));
        self.hardware.set_result(self.single.address(0), 1);
        self.hardware.start();
    }

    pub(super) fn handle_adc(&self, conversion: Conversion) {
        if self.take_started() {
            self.converter_started(conversion);
        }
        if conversion != Conversion::Buffers && self.take_ended() {
            self.sample_ended(conversion);
        }
    }

    fn converter_started(&self, conversion: Conversion) {
        if conversion == Conversion::Buffers {
            let ends = self.hardware.ends();
            if let Some(block) = self.adc_blocks.started(&self.hardware, ends) {
                for sample in block.buffer.iter_mut().take(block.samples) {
                    *sample = left_justified(*sample);
                }
                self.adc
                    .highspeed_client
                    .map(|client| client.samples_ready(block.buffer, block.samples));
                if !self.adc.clock_started.get() {
                    // The client has begun a new operation, whose STARTED is to come.
                    return;
                }
            }
            if self.mode.get() == Mode::Adc(conversion) {
                self.adc_blocks.spill(&self.hardware, &self.single);
            }
        }
        if conversion == Conversion::Once {
            self.hardware.sample();
        } else if self.mode.get() == Mode::Adc(conversion) && !self.adc.clock_started.replace(true)
        {
            self.hardware.start_clock();
        }
    }

    fn sample_ended(&self, conversion: Conversion) {
        let sample = left_justified(self.single.read(0));
        if conversion == Conversion::Once {
            self.hardware.off();
            self.mode.set(Mode::Idle);
        }
        self.adc.client.map(|client| client.sample_ready(sample));
    }
}

impl<'a> adc::Adc<'a> for Saadc<'a> {
    type Channel = AdcChannelSetup;

    fn sample(&self, channel: &AdcChannelSetup) -> Result<(), ErrorCode> {
        self.begin(channel, Conversion::Once, None)?;
        self.start_single();
        Ok(())
    }

    fn sample_continuous(
        &self,
        channel: &AdcChannelSetup,
        frequency: u32,
    ) -> Result<(), ErrorCode> {
        self.begin(channel, Conversion::Repeated, Some(frequency))?;
        self.start_single();
        Ok(())
    }

    /// INVAL when no operation of `hil::adc` is under way. Waits for the few
    /// microseconds that the converter takes to come to rest, so that its buffers can
    /// be retrieved at once; should it take longer, a new operation is BUSY until then.
    fn stop_sampling(&self) -> Result<(), ErrorCode> {
        match self.mode.get() {
            Mode::Adc(_) => {
                self.hardware.unwire();
                self.mode.set(Mode::AdcStopping);
                self.hardware.interrupt_on(Interrupt::STOPPED.val(1));
                self.hardware.stop();
                if (0..STOP_POLLS).any(|_| self.take_stopped()) {
                    self.rest();
                }
                Ok(())
            }
            _ => Err(ErrorCode::INVAL),
        }
    }

    fn get_resolution_bits(&self) -> usize {
        BITS
    }

    fn get_voltage_reference_mv(&self) -> Option<usize> {
        Some(FULL_SCALE_MV)
    }

    fn set_client(&self, client: &'a dyn adc::Client) {
        self.adc.client.set(client);
    }
}

impl<'a> adc::AdcHighSpeed<'a> for Saadc<'a> {
    fn sample_highspeed(
        &self,
        channel: &AdcChannelSetup,
        frequency: u32,
        buffer1: &'static mut [u16],
        length1: usize,
        buffer2: &'static mut [u16],
        length2: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16], &'static mut [u16])> {
        let fits = |buffer: &[u16], length: usize| {
            (1..=MOST_SAMPLES).contains(&length) && length <= buffer.len()
        };
        if !fits(buffer1, length1) || (length2 != 0 && !fits(buffer2, length2)) {
            return Err((ErrorCode::INVAL, buffer1, buffer2));
        }
        // Buffers that nobody retrieved would be lost.
        if !self.adc_blocks.is_empty() {
            return Err((ErrorCode::BUSY, buffer1, buffer2));
        }
        if let Err(error) = self.begin(channel, Conversion::Buffers, Some(frequency)) {
            return Err((error, buffer1, buffer2));
        }
        self.adc_blocks.put(buffer1, length1, buffer2, length2);
        self.hardware.interrupt_on(Interrupt::STARTED.val(1));
        self.adc_blocks.start(&self.hardware);
        Ok(())
    }

    fn provide_buffer(
        &self,
        buf: &'static mut [u16],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16])> {
        if self.mode.get() != Mode::Adc(Conversion::Buffers) {
            return Err((ErrorCode::INVAL, buf));
        }
        if !(1..=MOST_SAMPLES).contains(&length) || length > buf.len() {
            return Err((ErrorCode::SIZE, buf));
        }
        self.adc_blocks
            .provide(&self.hardware, buf, length)
            .map_err(|buffer| (ErrorCode::BUSY, buffer))
    }

    fn retrieve_buffers(
        &self,
    ) -> Result<(Option<&'static mut [u16]>, Option<&'static mut [u16]>), ErrorCode> {
        if matches!(self.mode.get(), Mode::Adc(_) | Mode::AdcStopping) {
            return Err(ErrorCode::INVAL);
        }
        // SAFETY: no operation of `hil::adc` is under way, and the last one has stopped.
        let [first, second] = unsafe { self.adc_blocks.take_back() };
        Ok((first, second))
    }

    fn set_highspeed_client(&self, client: &'a dyn adc::HighSpeedClient) {
        self.adc.highspeed_client.set(client);
    }
}
