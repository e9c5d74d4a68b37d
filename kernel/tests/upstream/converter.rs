//! Samples of a converter, one by one and in buffers.

use core::cell::Cell;

use kernel::hil;
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::ErrorCode;

/// A converter whose samples are the number of the channel.
#[derive(Default)]
pub struct Converter<'a> {
    client: OptionalCell<&'a dyn hil::adc::Client>,
    highspeed: OptionalCell<&'a dyn hil::adc::HighSpeedClient>,
    second: TakeCellOfSamples,
}

#[derive(Default)]
struct TakeCellOfSamples(Cell<Option<&'static mut [u16]>>);

impl<'a> hil::adc::Adc<'a> for Converter<'a> {
    type Channel = u8;

    fn sample(&self, channel: &u8) -> Result<(), ErrorCode> {
        self.client
            .map(|client| client.sample_ready((*channel).into()));
        Ok(())
    }

    fn sample_continuous(&self, _channel: &u8, _frequency: u32) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn stop_sampling(&self) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn get_resolution_bits(&self) -> usize {
        12
    }

    fn get_voltage_reference_mv(&self) -> Option<usize> {
        Some(3300)
    }

    fn set_client(&self, client: &'a dyn hil::adc::Client) {
        self.client.set(client);
    }
}

impl<'a> hil::adc::AdcHighSpeed<'a> for Converter<'a> {
    fn sample_highspeed(
        &self,
        _channel: &u8,
        _frequency: u32,
        buffer1: &'static mut [u16],
        length1: usize,
        buffer2: &'static mut [u16],
        _length2: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16], &'static mut [u16])> {
        self.second.0.set(Some(buffer2));
        self.highspeed
            .map(|client| client.samples_ready(buffer1, length1));
        Ok(())
    }

    fn provide_buffer(
        &self,
        buffer: &'static mut [u16],
        _length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16])> {
        Err((ErrorCode::INVAL, buffer))
    }

    fn retrieve_buffers(
        &self,
    ) -> Result<(Option<&'static mut [u16]>, Option<&'static mut [u16]>), ErrorCode> {
        Ok((None, self.second.0.take()))
    }

    fn set_highspeed_client(&self, client: &'a dyn hil::adc::HighSpeedClient) {
        self.highspeed.set(client);
    }
}

/// Takes samples of the channels of a list.
pub struct Samples<'a, A: hil::adc::Adc<'a> + hil::adc::AdcHighSpeed<'a>> {
    adc: &'a A,
    channels: &'a [<A as hil::adc::Adc<'a>>::Channel],
    last: Cell<Option<u16>>,
    filled: Cell<usize>,
    first_buffer: TakeCell<'static, [u16]>,
    second_buffer: TakeCell<'static, [u16]>,
}

impl<'a, A: hil::adc::Adc<'a> + hil::adc::AdcHighSpeed<'a>> Samples<'a, A> {
    pub fn new(
        adc: &'a A,
        channels: &'a [<A as hil::adc::Adc<'a>>::Channel],
        first_buffer: &'static mut [u16; 128],
        second_buffer: &'static mut [u16; 128],
    ) -> Samples<'a, A> {
        Samples {
            adc,
            channels,
            last: Cell::new(None),
            filled: Cell::new(0),
            first_buffer: TakeCell::new(first_buffer),
            second_buffer: TakeCell::new(second_buffer),
        }
    }

    pub fn one(&self, number: usize) -> Result<(), ErrorCode> {
        let channel = self.channels.get(number).ok_or(ErrorCode::INVAL)?;
        self.adc.sample(channel)
    }

    pub fn many(&self, number: usize, count: usize) -> Result<(), ErrorCode> {
        let channel = &self.channels[number];
        self.first_buffer
            .take()
            .map_or(Err(ErrorCode::BUSY), |first| {
                self.second_buffer
                    .take()
                    .map_or(Err(ErrorCode::BUSY), move |second| {
                        self.adc
                            .sample_highspeed(channel, 1000, first, count, second, 0)
                            .map_or_else(
                                |(error, first, second)| {
                                    self.first_buffer.replace(first);
                                    self.second_buffer.replace(second);
                                    Err(error)
                                },
                                |()| Ok(()),
                            )
                    })
            })
    }

    pub fn last(&self) -> Option<u16> {
        self.last.get()
    }

    pub fn filled(&self) -> usize {
        self.filled.get()
    }
}

impl<'a, A: hil::adc::Adc<'a> + hil::adc::AdcHighSpeed<'a>> hil::adc::Client for Samples<'a, A> {
    fn sample_ready(&self, sample: u16) {
        self.last.set(Some(sample));
    }
}

impl<'a, A: hil::adc::Adc<'a> + hil::adc::AdcHighSpeed<'a>> hil::adc::HighSpeedClient
    for Samples<'a, A>
{
    fn samples_ready(&self, buffer: &'static mut [u16], length: usize) {
        self.first_buffer.replace(buffer);
        self.filled.set(length);
        let _ = self.adc.stop_sampling();
        if let Ok((_, second)) = self.adc.retrieve_buffers() {
            second.map(|buffer| self.second_buffer.replace(buffer));
        }
    }
}

/// One channel for itself.
pub struct Sampler<'a, A: hil::adc::Adc<'a>> {
    adc: &'a A,
    channel: A::Channel,
    client: OptionalCell<&'a dyn hil::adc::Client>,
}

impl<'a, A: hil::adc::Adc<'a>> Sampler<'a, A> {
    pub const fn new(adc: &'a A, channel: A::Channel) -> Sampler<'a, A> {
        Sampler {
            adc,
            channel,
            client: OptionalCell::empty(),
        }
    }
}

impl<'a, A: hil::adc::Adc<'a>> hil::adc::AdcChannel<'a> for Sampler<'a, A> {
    fn sample(&self) -> Result<(), ErrorCode> {
        self.adc.sample(&self.channel)
    }

    fn sample_continuous(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn stop_sampling(&self) -> Result<(), ErrorCode> {
        self.adc.stop_sampling()
    }

    fn get_resolution_bits(&self) -> usize {
        self.adc.get_resolution_bits()
    }

    fn get_voltage_reference_mv(&self) -> Option<usize> {
        self.adc.get_voltage_reference_mv()
    }

    fn set_client(&self, client: &'a dyn hil::adc::Client) {
        self.client.set(client);
    }
}
