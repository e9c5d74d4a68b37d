//! Alarms of apps, and those that capsules share with them.

use capsules_core::alarm::{self, AlarmDriver};
use capsules_core::virtualizers::virtual_alarm::{MuxAlarm, VirtualMuxAlarm};
use kernel::capabilities::MemoryAllocationCapability;
use kernel::hil::time::Alarm;
use kernel::{static_init, Kernel};
use nrf52840::rtc::RtcAlarm;

use crate::peripherals::{alarm as channel, Common};

/// One RTC alarm for many.
pub type Mux = MuxAlarm<'static, RtcAlarm<'static>>;
/// One of the many.
pub type VirtualAlarm = VirtualMuxAlarm<'static, RtcAlarm<'static>>;

/// Makes the multiplexer by which virtual alarms share one channel of the RTC.
///
/// # Safety
/// It may be called once: the multiplexer stands in a static.
pub unsafe fn mux(common: &'static Common) -> &'static Mux {
    let hardware = common.rtc.alarm(channel::SHARED);
    // SAFETY: the caller calls this once.
    let mux = unsafe { static_init!(Mux, MuxAlarm::new(hardware)) };
    hardware.set_alarm_client(mux);
    mux
}

/// Makes driver 0x0, the alarms of apps, on a virtual alarm of its own.
///
/// # Safety
/// It may be called once: the driver stands in a static.
pub unsafe fn alarms(
    kernel: &'static Kernel,
    mux: &'static Mux,
    memory: &dyn MemoryAllocationCapability,
) -> &'static AlarmDriver<'static, VirtualAlarm> {
    // SAFETY: the caller calls this once.
    unsafe {
        let virtual_alarm = static_init!(VirtualAlarm, VirtualMuxAlarm::new(mux));
        virtual_alarm.setup();
        let driver = static_init!(
            AlarmDriver<'static, VirtualAlarm>,
            AlarmDriver::new(
                virtual_alarm,
                kernel.create_grant(alarm::DRIVER_NUM, memory)
            )
        );
        virtual_alarm.set_alarm_client(driver);
        driver
    }
}
