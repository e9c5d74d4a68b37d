//! The converter with the timers and PPI channels that drive it.

use crate::dma::register_address;
use crate::ppi::{channel, Ppi};
use crate::registers::saadc::{Config, Interrupt, Limit, Resolution, SaadcRegisters};
use crate::registers::Task;
use crate::timer::{Timer, MICROSECONDS};
use kernel::utilities::registers::interfaces::{ReadWriteable, Readable, Writeable};
use kernel::utilities::registers::FieldValue;
use kernel::utilities::StaticRef;

/// Rate of the sample clock's timer in Hz.
const CLOCK_HZ: u32 = 16_000_000;

/// Its ticks in a microsecond.
const TICKS_PER_US: u32 = CLOCK_HZ / 1_000_000;

/// 10 us of acquisition and 2 us of conversion.
pub const CONVERSION_US: u32 = 12;
const CONVERSION_TICKS: u32 = CONVERSION_US * TICKS_PER_US;

/// Ticks that a scan is over before the next is triggered: 2 us.
const SCAN_MARGIN_TICKS: u32 = 2 * TICKS_PER_US;

/// Capture registers of the time base: the last END, and now.
const END: usize = 0;
const NOW: usize = 1;

/// An analogue input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum AdcChannel {
    /// AIN0, P0.02.
    AnalogInput0 = 1,
    /// AIN1, P0.03.
    AnalogInput1 = 2,
    /// AIN2, P0.04.
    AnalogInput2 = 3,
    /// AIN3, P0.05.
    AnalogInput3 = 4,
    /// AIN4, P0.28.
    AnalogInput4 = 5,
    /// AIN5, P0.29.
    AnalogInput5 = 6,
    /// AIN6, P0.30.
    AnalogInput6 = 7,
    /// AIN7, P0.31.
    AnalogInput7 = 8,
    /// The supply.
    VDD = 9,
    /// A fifth of the high-voltage supply.
    VDDHDIV5 = 0xD,
}

/// What the converter is built from.
pub struct Hardware {
    /// The converter.
    pub registers: StaticRef<SaadcRegisters>,
    /// Triggers scans.
    pub clock: Timer,
    /// Counts END events.
    pub counter: Timer,
    /// Runs at 1 MHz, captured at END.
    pub time: Timer,
    /// The interconnect.
    pub ppi: Ppi,
}

impl Hardware {
    const CHANNELS: u32 =
        1 << channel::SAMPLE_CLOCK | 1 << channel::BLOCK_END | 1 << channel::BLOCK_COUNT;

    /// Ticks between scans of `inputs` inputs at `rate` Hz, if the converter can do it.
    pub fn period(rate: u32, inputs: u32) -> Option<u32> {
        let period = CLOCK_HZ.checked_div(rate)?;
        // A scan must be over before the next is triggered.
        (period > (inputs + 1) * CONVERSION_TICKS).then_some(period)
    }

    /// Ticks between scans of `inputs` inputs every `period_us`, if the converter can do it.
    pub fn scan_period(period_us: u32, inputs: u32) -> Option<u32> {
        let period = period_us.checked_mul(TICKS_PER_US)?;
        // A scan must be over before the next is triggered.
        (period >= inputs * CONVERSION_TICKS + SCAN_MARGIN_TICKS).then_some(period)
    }

    /// Measures the input of a channel, after [`Hardware::configure`], at a sixth of its
    /// voltage: up to 3.6 V, so that the supply does not touch the end of the range.
    pub fn reduce(&self, index: usize) {
        if let Some(channel) = self.registers.ch.get(index) {
            channel.config.modify(Config::GAIN::Gain1_6);
            channel
                .limit
                .write(Limit::LOW.val(0x8000) + Limit::HIGH.val(0x7FFF));
        }
    }

    /// Turns the converter on with one channel for each of `inputs`, single-ended,
    /// 10 us of acquisition, internal reference; results at or beyond `limits`
    /// raise the channel's limit events.
    pub fn configure(
        &self,
        inputs: &[AdcChannel],
        resolution: FieldValue<u32, Resolution::Register>,
        gain: FieldValue<u32, Config::Register>,
        limits: (i16, i16),
    ) {
        self.registers.enable.set(1);
        self.registers.resolution.write(resolution);
        self.registers.oversample.set(0);
        self.registers.samplerate.set(0);
        for (index, channel) in self.registers.ch.iter().enumerate() {
            let input = inputs.get(index).map_or(0, |input| *input as u32);
            channel.pselp.set(input);
            channel.pseln.set(0);
            channel.config.write(
                gain + Config::REFSEL::Internal + Config::TACQ::Us10 + Config::MODE::SingleEnded,
            );
            channel.limit.write(
                Limit::LOW.val(u32::from(limits.0 as u16))
                    + Limit::HIGH.val(u32::from(limits.1 as u16)),
            );
            self.registers.events_ch[index].high.set(0);
            self.registers.events_ch[index].low.set(0);
        }
    }

    /// Turns the converter and its interrupts off.
    pub fn off(&self) {
        self.registers.intenclr.set(0xFFFF_FFFF);
        self.registers.enable.set(0);
    }

    /// Lets only these events interrupt, and forgets all that happened.
    pub fn interrupt_on(&self, events: FieldValue<u32, Interrupt::Register>) {
        self.registers.intenclr.set(0xFFFF_FFFF);
        self.registers.events_started.set(0);
        self.registers.events_end.set(0);
        self.registers.events_calibratedone.set(0);
        self.registers.events_stopped.set(0);
        self.registers.intenset.write(events);
    }

    /// Wires clock, restart, counter and time; `period` in ticks of the clock. The
    /// clock itself is started by [`Hardware::start_clock`].
    pub fn wire(&self, period: u32) {
        self.ppi.disable(Self::CHANNELS);
        self.clock.configure_as_timer(0);
        self.clock.set_compare(0, period);
        self.clock.set_shorts(1);
        self.counter.configure_as_counter();
        self.counter.start();
        self.time.configure_as_timer(MICROSECONDS);
        let end = register_address(&self.registers.events_end);
        self.ppi.connect(
            channel::SAMPLE_CLOCK,
            self.clock.compare_event(0),
            register_address(&self.registers.tasks_sample),
        );
        // Nordic's anomaly 150 (nRF52832: no STARTED after a START by PPI) needs an
        // acquisition of 5 us or less; ours is 10 us.
        self.ppi.connect(
            channel::BLOCK_END,
            end,
            register_address(&self.registers.tasks_start),
        );
        self.ppi
            .fork(channel::BLOCK_END, self.time.capture_task(END));
        self.ppi
            .connect(channel::BLOCK_COUNT, end, self.counter.count_task());
        self.ppi.enable(Self::CHANNELS);
    }

    /// Time 0: starts the time base and the clock, whose first scan comes a period later.
    pub fn start_clock(&self) {
        self.time.start();
        self.clock.start();
    }

    /// Ends everything that `wire` began.
    pub fn unwire(&self) {
        self.ppi.disable(Self::CHANNELS);
        self.clock.stop();
        self.counter.stop();
        self.time.stop();
    }

    /// Triggers START, which takes over the address of the next buffer.
    pub fn start(&self) {
        self.registers.tasks_start.write(Task::TRIGGER.val(1));
    }

    /// Triggers SAMPLE by the CPU, once.
    pub fn sample(&self) {
        self.registers.tasks_sample.write(Task::TRIGGER.val(1));
    }

    /// Triggers STOP; the STOPPED event follows.
    pub fn stop(&self) {
        self.registers.tasks_stop.write(Task::TRIGGER.val(1));
    }

    /// Triggers CALIBRATEOFFSET; the CALIBRATEDONE event follows.
    pub fn calibrate(&self) {
        self.registers
            .tasks_calibrateoffset
            .write(Task::TRIGGER.val(1));
    }

    /// Where the next START puts results: `samples` of them at `address`.
    pub fn set_result(&self, address: u32, samples: usize) {
        self.registers.result_ptr.set(address);
        self.registers.result_maxcnt.set(samples as u32);
    }

    /// Returns how many blocks have ended since `wire`.
    pub fn ends(&self) -> u32 {
        self.counter.capture(0)
    }

    /// Blocks ended, and the time of the last end in microseconds, as one.
    pub fn ends_with_time(&self) -> (u32, u32) {
        let mut ends = self.ends();
        loop {
            let time = self.time.captured(END);
            let again = self.ends();
            if again == ends {
                return (ends, time);
            }
            ends = again;
        }
    }

    /// Returns the microseconds since the last block ended.
    pub fn since_end(&self) -> u32 {
        let end = self.time.captured(END);
        self.time.capture(NOW).wrapping_sub(end)
    }

    /// Takes the limit events of the first `channels` channels: a bit for each that
    /// touched an end of its range.
    pub fn take_limits(&self, channels: usize) -> u8 {
        let mut touched = 0;
        for (index, events) in self.registers.events_ch.iter().take(channels).enumerate() {
            if events.high.get() != 0 {
                events.high.set(0);
                touched |= 1 << index;
            }
            if events.low.get() != 0 {
                events.low.set(0);
                touched |= 1 << index;
            }
        }
        touched
    }
}
