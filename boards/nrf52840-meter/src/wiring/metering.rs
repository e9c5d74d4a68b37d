//! What only the metering app uses: the converter's scans, the energy store, warnings of the supply.

use capsules_metering::energy_store::{self, EnergyStore, EnergyStoreDriver};
use capsules_metering::meter_adc::{self, MeterAdc};
use capsules_metering::supply::{self, SupplyDriver};
use capsules_support::pending_upcall::RetryAlarm;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::hil::time::Alarm;
use kernel::{static_init, static_init_const, Kernel};
use meter_hil::front_end::MeterFrontEnd;
use meter_hil::supply_monitor::SupplyMonitor;
use meter_hil::word_flash::WordFlash;

use super::internal_flash::Region;
use crate::peripherals::Peripherals;
use crate::pins::METER_SCAN;
use crate::tables::ENERGY_RECORDS;
use capsules_metering::energy_store::Records;
use capsules_support::allowance::Rate;
use nrf52840::power::Power;
use nrf52840::saadc::Saadc;
use nrf52840_components::time::{Mux, VirtualAlarm};

/// The converter's scans of a block, aligned as EasyDMA wants it.
#[repr(align(4))]
struct ScanBuffer([u8; meter_adc::CONVERTED_BLOCK_BYTES]);

/// Makes driver 0x80000001, the meter's blocks of samples, on the converter.
///
/// # Safety
/// It may be called once: the driver stands in a static.
pub unsafe fn meter_adc(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    memory: &dyn MemoryAllocationCapability,
) -> &'static MeterAdc<'static, Saadc<'static>> {
    // SAFETY: the caller calls this once.
    unsafe {
        let front_end = &peripherals.common.saadc;
        front_end.set_scan_inputs(&METER_SCAN);
        let converted = static_init_const!(
            [ScanBuffer; meter_adc::CONVERTED_BUFFERS],
            [const { ScanBuffer([0; meter_adc::CONVERTED_BLOCK_BYTES]) };
                meter_adc::CONVERTED_BUFFERS]
        );
        let blocks = static_init_const!(
            [[u8; meter_adc::BLOCK_BYTES]; meter_adc::QUEUE_BLOCKS],
            [[0; meter_adc::BLOCK_BYTES]; meter_adc::QUEUE_BLOCKS]
        );
        let driver = static_init!(
            MeterAdc<'static, Saadc<'static>>,
            MeterAdc::new(
                front_end,
                converted.each_mut().map(|buffer| &mut buffer.0),
                blocks.each_mut(),
                kernel.create_grant(meter_adc::DRIVER_NUM, memory),
            )
        );
        MeterFrontEnd::set_client(front_end, driver);
        driver
    }
}

/// Warnings of a falling supply.
///
/// # Safety
/// Once.
pub unsafe fn supply(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    mux: &'static Mux,
    memory: &dyn MemoryAllocationCapability,
) -> &'static SupplyDriver<'static, Power<'static>, VirtualAlarm> {
    // SAFETY: the caller calls this once.
    unsafe {
        let comparator = &peripherals.power;
        let alarm = static_init!(VirtualAlarm, VirtualAlarm::new(mux));
        alarm.setup();
        let driver = static_init!(
            SupplyDriver<'static, Power<'static>, VirtualAlarm>,
            SupplyDriver::new(
                comparator,
                alarm,
                kernel.create_grant(supply::DRIVER_NUM, memory)
            )
        );
        comparator.set_client(driver);
        alarm.set_alarm_client(driver);
        driver.start();
        driver
    }
}

/// The energy store on its pages.
///
/// # Safety
/// Once.
pub unsafe fn energy_store(
    kernel: &'static Kernel,
    pages: &'static Region,
    mux: &'static Mux,
    memory: &dyn MemoryAllocationCapability,
) -> &'static EnergyStoreDriver<'static, Region> {
    type Store = EnergyStore<'static, Region>;
    // SAFETY: the caller calls this once.
    unsafe {
        let store = static_init!(Store, EnergyStore::new(pages));
        pages.set_client(store);
        let grant = kernel.create_grant(energy_store::DRIVER_NUM, memory);
        let retry = retry!(mux);
        let (per_week, most, lifetime) = ENERGY_RECORDS;
        let records = Records {
            rate: Rate { per_week, most },
            lifetime,
        };
        let driver = static_init!(
            EnergyStoreDriver<'static, Region>,
            EnergyStoreDriver::new(store, grant, retry, records)
        );
        store.set_client(driver);
        retry.set_client(driver);
        driver
    }
}
