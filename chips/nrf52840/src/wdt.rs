//! WDT: resets the part when the kernel no longer runs.
//!
//! Once started the watchdog can neither be stopped nor set otherwise before a
//! reset (product specification, "WDT").

use crate::registers::wdt::{Config, RunStatus, WdtRegisters};
use crate::registers::Task;
use kernel::platform::watchdog::WatchDog;
use kernel::utilities::math::divide;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;

/// The value that a reload register accepts.
const RELOAD: u32 = 0x6E52_4635;

/// The watchdog, as the kernel's loop drives it.
pub struct Wdt {
    registers: StaticRef<WdtRegisters>,
    timeout_ms: u32,
}

impl Wdt {
    /// Makes the driver; started by [`WatchDog::setup`] with `timeout_ms`
    /// (1 to 131,072,000 ms).
    pub const fn new(registers: StaticRef<WdtRegisters>, timeout_ms: u32) -> Self {
        Wdt {
            registers,
            timeout_ms,
        }
    }

    /// Returns whether the watchdog runs, maybe since before the last reset.
    pub fn is_running(&self) -> bool {
        self.registers.runstatus.is_set(RunStatus::RUNNING)
    }
}

/// Counter reload value for a timeout: timeout = (CRV + 1) / 32,768 Hz, CRV at least 15.
fn reload_value(timeout_ms: u32) -> u32 {
    let ticks = divide(u64::from(timeout_ms) * 32_768, 1000);
    u32::try_from(ticks.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .max(15)
}

impl WatchDog for Wdt {
    fn setup(&self) {
        if self.is_running() {
            return;
        }
        // It goes on while the CPU sleeps and pauses while a debugger has it halted.
        self.registers
            .config
            .write(Config::SLEEP.val(1) + Config::HALT.val(0));
        self.registers.crv.set(reload_value(self.timeout_ms));
        self.registers.rren.set(1);
        self.registers.tasks_start.write(Task::TRIGGER.val(1));
    }

    fn tickle(&self) {
        self.registers.rr[0].set(RELOAD);
    }

    // The part's watchdog cannot be suspended: what it can do is start afresh.
    fn suspend(&self) {
        self.tickle();
    }

    fn resume(&self) {
        self.tickle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, peek, poke, triggered};

    #[test]
    fn reload_values_are_the_documented_ones() {
        assert_eq!(reload_value(1000), 32_767);
        assert_eq!(reload_value(4000), 131_071);
        assert_eq!(reload_value(0), 15);
        assert_eq!(reload_value(u32::MAX), u32::MAX);
    }

    #[test]
    fn it_is_set_up_once_and_fed_with_the_magic_word() {
        let registers: StaticRef<WdtRegisters> = fake_registers();
        let wdt = Wdt::new(registers, 1000);
        wdt.setup();
        assert!(triggered(registers, &registers.tasks_start));
        assert_eq!(registers.config.get(), 1);
        wdt.tickle();
        assert_eq!(peek(&registers.rr[0]), 0x6E52_4635);
        poke(registers, &registers.runstatus, 1);
        wdt.setup();
        assert!(!triggered(registers, &registers.tasks_start));
    }
}
