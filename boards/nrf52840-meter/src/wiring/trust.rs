//! What keeps secrets and passes messages: key store, storage, channels.

use capsules::channel::{self, ChannelDriver};
use capsules::virtualizers::virtual_alarm::VirtualMuxAlarm;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::hil::time::Alarm;
use kernel::{static_init, static_init_const, Kernel};

use super::time::{Mux, VirtualAlarm};
use crate::capsule_policy::channel::CHANNELS;

/// Driver 0x80000005.
pub type Channels = ChannelDriver<'static, VirtualAlarm>;

const CHANNEL_COUNT: usize = CHANNELS.len();
const READER_COUNT: usize = channel::reader_count(CHANNELS);
const CHANNEL_BYTES: usize = channel::arena_size(CHANNELS);
type ChannelMemory = channel::Memory<CHANNEL_COUNT, READER_COUNT, CHANNEL_BYTES>;

/// The channels of meter.toml.
///
/// # Safety
/// Once.
pub unsafe fn channels(
    kernel: &'static Kernel,
    mux: &'static Mux,
    memory: &dyn MemoryAllocationCapability,
) -> Option<&'static Channels> {
    // SAFETY: the caller calls this once.
    unsafe {
        let alarm = static_init!(VirtualAlarm, VirtualMuxAlarm::new(mux));
        alarm.setup();
        let queues = static_init_const!(ChannelMemory, ChannelMemory::new());
        let grant = kernel.create_grant(channel::DRIVER_NUM, memory);
        // The table has passed the checks of `capsule_policy` when this was compiled.
        let channels = ChannelDriver::new(CHANNELS, queues, grant, alarm).ok()?;
        let driver = static_init!(Channels, channels);
        alarm.set_alarm_client(driver);
        Some(driver)
    }
}
