//! POWER: why the part was reset, when its supply falls, what it retains, its regulators.
//!
//! While the power-fail comparator is on and the supply is below its threshold,
//! the NVMC writes nothing (product specification, "Power-fail comparator"), and
//! a CPU that has it write may hang (anomaly 242). So the comparator goes off as
//! soon as it has warned, and [`InternalFlash`](crate::nvmc::InternalFlash) turns
//! it off around each of its own operations.

use crate::registers::power::{Interrupt, PowerFail, PowerRegisters, ResetReason as Bits};
use crate::registers::Event;
use core::cell::Cell;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;
use meter_hil::supply_monitor::{SupplyClient, SupplyMonitor};

/// Why the part was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// Power came on, or its brown-out detector let go.
    PowerOn,
    /// Reset pin.
    Pin,
    /// Watchdog.
    Watchdog,
    /// Software (AIRCR.SYSRESETREQ).
    Software,
    /// CPU lock-up: a fault within a fault handler.
    Lockup,
    /// Woken from system-off by a pin, LPCOMP, NFC or VBUS.
    Wakeup,
    /// Debugger.
    Debugger,
}

/// Supply voltage below which the comparator warns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerFailThreshold {
    /// 2.0 V.
    V20,
    /// 2.4 V.
    V24,
    /// 2.7 V.
    V27,
    /// 2.8 V.
    V28,
}

/// The power controller.
pub struct Power<'a> {
    registers: StaticRef<PowerRegisters>,
    client: OptionalCell<&'a dyn SupplyClient>,
    threshold: Cell<PowerFailThreshold>,
}

impl<'a> Power<'a> {
    /// Makes the driver of these registers. It watches nothing yet.
    pub const fn new(registers: StaticRef<PowerRegisters>) -> Self {
        Power {
            registers,
            client: OptionalCell::empty(),
            threshold: Cell::new(PowerFailThreshold::V28),
        }
    }

    /// Sets what [`SupplyMonitor::watch`] compares the supply with; at first the highest
    /// that there is, which gives the earliest warning.
    pub fn set_threshold(&self, threshold: PowerFailThreshold) {
        self.threshold.set(threshold);
    }

    /// Sets who hears of a falling supply.
    pub fn set_power_fail_client(&self, client: &'a dyn SupplyClient) {
        self.client.set(client);
    }

    /// Turns the comparator on. The client hears once, by an interrupt: at once
    /// if the supply is below `threshold` now.
    pub fn watch_supply(&self, threshold: PowerFailThreshold) {
        let threshold = match threshold {
            PowerFailThreshold::V20 => PowerFail::THRESHOLD::V20,
            PowerFailThreshold::V24 => PowerFail::THRESHOLD::V24,
            PowerFailThreshold::V27 => PowerFail::THRESHOLD::V27,
            PowerFailThreshold::V28 => PowerFail::THRESHOLD::V28,
        };
        self.registers.pofcon.set(0);
        self.registers.events_pofwarn.set(0);
        self.registers.intenset.write(Interrupt::POFWARN::SET);
        self.registers.pofcon.write(threshold + PowerFail::POF::SET);
    }

    /// Serves the interrupt that POWER shares with CLOCK.
    pub fn handle_interrupt(&self) {
        if self.registers.events_pofwarn.is_set(Event::HAPPENED) {
            self.registers.pofcon.set(0);
            self.registers.intenclr.write(Interrupt::POFWARN::SET);
            self.registers.events_pofwarn.set(0);
            self.client.map(|client| client.supply_low());
        }
    }

    /// RESETREAS as this reset left it; clears it, so that the next reset's stands
    /// alone. [`reset_reason`] says what it means.
    pub fn take_reset_bits(&self) -> u32 {
        let bits = self.registers.resetreas.get();
        // A bit is cleared by writing 1 to it.
        self.registers.resetreas.set(bits);
        bits
    }

    /// The byte that survives every reset but power-on (GPREGRET).
    pub fn retained_byte(&self) -> u8 {
        self.registers.gpregret.get() as u8
    }

    /// Sets the byte that survives every reset but power-on.
    pub fn set_retained_byte(&self, value: u8) {
        self.registers.gpregret.set(u32::from(value));
    }

    /// The second such byte (GPREGRET2).
    pub fn second_retained_byte(&self) -> u8 {
        self.registers.gpregret2.get() as u8
    }

    /// Sets the second byte that a reset keeps.
    pub fn set_second_retained_byte(&self, value: u8) {
        self.registers.gpregret2.set(u32::from(value));
    }

    /// Turns the DC/DC converter of the main regulator on. Only where the board
    /// has its inductor.
    pub fn enable_dcdc(&self) {
        self.registers.dcdcen.set(1);
    }

    /// Keeps RAM sections powered in system-off: `block` 0 to 8, one bit of
    /// `sections` for each section (2 of 4 KB in blocks 0 to 7, 6 of 32 KB in block 8).
    pub fn retain_ram(&self, block: usize, sections: u16) {
        if let Some(ram) = self.registers.ram.get(block) {
            // Bits 0 to 15 power a section while on, bits 16 to 31 while off.
            ram.powerset.set(u32::from(sections) << 16);
        }
    }
}

/// Reads RESETREAS. A reset through the pin may leave further bits set that mean
/// nothing (anomaly 136), so the pin's bit decides first.
pub fn reset_reason(bits: u32) -> ResetReason {
    let has = |mask: u32| bits & mask != 0;
    if has(Bits::RESETPIN::SET.mask()) {
        ResetReason::Pin
    } else if has(Bits::DOG::SET.mask()) {
        ResetReason::Watchdog
    } else if has(Bits::LOCKUP::SET.mask()) {
        ResetReason::Lockup
    } else if has(Bits::SREQ::SET.mask()) {
        ResetReason::Software
    } else if has(Bits::DIF::SET.mask()) {
        ResetReason::Debugger
    } else if bits != 0 {
        ResetReason::Wakeup
    } else {
        ResetReason::PowerOn
    }
}

impl<'a> SupplyMonitor<'a> for Power<'a> {
    fn set_client(&self, client: &'a dyn SupplyClient) {
        self.set_power_fail_client(client);
    }

    fn watch(&self) {
        self.watch_supply(self.threshold.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, peek};
    use core::cell::Cell;

    #[derive(Default)]
    struct Listener(Cell<u32>);

    impl SupplyClient for Listener {
        fn supply_low(&self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn a_warning_is_told_once_and_turns_the_comparator_off() {
        let registers = fake_registers::<PowerRegisters>();
        let power = Power::new(registers);
        let listener = Listener::default();
        power.set_power_fail_client(&listener);
        power.handle_interrupt();
        assert_eq!(listener.0.get(), 0, "another event of the same line");
        power.set_threshold(PowerFailThreshold::V20);
        power.watch();
        assert_eq!(peek(&registers.pofcon), 7 << 1 | 1);
        power.set_threshold(PowerFailThreshold::V28);
        power.watch();
        assert_eq!(peek(&registers.pofcon), 15 << 1 | 1);
        assert_eq!(peek(&registers.intenset), 1 << 2);
        registers.events_pofwarn.set(1);
        power.handle_interrupt();
        assert_eq!(listener.0.get(), 1);
        assert_eq!(peek(&registers.pofcon), 0);
        assert_eq!(peek(&registers.intenclr), 1 << 2);
        power.handle_interrupt();
        assert_eq!(listener.0.get(), 1);
    }

    #[test]
    fn reset_reasons_are_told_apart() {
        assert_eq!(reset_reason(0), ResetReason::PowerOn);
        assert_eq!(reset_reason(1 << 1), ResetReason::Watchdog);
        assert_eq!(reset_reason(1 << 2), ResetReason::Software);
        assert_eq!(reset_reason((1 << 2) | (1 << 3)), ResetReason::Lockup);
        assert_eq!(reset_reason(1 << 16), ResetReason::Wakeup);
        assert_eq!(reset_reason(1 << 18), ResetReason::Debugger);
    }

    #[test]
    fn the_pin_outweighs_bits_that_anomaly_136_leaves() {
        assert_eq!(reset_reason(0x000F_000F), ResetReason::Pin);
    }
}
