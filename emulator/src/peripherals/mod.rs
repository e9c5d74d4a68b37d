//! The peripherals of the part, each with its registers, events and times.
//!
//! They share a shape: `task` for a task register (written by the CPU or
//! triggered by PPI), `read` and `write` for the others, `wake` for what they
//! do by themselves, `reset`. Register offsets and numbers are those of the
//! nRF52840 Product Specification v1.7.

pub mod acl;
pub mod clock;
pub mod ecb;
pub mod events;
pub mod gpio;
pub mod gpiote;
pub mod nor;
pub mod nor_spi;
pub mod nvmc;
pub mod power;
pub mod ppi;
pub mod pwm;
pub mod qspi;
pub mod rtc;
pub mod saadc;
pub mod serial;
pub mod small;
pub mod timer;
pub mod uarte;

#[cfg(test)]
mod tests;

use crate::bus::context::{Context, ResetCause};
use crate::bus::wakes::Source;
use serde::{Deserialize, Serialize};
use serial::Serial;

/// A register that the product specification does not name, but errata do:
/// zero resets the peripheral, one switches it on again.
const SWITCH: u32 = 0xFFC;

/// Returns whether errata use the switch of a peripheral: UARTE, SPIM, TWIM, SAADC.
fn has_switch(slot: u8) -> bool {
    matches!(slot, 2 | 3 | 4 | 7 | 35 | 40 | 47)
}

/// All of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Peripherals {
    /// The events that CLOCK and POWER share.
    pub clock_events: events::Events,
    /// CLOCK.
    pub clock: clock::Clock,
    /// POWER and APPROTECT.
    pub power: power::Power,
    /// P0 and P1.
    pub gpio: gpio::Gpio,
    /// GPIOTE.
    pub gpiote: gpiote::Gpiote,
    /// UARTE0 and UARTE1.
    pub uarte: [uarte::Uarte; 2],
    /// The blocks of SPI and TWI, 0 to 3.
    pub serial: [serial::Serial; 4],
    /// SAADC.
    pub saadc: saadc::Saadc,
    /// TIMER0 to TIMER4.
    pub timer: [timer::Timer; 5],
    /// RTC0 to RTC2.
    pub rtc: [rtc::Rtc; 3],
    /// TEMP.
    pub temp: small::Temp,
    /// RNG.
    pub rng: small::Rng,
    /// ECB.
    pub ecb: ecb::Ecb,
    /// WDT.
    pub watchdog: small::Watchdog,
    /// EGU0 to EGU5.
    pub egu: [small::Egu; 6],
    /// NVMC.
    pub nvmc: nvmc::Nvmc,
    /// ACL.
    pub acl: acl::Acl,
    /// PPI.
    pub ppi: ppi::Ppi,
    /// PWM0 to PWM3.
    pub pwm: [pwm::Pwm; 4],
    /// QSPI and the external flash.
    pub qspi: qspi::Qspi,
    /// What a master of SPI has told the external flash since it selected it.
    pub nor_spi: nor_spi::Transaction,
}

impl Peripherals {
    /// Makes all peripherals in the state that they have after a power-up.
    pub fn new() -> Self {
        Peripherals {
            clock_events: events::Events::new(0),
            clock: clock::Clock::new(),
            power: power::Power::new(),
            gpio: gpio::Gpio::new(),
            gpiote: gpiote::Gpiote::new(),
            uarte: std::array::from_fn(|n| uarte::Uarte::new(n as u8)),
            serial: std::array::from_fn(|n| serial::Serial::new(n as u8)),
            saadc: saadc::Saadc::new(),
            timer: std::array::from_fn(|n| timer::Timer::new(n as u8)),
            rtc: std::array::from_fn(|n| rtc::Rtc::new(n as u8)),
            temp: small::Temp::new(),
            rng: small::Rng::new(),
            ecb: ecb::Ecb::new(),
            watchdog: small::Watchdog::new(),
            egu: std::array::from_fn(|n| small::Egu::new(n as u8)),
            nvmc: nvmc::Nvmc::new(),
            acl: acl::Acl::new(),
            ppi: ppi::Ppi::new(),
            pwm: std::array::from_fn(|n| pwm::Pwm::new(n as u8)),
            qspi: qspi::Qspi::new(),
            nor_spi: nor_spi::Transaction::default(),
        }
    }

    /// What `source` does by itself, now.
    pub fn wake(&mut self, source: Source, context: &mut Context) {
        match source {
            Source::HighFrequencyClock => self.clock.wake_high(&mut self.clock_events, context),
            Source::LowFrequencyClock => self.clock.wake_low(&mut self.clock_events, context),
            Source::Timer(n) => self.timer[usize::from(n)].wake(context),
            Source::Rtc(n) => self.rtc[usize::from(n)].wake(context),
            Source::Saadc => self.saadc.wake(context),
            Source::UartTransmit(n) => self.uarte[usize::from(n)].wake_transmit(context),
            Source::UartReceive(n) => self.uarte[usize::from(n)].wake_receive(context),
            // READY is computed; the deadline only ends the CPU's wait.
            Source::Nvmc => {}
            Source::Rng => self.rng.wake(context),
            Source::Temp => self.temp.wake(context),
            Source::Ecb => self.ecb.wake(context),
            Source::Watchdog => self.watchdog.wake(context),
            Source::Qspi => self.qspi.wake(context),
            Source::Serial(n) => self.on_wires(n, context, Serial::wake),
            Source::Pwm(n) => self.pwm[usize::from(n)].wake(context),
            Source::Pins => self.scheduled_pins(context),
        }
    }

    /// The inputs that change now, and when the next ones do.
    fn scheduled_pins(&mut self, context: &mut Context) {
        while let Some(edge) = context.outside.pins.scheduled.front().copied() {
            if edge.at > context.now {
                context.wakes.set(Source::Pins, edge.at);
                break;
            }
            context.outside.pins.scheduled.pop_front();
            context.outside.pins.driven[usize::from(edge.pin)] = Some(edge.high);
        }
        self.pins_changed(context);
    }

    /// A task of a block of SPI and TWI.
    fn spi_task(&mut self, number: u8, offset: u32, context: &mut Context) -> bool {
        self.on_wires(number, context, |serial, wires, context| {
            serial.task(offset, wires, context)
        })
    }

    /// What a block of SPI and TWI does that may reach the external flash.
    fn on_wires<R>(
        &mut self,
        number: u8,
        context: &mut Context,
        act: impl FnOnce(&mut Serial, &mut nor_spi::Wires, &mut Context) -> R,
    ) -> R {
        let mut wires = nor_spi::Wires {
            nor: &mut self.qspi.nor,
            transaction: &mut self.nor_spi,
            selected: self.gpio.drives_low(nor_spi::SELECT_PIN),
        };
        let result = act(&mut self.serial[usize::from(number)], &mut wires, context);
        // SPIM3 may have ended a command itself.
        if number == 3 {
            self.qspi.count(context);
        }
        result
    }

    /// Levels at pins may have changed.
    pub fn pins_changed(&mut self, context: &mut Context) {
        if self.nor_spi.is_open() && !self.gpio.drives_low(nor_spi::SELECT_PIN) {
            self.nor_spi.deselect(&mut self.qspi.nor, context.now);
            self.qspi.count(context);
        }
        self.gpiote.pins_changed(&mut self.gpio, context);
    }

    /// A task register, by the peripheral's number and the offset; false if
    /// there is none.
    pub fn task(&mut self, slot: u8, offset: u32, context: &mut Context) -> bool {
        match slot {
            0 if offset < 0x78 => {
                let before = context.low_frequency_running;
                let known = self.clock.task(offset, context);
                if context.low_frequency_running != before {
                    for rtc in &mut self.rtc {
                        rtc.clock_changed(before, context);
                    }
                }
                known
            }
            0 => self.power.task(offset),
            2 => self.uarte[0].task(offset, context),
            3 => self.spi_task(0, offset, context),
            4 => self.spi_task(1, offset, context),
            6 => {
                let known = self.gpiote.task(offset, &mut self.gpio, context);
                self.pins_changed(context);
                known
            }
            7 => self.saadc.task(offset, context),
            8..=10 => self.timer[usize::from(slot) - 8].task(offset, context),
            11 => self.rtc[0].task(offset, context),
            12 => self.temp.task(offset, context),
            13 => self.rng.task(offset, context),
            14 => self.ecb.task(offset, context),
            16 => self.watchdog.task(offset, context),
            17 => self.rtc[1].task(offset, context),
            20..=25 => self.egu[usize::from(slot) - 20].task(offset, context),
            26 | 27 => self.timer[usize::from(slot) - 23].task(offset, context),
            28 => self.pwm[0].task(offset, context),
            31 => self.route(context, |ppi, context| ppi.task(offset, context)),
            33 | 34 => self.pwm[usize::from(slot) - 32].task(offset, context),
            35 => self.spi_task(2, offset, context),
            36 => self.rtc[2].task(offset, context),
            40 => self.uarte[1].task(offset, context),
            41 => self.qspi.task(offset, context),
            45 => self.pwm[3].task(offset, context),
            47 => self.spi_task(3, offset, context),
            _ => false,
        }
    }

    /// A read of a register that is no task; none without a model.
    pub fn read(&mut self, slot: u8, offset: u32, context: &mut Context) -> Option<u32> {
        match slot {
            _ if offset == SWITCH => has_switch(slot).then_some(1),
            0 => self
                .clock
                .read(offset)
                .or_else(|| self.power.read(offset))
                .or_else(|| self.clock_events.read(offset)),
            2 => self.uarte[0].read(offset, context),
            3 => self.serial[0].read(offset),
            4 => self.serial[1].read(offset),
            6 => self.gpiote.read(offset),
            7 => self.saadc.read(offset),
            8..=10 => self.timer[usize::from(slot) - 8].read(offset),
            11 => self.rtc[0].read(offset, context),
            12 => self.temp.read(offset),
            13 => self.rng.read(offset),
            14 => self.ecb.read(offset),
            16 => self.watchdog.read(offset),
            17 => self.rtc[1].read(offset, context),
            20..=25 => self.egu[usize::from(slot) - 20].events.read(offset),
            26 | 27 => self.timer[usize::from(slot) - 23].read(offset),
            28 => self.pwm[0].read(offset, context),
            30 => self
                .nvmc
                .read(offset, context)
                .or_else(|| self.acl.read(offset)),
            31 => self.ppi.read(offset),
            33 | 34 => self.pwm[usize::from(slot) - 32].read(offset, context),
            35 => self.serial[2].read(offset),
            36 => self.rtc[2].read(offset, context),
            40 => self.uarte[1].read(offset, context),
            41 => self.qspi.read(offset, context),
            45 => self.pwm[3].read(offset, context),
            47 => self.serial[3].read(offset),
            _ => None,
        }
    }

    /// A write of a register that is no task: whether there is a model, or a
    /// bus fault.
    pub fn write(
        &mut self,
        slot: u8,
        offset: u32,
        value: u32,
        context: &mut Context,
    ) -> Result<bool, nvmc::Refused> {
        Ok(match slot {
            _ if offset == SWITCH => {
                if value & 1 == 0 {
                    self.switch_off(slot, context);
                }
                has_switch(slot)
            }
            0 => {
                let known = self.clock.write(offset, value)
                    || self.power.write(offset, value, context)
                    || self.clock_events.write(offset, value, context);
                self.compare_supply(context);
                known
            }
            2 => self.uarte[0].write(offset, value, context),
            3 => self.serial[0].write(offset, value, context),
            4 => self.serial[1].write(offset, value, context),
            6 => {
                let known = self.gpiote.write(offset, value, &mut self.gpio, context);
                self.pins_changed(context);
                known
            }
            7 => self.saadc.write(offset, value, context),
            8..=10 => self.timer[usize::from(slot) - 8].write(offset, value, context),
            11 => self.rtc[0].write(offset, value, context),
            12 => self.temp.write(offset, value, context),
            13 => self.rng.write(offset, value, context),
            14 => self.ecb.write(offset, value, context),
            16 => self.watchdog.write(offset, value, context),
            17 => self.rtc[1].write(offset, value, context),
            20..=25 => self.egu[usize::from(slot) - 20]
                .events
                .write(offset, value, context),
            26 | 27 => self.timer[usize::from(slot) - 23].write(offset, value, context),
            28 => self.pwm[0].write(offset, value, context),
            30 => {
                self.acl.write(offset, value)
                    || self.nvmc.write(offset, value, &self.acl, context)?
            }
            31 => self.route(context, |ppi, context| ppi.write(offset, value, context)),
            33 | 34 => self.pwm[usize::from(slot) - 32].write(offset, value, context),
            35 => self.serial[2].write(offset, value, context),
            36 => self.rtc[2].write(offset, value, context),
            40 => self.uarte[1].write(offset, value, context),
            41 => self.qspi.write(offset, value, context),
            45 => self.pwm[3].write(offset, value, context),
            47 => self.serial[3].write(offset, value, context),
            _ => false,
        })
    }

    /// Changes the PPI. A PWM counts its periods only while somebody listens.
    fn route(
        &mut self,
        context: &mut Context,
        change: impl FnOnce(&mut ppi::Ppi, &mut Context) -> bool,
    ) -> bool {
        self.pwm.iter_mut().for_each(|pwm| pwm.settle(context));
        let known = change(&mut self.ppi, context);
        self.pwm.iter_mut().for_each(|pwm| pwm.plan(context));
        known
    }

    /// What work-arounds of errata do to a peripheral that hangs.
    fn switch_off(&mut self, slot: u8, context: &mut Context) {
        match slot {
            2 => self.uarte[0].reset(context),
            3 => self.serial[0].reset(context),
            4 => self.serial[1].reset(context),
            7 => self.saadc.reset(context),
            35 => self.serial[2].reset(context),
            40 => self.uarte[1].reset(context),
            47 => self.serial[3].reset(context),
            _ => {}
        }
    }

    /// The supply falls below the thresholds of the power-fail comparator, or
    /// is sound again.
    pub fn set_supply_low(&mut self, low: bool, context: &mut Context) {
        self.power.set_supply_low(low);
        self.compare_supply(context);
    }

    /// What the power-fail comparator makes of the supply: it warns once when it
    /// comes to see a low one, also when it is switched on late.
    fn compare_supply(&mut self, context: &mut Context) {
        let warned = std::mem::replace(&mut self.nvmc.blocked, self.power.warns());
        if self.nvmc.blocked && !warned {
            context.statistics.supply_warnings += 1;
            self.clock_events.signal(power::EVENT_POWER_FAIL, context);
        }
    }

    /// Everything as after a reset; `None` is a power-up, which also forgets
    /// what other resets keep.
    pub fn reset(&mut self, cause: Option<ResetCause>, context: &mut Context) {
        self.clock_events.reset(context);
        self.clock.reset(context);
        match cause {
            Some(cause) => self.power.reset(cause),
            None => self.power = power::Power::new(),
        }
        self.compare_supply(context);
        self.gpio.reset(context);
        self.gpiote.reset(context);
        self.uarte.iter_mut().for_each(|uarte| uarte.reset(context));
        self.serial
            .iter_mut()
            .for_each(|block| block.reset(context));
        self.saadc.reset(context);
        self.timer.iter_mut().for_each(|timer| timer.reset(context));
        self.rtc.iter_mut().for_each(|rtc| rtc.reset(context));
        self.temp.reset(context);
        self.rng.reset(context);
        self.ecb.reset(context);
        // A software reset or a lock-up leaves the watchdog running.
        if !matches!(cause, Some(ResetCause::Software | ResetCause::Lockup)) {
            self.watchdog.reset(context);
        }
        self.egu
            .iter_mut()
            .for_each(|egu| egu.events.reset(context));
        self.nvmc.reset(context);
        self.acl = acl::Acl::new();
        self.ppi.reset(context);
        self.pwm.iter_mut().for_each(|pwm| pwm.reset(context));
        self.qspi.reset(cause.is_none(), context);
        self.nor_spi = nor_spi::Transaction::default();
        // Scheduled inputs belong to the outside and stay.
        if let Some(edge) = context.outside.pins.scheduled.front() {
            context.wakes.set(Source::Pins, edge.at);
        }
    }
}

impl Default for Peripherals {
    fn default() -> Self {
        Self::new()
    }
}
