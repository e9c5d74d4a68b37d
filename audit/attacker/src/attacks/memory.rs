//! Loads and stores where none are allowed. Each must fault at once.

use super::{place, Own, MARK};
use crate::machine::{load, load_multiple, store, store_byte, store_multiple};
use crate::target::Verdict;

fn read(address: u32) -> Verdict {
    Verdict::Breach("read", load(address))
}

fn write(address: u32) -> Verdict {
    store(address, MARK);
    Verdict::Breach("wrote", address)
}

fn write_byte(address: u32) -> Verdict {
    store_byte(address, MARK);
    Verdict::Breach("wrote byte", address)
}

/// Writes what an attacker would write there.
fn write_value(address: u32, value: u32) -> Verdict {
    store(address, value);
    Verdict::Breach("wrote", address)
}

macro_rules! at_address {
    ($($name:ident: $access:ident $address:expr;)*) => {
        $(
            #[doc = concat!("`", stringify!($access), "` at ", stringify!($address), " or at the argument.")]
            pub fn $name(argument: u32) -> Verdict {
                $access(if argument == 0 { $address } else { argument })
            }
        )*
    };
}

macro_rules! with_value {
    ($($name:ident: $address:literal $value:literal;)*) => {
        $(
            #[doc = concat!("Writes ", stringify!($value), " to ", stringify!($address), ".")]
            pub fn $name(_: u32) -> Verdict {
                write_value($address, $value)
            }
        )*
    };
}

at_address! {
    kernel_ram_read: read place::KERNEL_RAM;
    kernel_ram_write: write place::KERNEL_RAM;
    kernel_stack_write: write place::KERNEL_STACK;
    kernel_flash_read: read place::KERNEL_FLASH;
    kernel_flash_write: write place::KERNEL_FLASH;
    crash_log_read: read place::CRASH_LOG;
    crash_log_write: write place::CRASH_LOG;
    vector_table_read: read place::VECTOR_TABLE;
    vector_table_write: write place::VECTOR_TABLE;
    device_secret_read: read place::DEVICE_SECRET;
    key_store_read: read place::KEY_STORE;
    key_store_write: write place::KEY_STORE;
    anchor_read: read place::ANCHOR;
    anchor_write: write place::ANCHOR;
    energy_store_read: read place::ENERGY_STORE;
    energy_store_write: write place::ENERGY_STORE;
    other_ram_read: read place::METERING_RAM;
    other_ram_write: write place::METERING_RAM;
    other_ram_byte_write: write_byte place::METERING_RAM;
    other_flash_read: read place::METERING_FLASH;
    other_flash_write: write place::METERING_FLASH;
    own_grant_read: read Own::find().grant_start;
    own_grant_write: write Own::find().grant_start;
    own_block_end_read: read Own::find().ram_end - 4;
    own_block_end_write: write Own::find().ram_end - 4;
    own_flash_write: write Own::find().flash_start;
    before_ram_read: read Own::find().ram_start - 4;
    after_ram_read: read Own::find().ram_end;
    after_flash_read: read Own::find().flash_end;
    own_footer_read: read Own::find().binary_end();
    // The alias of the first word of RAM.
    bit_band_ram_write: write 0x2200_0000;
    // The alias of P0's OUT register would lie outside; TIMER0's is inside.
    bit_band_peripheral_write: write 0x4210_0000;
    code_ram_alias_read: read 0x0080_0000;
    external_flash_read: read 0x1200_0000;
    gpio_read: read 0x5000_0510;
    reset_reason_read: read 0x4000_0400;
    saadc_read: read 0x4000_7400;
    rtc_read: read 0x4001_1504;
    rng_read: read 0x4000_D508;
    ficr_read: read 0x1000_00A4;
    uicr_read: read 0x1000_1208;
    uicr_write: write 0x1000_1080;
    mpu_read: read 0xE000_ED94;
    debug_read: read 0xE000_EDF0;
    cycle_counter_read: read 0xE000_1004;
}

with_value! {
    // Peripherals.
    gpio_write: 0x5000_0508 0xFFFF_FFFF;
    clock_write: 0x4000_0004 1;
    uarte_write: 0x4000_2500 0;
    qspi_write: 0x4002_9000 1;
    ecb_write: 0x4000_E000 1;
    saadc_write: 0x4000_7500 0;
    timer_write: 0x4000_9004 1;
    watchdog_write: 0x4001_0504 1;
    ppi_write: 0x4001_F508 0xFFFF_FFFF;
    nvmc_enable: 0x4001_E504 1;
    nvmc_erase: 0x4001_E508 0x0008_0000;
    acl_write: 0x4001_E808 0;
    // Private peripheral bus.
    mpu_disable: 0xE000_ED94 0;
    nvic_write: 0xE000_E180 0xFFFF_FFFF;
    vector_base_write: 0xE000_ED08 0x2002_8000;
    reset_request: 0xE000_ED0C 0x05FA_0004;
    systick_write: 0xE000_E010 0;
    software_interrupt: 0xE000_EF00 0;
    coprocessor_access_write: 0xE000_ED88 0x00F0_0000;
}

/// Loads four words of which the last two are not the attacker's.
pub fn load_multiple_over_ram_end(_: u32) -> Verdict {
    Verdict::Breach("read", load_multiple(Own::find().ram_end - 8))
}

/// Loads four words of which the first two are not the attacker's.
pub fn load_multiple_over_ram_start(_: u32) -> Verdict {
    Verdict::Breach("read", load_multiple(Own::find().ram_start - 8))
}

/// Stores four words of which the first two are not the attacker's.
pub fn store_multiple_over_ram_start(_: u32) -> Verdict {
    let address = Own::find().ram_start - 8;
    store_multiple(address);
    Verdict::Breach("wrote", address)
}
