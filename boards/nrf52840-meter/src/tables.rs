//! What is generated from meter.toml: regions, apps, signers, and the tables of the capsules.

use capsules_system::apps::{App, Apps, Fault, Places};
use capsules_trust::app_signature::Signer;

include!(concat!(env!("OUT_DIR"), "/policy_tables.rs"));
include!(concat!(env!("OUT_DIR"), "/signer_table.rs"));

/// The apps of meter.toml.
pub const TABLE: Apps = Apps(&APPS);

/// Places in the kernel's table of processes: the slots of meter.toml and a few guests.
pub const PROCESSES: usize = 8;

/// Where the drivers and apps of meter.toml stand in the tables.
pub struct MeterPlaces;

impl Places for MeterPlaces {
    #[inline(always)]
    fn driver(number: u32) -> Option<usize> {
        driver_place(number)
    }

    #[inline(always)]
    fn app(short_id: u32) -> Option<usize> {
        app_place(short_id)
    }

    #[inline(always)]
    fn is_restricted(driver: u32) -> bool {
        is_restricted(driver)
    }
}

/// Keys, grants and transitions.
pub mod key_store {
    include!(concat!(env!("OUT_DIR"), "/key_store_table.rs"));
}

/// Channels.
pub mod channel {
    include!(concat!(env!("OUT_DIR"), "/channel_table.rs"));
}

/// Storage partitions.
pub mod storage {
    include!(concat!(env!("OUT_DIR"), "/storage_table.rs"));
}

const _: () = assert!(
    key_store::KEY_STORE.shares_fit(),
    "meter.toml has passed its checks, so all its session slots are there"
);

const _: () = assert!(
    capsules_trust::channel::is_consistent(channel::CHANNELS),
    "meter.toml has passed its checks, so its channels can be carried out"
);
