//! PPI: wires events to tasks, so that the CPU need not be in time.

use crate::registers::ppi::PpiRegisters;
use crate::registers::Task;
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;

/// Which channel does what. Channels 0 to 19 can be programmed.
pub mod channel {
    /// Sample clock to SAADC.SAMPLE.
    pub const SAMPLE_CLOCK: usize = 0;
    /// SAADC.END to SAADC.START; its fork captures the time.
    pub const BLOCK_END: usize = 1;
    /// SAADC.END to the counter of blocks.
    pub const BLOCK_COUNT: usize = 2;
    /// UARTE0: a byte restarts the inter-byte timer.
    pub const UARTE0_BYTE: usize = 3;
    /// UARTE0: the inter-byte timer stops the receiver.
    pub const UARTE0_TIMEOUT: usize = 4;
    /// UARTE1: a byte restarts the inter-byte timer.
    pub const UARTE1_BYTE: usize = 5;
    /// UARTE1: the inter-byte timer stops the receiver.
    pub const UARTE1_TIMEOUT: usize = 6;
    /// The first that no driver of this crate uses.
    pub const FIRST_FREE: usize = 7;
}

/// The interconnect.
#[derive(Clone, Copy)]
pub struct Ppi {
    registers: StaticRef<PpiRegisters>,
}

impl Ppi {
    /// Makes the driver of these registers.
    pub const fn new(registers: StaticRef<PpiRegisters>) -> Self {
        Ppi { registers }
    }

    /// Wires `event` to `task`, both addresses of registers, on a channel below 20.
    /// The fork is removed; the channel's being on or off stays.
    pub fn connect(&self, channel: usize, event: u32, task: u32) {
        self.registers.ch[channel].eep.set(event);
        self.registers.ch[channel].tep.set(task);
        self.registers.fork_tep[channel].set(0);
    }

    /// Triggers a second task from the channel's event.
    pub fn fork(&self, channel: usize, task: u32) {
        self.registers.fork_tep[channel].set(task);
    }

    /// Turns on every channel whose bit is set.
    pub fn enable(&self, channels: u32) {
        self.registers.chenset.set(channels);
    }

    /// Turns off every channel whose bit is set.
    pub fn disable(&self, channels: u32) {
        self.registers.chenclr.set(channels);
    }

    /// Returns which channels are on, a bit each, the least significant one for channel 0.
    pub fn enabled(&self) -> u32 {
        self.registers.chen.get()
    }

    /// Puts channels into `group` (0 to 5), in place of those that were in it.
    pub fn set_group(&self, group: usize, channels: u32) {
        self.registers.chg[group].set(channels);
    }

    /// Turns all channels of `group` on.
    pub fn enable_group(&self, group: usize) {
        self.registers.tasks_chg[group]
            .enable
            .write(Task::TRIGGER.val(1));
    }

    /// Turns all channels of `group` off.
    pub fn disable_group(&self, group: usize) {
        self.registers.tasks_chg[group]
            .disable
            .write(Task::TRIGGER.val(1));
    }
}
