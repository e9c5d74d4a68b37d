//! meter.toml's tables for the capsules that decide by app: keys, channels, storage.

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
