//! SAADC: scans of up to eight channels, EasyDMA into double-buffered blocks.

use super::events::Events;
use crate::analog::{ConversionConfig, Reference, INPUT_HIGH_SUPPLY, INPUT_NONE, INPUT_SUPPLY};
use crate::bus::context::Context;
use crate::bus::wakes::Source;
use crate::time::{nanoseconds, Cycles, MICROSECOND, NEVER};
use serde::{Deserialize, Serialize};

const STARTED: u8 = 0;
const END: u8 = 1;
const DONE: u8 = 2;
const RESULT_DONE: u8 = 3;
const CALIBRATE_DONE: u8 = 4;
const STOPPED: u8 = 5;
/// LIMITH of channel 0; LIMITL follows, then the next channel.
const FIRST_LIMIT: u8 = 6;

const CHANNELS: usize = 8;
/// Conversion after the acquisition.
const CONVERSION: Cycles = 2 * MICROSECOND;
const CALIBRATION: Cycles = 120 * MICROSECOND;
const CONFIG_RESET: u32 = 0x0002_0000;
const LIMIT_RESET: u32 = 0x7FFF_8000;
const DIFFERENTIAL: u32 = 1 << 20;
const BURST: u32 = 1 << 24;
/// Microseconds of acquisition by CONFIG.TACQ.
const ACQUISITION: [u64; 6] = [3, 5, 10, 15, 20, 40];
/// Gains by CONFIG.GAIN.
const GAINS: [(u8, u8); 8] = [
    (1, 6),
    (1, 5),
    (1, 4),
    (1, 3),
    (1, 2),
    (1, 1),
    (2, 1),
    (4, 1),
];

/// One input of the scan.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Channel {
    positive: u32,
    negative: u32,
    configuration: u32,
    limit: u32,
}

/// The SAADC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saadc {
    /// Its events.
    pub events: Events,
    enabled: bool,
    channels: [Channel; CHANNELS],
    resolution: u32,
    oversample: u32,
    sample_rate: u32,
    pointer: u32,
    maximum: u32,
    /// PTR was written since the last START.
    pointer_fresh: bool,
    /// The buffer in use: where and for how many results.
    buffer: Option<(u32, u32)>,
    amount: u32,
    /// The channel that converts now, and the channels of this scan after it.
    converting: Option<u8>,
    rest: u8,
    /// The offset calibration runs.
    calibrating: bool,
    /// When the conversion or the calibration ends.
    ends: Cycles,
    /// When the local timer (SAMPLERATE) samples next, if it runs.
    tick: Cycles,
    /// It ran since the last reset.
    calibrated: bool,
    /// Conversions that went into the average so far, and their sum.
    averaged: (u32, i32),
    /// A START comes by PPI, not by the CPU.
    pub by_ppi: bool,
}

impl Saadc {
    /// Makes the peripheral in the state that it has after a reset.
    pub fn new() -> Self {
        Saadc {
            events: Events::new(7),
            enabled: false,
            channels: [Channel {
                positive: 0,
                negative: 0,
                configuration: CONFIG_RESET,
                limit: LIMIT_RESET,
            }; CHANNELS],
            resolution: 1,
            oversample: 0,
            sample_rate: 0,
            pointer: 0,
            maximum: 0,
            pointer_fresh: false,
            buffer: None,
            amount: 0,
            converting: None,
            rest: 0,
            calibrating: false,
            ends: NEVER,
            tick: NEVER,
            calibrated: false,
            averaged: (0, 0),
            by_ppi: false,
        }
    }

    /// The channels of a scan, a bit for each.
    fn scan(&self) -> u8 {
        (0..CHANNELS)
            .filter(|channel| self.channels[*channel].positive & 0x1F != 0)
            .fold(0, |mask, channel| mask | 1 << channel)
    }

    /// A task register by its offset; false if there is none.
    pub fn task(&mut self, offset: u32, context: &mut Context) -> bool {
        let by_ppi = std::mem::take(&mut self.by_ppi);
        match offset {
            _ if offset > 0x0C || !offset.is_multiple_of(4) => return false,
            _ if !self.enabled => {}
            0x00 => self.start(by_ppi, context),
            0x04 => {
                if self.continuous() {
                    self.tick = context.now + self.period();
                    self.plan(context);
                }
                self.sample(context);
            }
            0x08 => self.stop(context),
            _ => {
                self.calibrating = true;
                self.ends = context.now + CALIBRATION;
                self.plan(context);
            }
        }
        true
    }

    fn start(&mut self, by_ppi: bool, context: &mut Context) {
        if by_ppi && !self.pointer_fresh {
            // The block before is overwritten, whether or not it was read.
            context.statistics.samples_overwritten += u64::from(self.amount);
        }
        self.pointer_fresh = false;
        self.buffer = Some((self.pointer, self.maximum));
        self.amount = 0;
        self.averaged = (0, 0);
        self.events.signal(STARTED, context);
    }

    /// One SAMPLE task makes the local timer give all that follow, until STOP.
    fn continuous(&self) -> bool {
        self.sample_rate >> 12 & 1 != 0
    }

    /// The local timer's period: CC counts 16 MHz cycles.
    fn period(&self) -> Cycles {
        4 * u64::from(self.sample_rate & 0x7FF).max(80)
    }

    fn plan(&self, context: &mut Context) {
        context.wakes.set(Source::Saadc, self.ends.min(self.tick));
    }

    fn sample(&mut self, context: &mut Context) {
        if self.converting.is_some() || self.calibrating {
            context.statistics.sample_tasks_ignored += 1;
            return;
        }
        let scan = self.scan();
        if self.buffer.is_none() {
            context.statistics.samples_lost += u64::from(scan.count_ones());
            return;
        }
        self.rest = scan;
        self.next_channel(context.now, context);
    }

    fn next_channel(&mut self, from: Cycles, context: &mut Context) {
        if self.rest == 0 {
            self.converting = None;
            self.ends = NEVER;
            self.plan(context);
            return;
        }
        let channel = self.rest.trailing_zeros() as u8;
        self.rest &= self.rest - 1;
        self.converting = Some(channel);
        self.ends = from + self.conversion_time(channel);
        self.plan(context);
    }

    /// Acquisition and conversion; with BURST all that go into the average.
    fn conversion_time(&self, channel: u8) -> Cycles {
        let configuration = self.channels[usize::from(channel)].configuration;
        let code = (configuration >> 16 & 7) as usize;
        let acquisition = ACQUISITION[code.min(ACQUISITION.len() - 1)] * MICROSECOND;
        let one = acquisition + CONVERSION;
        if configuration & BURST != 0 {
            one * u64::from(self.average_of())
        } else {
            one
        }
    }

    fn average_of(&self) -> u32 {
        1 << self.oversample.min(8)
    }

    fn stop(&mut self, context: &mut Context) {
        self.rest_all(context);
        self.events.signal(STOPPED, context);
    }

    /// Nothing converts and nothing will.
    fn rest_all(&mut self, context: &mut Context) {
        self.converting = None;
        self.rest = 0;
        self.buffer = None;
        self.calibrating = false;
        self.ends = NEVER;
        self.tick = NEVER;
        self.plan(context);
    }

    /// A conversion or the calibration is done, or the local timer samples.
    pub fn wake(&mut self, context: &mut Context) {
        if self.ends <= context.now {
            self.ended(context);
        }
        if self.tick <= context.now {
            self.tick += self.period();
            self.sample(context);
        }
        self.plan(context);
    }

    fn ended(&mut self, context: &mut Context) {
        self.ends = NEVER;
        if std::mem::take(&mut self.calibrating) {
            self.calibrated = true;
            context.outside.analog.calibrate();
            self.events.signal(CALIBRATE_DONE, context);
            return;
        }
        let Some(channel) = self.converting else {
            return;
        };
        let result = self.convert(channel, context);
        self.events.signal(DONE, context);
        if let Some(result) = result {
            self.deliver(channel, result, context);
        }
        self.next_channel(context.now, context);
    }

    /// The result of a conversion, or none while an average is not complete.
    fn convert(&mut self, channel: u8, context: &mut Context) -> Option<i16> {
        let settings = self.channels[usize::from(channel)];
        let config = self.conversion(channel);
        let input = match settings.positive & 0x1F {
            pin @ 1..=8 => pin as u8 - 1,
            9 => INPUT_SUPPLY,
            0xD => INPUT_HIGH_SUPPLY,
            _ => INPUT_NONE,
        };
        // The input is held at the end of the acquisition.
        let at = nanoseconds(context.now - CONVERSION);
        let of = self.average_of();
        if of == 1 {
            return Some(context.outside.analog.convert(input, at, config));
        }
        let burst = settings.configuration & BURST != 0;
        let conversions = if burst { of } else { 1 };
        let one = self.conversion_time(channel) / u64::from(conversions);
        for index in 0..conversions {
            let back = u64::from(conversions - 1 - index) * one;
            // BURST may have been set, or the acquisition prolonged, meanwhile.
            let at = nanoseconds(context.now.saturating_sub(CONVERSION + back));
            self.averaged.0 += 1;
            self.averaged.1 += i32::from(context.outside.analog.convert(input, at, config));
        }
        if self.averaged.0 < of {
            return None;
        }
        let (count, sum) = std::mem::take(&mut self.averaged);
        let mean = sum / count as i32;
        Some(mean as i16)
    }

    fn conversion(&self, channel: u8) -> ConversionConfig {
        let settings = self.channels[usize::from(channel)];
        ConversionConfig {
            channel,
            gain: GAINS[(settings.configuration >> 8 & 7) as usize],
            reference: if settings.configuration >> 12 & 1 == 0 {
                Reference::Internal
            } else {
                Reference::QuarterSupply
            },
            differential: settings.configuration & DIFFERENTIAL != 0,
            negative: (settings.negative & 0x1F) as u8,
            resolution: 8 + 2 * (self.resolution & 3) as u8,
        }
    }

    fn deliver(&mut self, channel: u8, result: i16, context: &mut Context) {
        self.events.signal(RESULT_DONE, context);
        let limit = self.channels[usize::from(channel)].limit;
        let (high, low) = ((limit >> 16) as i16, limit as i16);
        if result >= high && high != i16::MAX {
            self.events.signal(FIRST_LIMIT + 2 * channel, context);
        }
        if result <= low && low != i16::MIN {
            self.events.signal(FIRST_LIMIT + 2 * channel + 1, context);
        }
        let Some((pointer, maximum)) = self.buffer else {
            context.statistics.samples_lost += 1;
            return;
        };
        if self.amount < maximum {
            let to = pointer.wrapping_add(2 * self.amount);
            context.dma_write(to, &result.to_le_bytes());
            context.statistics.samples += 1;
            self.amount += 1;
        }
        if self.amount >= maximum {
            self.buffer = None;
            self.events.signal(END, context);
        }
    }

    /// Returns whether the offset calibration ran since the last reset.
    pub fn calibrated(&self) -> bool {
        self.calibrated
    }

    /// Returns how many results the buffer in use still takes, and the results of a
    /// scan; none without a buffer.
    pub fn room(&self) -> Option<(u32, u32)> {
        let (_, maximum) = self.buffer?;
        Some((
            maximum.saturating_sub(self.amount),
            self.scan().count_ones(),
        ))
    }

    /// Returns whether nobody but EasyDMA sees a conversion that does not end a block:
    /// no interrupt but END's and STARTED's, and one conversion a result.
    pub fn silent_between_blocks(&self) -> bool {
        let loud = !(1 << STARTED | 1 << END);
        self.events.enabled() & loud == 0 && !self.continuous() && !self.calibrating
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x400 => u32::from(self.converting.is_some() || self.calibrating),
            0x500 => u32::from(self.enabled),
            0x510..0x590 => {
                let channel = &self.channels[((offset - 0x510) / 16) as usize];
                match (offset - 0x510) & 0xF {
                    0x0 => channel.positive,
                    0x4 => channel.negative,
                    0x8 => channel.configuration,
                    _ => channel.limit,
                }
            }
            0x5F0 => self.resolution,
            0x5F4 => self.oversample,
            0x5F8 => self.sample_rate,
            0x62C => self.pointer,
            0x630 => self.maximum,
            0x634 => self.amount,
            _ => return self.events.read(offset),
        })
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32, context: &mut Context) -> bool {
        match offset {
            0x500 => {
                self.enabled = value & 1 != 0;
                if !self.enabled {
                    self.rest_all(context);
                }
            }
            0x510..0x590 => {
                let channel = &mut self.channels[((offset - 0x510) / 16) as usize];
                match (offset - 0x510) & 0xF {
                    0x0 => channel.positive = value & 0x1F,
                    0x4 => channel.negative = value & 0x1F,
                    0x8 => channel.configuration = value & 0x0117_1733,
                    _ => channel.limit = value,
                }
            }
            0x5F0 => self.resolution = value & 7,
            0x5F4 => self.oversample = value & 0xF,
            0x5F8 => self.sample_rate = value & 0x17FF,
            0x62C => {
                self.pointer = value;
                self.pointer_fresh = true;
            }
            0x630 => self.maximum = value & 0x7FFF,
            _ => return self.events.write(offset, value, context),
        }
        true
    }

    /// Brings the peripheral back to the state after a reset.
    pub fn reset(&mut self, context: &mut Context) {
        self.events.reset(context);
        context.wakes.cancel(Source::Saadc);
        context.outside.analog.forget_calibration();
        *self = Saadc::new();
    }
}

impl Default for Saadc {
    fn default() -> Self {
        Self::new()
    }
}
