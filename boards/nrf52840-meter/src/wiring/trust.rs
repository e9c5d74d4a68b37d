//! What keeps secrets and passes messages: key store, storage, channels.

use capsules_core::virtualizers::virtual_alarm::VirtualMuxAlarm;
use capsules_support::pending_upcall::RetryAlarm;
use capsules_trust::channel::{self, ChannelDriver};
use capsules_trust::key_store::{self, vault};
use capsules_trust::storage::{self, StorageDriver, Store};
use kernel::capabilities::MemoryAllocationCapability;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::time::Alarm;
use kernel::{debug, static_init, static_init_const, Kernel};
use meter_hil::sector_flash::SectorFlash;
use meter_hil::word_flash::WordFlash;
use nrf52840::base;
use nrf52840::qspi::Qspi;

use super::internal_flash::Region;
use super::randomness::Generator;
use crate::peripherals::{Memory, Peripherals};
use crate::pins::EXTERNAL_FLASH;
use crate::tables::channel::CHANNELS;
use crate::tables::key_store::KEY_STORE;
use crate::tables::storage::{EXTERNAL_NOR_SIZE, PARTITIONS};
use crate::tables::DEBUG_RTT;
use capsules_trust::root::Root;
use nrf52840_components::time::{Mux, VirtualAlarm};

/// What calls again for the next step of long work.
#[cfg(not(long_steps_by_alarm))]
pub type Steps = crate::background_steps::BackgroundSteps;
/// What calls again for the next step of long work.
#[cfg(long_steps_by_alarm)]
pub type Steps = &'static capsules_system::step_call::AlarmSteps<'static, VirtualAlarm>;
/// The sealed store of keys.
pub type Vault = vault::Vault<'static, Region>;
/// Driver 0x80000004.
pub type KeyStore = key_store::KeyStore<'static, Region, Steps>;
/// Driver 0x80000005.
pub type Channels = ChannelDriver<'static>;
/// Driver 0x80000006.
pub type Storage = StorageDriver<'static, Memory, Generator>;

const CHANNEL_COUNT: usize = CHANNELS.len();
const READER_COUNT: usize = channel::reader_count(CHANNELS);
const CHANNEL_BYTES: usize = channel::arena_size(CHANNELS);
type ChannelMemory = channel::Memory<CHANNEL_COUNT, READER_COUNT, CHANNEL_BYTES>;

const PARTITION_COUNT: usize = PARTITIONS.len();
const STORAGE_BUFFER: usize = storage::buffer_size(PARTITIONS);
type StorageMemory = storage::Memory<PARTITION_COUNT, STORAGE_BUFFER>;

/// The key store and its vault, which is still closed and has no client.
///
/// # Safety
/// Once.
pub unsafe fn key_store(
    kernel: &'static Kernel,
    pages: &'static Region,
    mux: &'static Mux,
    generator: &'static Generator,
    memory: &dyn MemoryAllocationCapability,
) -> (&'static Vault, &'static KeyStore) {
    // SAFETY: the caller calls this once.
    unsafe {
        let vault = static_init!(Vault, Vault::new(pages, generator));
        pages.set_client(vault);
        let retry = retry!(mux);
        let driver = static_init!(
            KeyStore,
            KeyStore::new(
                vault,
                generator,
                &KEY_STORE,
                kernel.create_grant(key_store::DRIVER_NUM, memory),
                steps!(kernel, mux),
                retry,
            )
        );
        driver.register();
        driver.set_over_budget(over_budget);
        retry.set_client(driver);
        (vault, driver)
    }
}

/// Makes driver 0x80000005 of the channels of meter.toml; none if their table is not
/// consistent, which its check in this crate rules out.
///
/// # Safety
/// It may be called once: the driver stands in a static.
pub unsafe fn channels(
    kernel: &'static Kernel,
    mux: &'static Mux,
    memory: &dyn MemoryAllocationCapability,
) -> Option<&'static Channels> {
    // SAFETY: the caller calls this once.
    unsafe {
        let retry = retry!(mux);
        let queues = static_init_const!(ChannelMemory, ChannelMemory::new());
        let grant = kernel.create_grant(channel::DRIVER_NUM, memory);
        // The table has passed the checks of `capsule_policy` when this was compiled.
        let channels = ChannelDriver::new(CHANNELS, queues, grant, retry).ok()?;
        let driver = static_init!(Channels, channels);
        retry.set_client(driver);
        Some(driver)
    }
}

/// Storage on the external flash, which opens once the memory has told its name.
///
/// # Safety
/// Once.
pub unsafe fn storage(
    kernel: &'static Kernel,
    peripherals: &'static Peripherals,
    mux: &'static Mux,
    root: &Root,
    generator: &'static Generator,
    memory: &dyn MemoryAllocationCapability,
) -> Option<&'static Storage> {
    type Records = Store<'static, Memory, Generator>;
    // SAFETY: the caller calls this once.
    unsafe {
        let alarm = static_init!(VirtualAlarm, VirtualMuxAlarm::new(mux));
        alarm.setup();
        let qspi = static_init!(Memory, Qspi::new(base::QSPI, alarm));
        alarm.set_alarm_client(qspi);
        peripherals.qspi.set(qspi);
        let records = static_init_const!(StorageMemory, StorageMemory::new());
        // The table has passed the checks of meter.toml when this was compiled.
        let store = Store::new(
            PARTITIONS,
            EXTERNAL_NOR_SIZE,
            records,
            root,
            qspi,
            generator,
        );
        let store = static_init!(Records, store.ok()?);
        SectorFlash::set_client(qspi, store);
        let grant = kernel.create_grant(storage::DRIVER_NUM, memory);
        let retry = retry!(mux);
        let driver = static_init!(Storage, StorageDriver::new(store, grant, retry));
        store.set_client(driver);
        retry.set_client(driver);
        let pins = EXTERNAL_FLASH;
        for pin in [pins.sck, pins.csn].into_iter().chain(pins.io) {
            peripherals.common.pins[pin].set_high_drive();
        }
        qspi.initialize(pins);
        // A memory that is not there leaves the storage off.
        let _ = qspi.identify();
        Some(driver)
    }
}

fn over_budget(app: u32, object: u16) {
    if DEBUG_RTT {
        debug!("app {}: budget of object {:#x} is used up", app, object);
    }
}
