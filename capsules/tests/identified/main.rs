//! The drivers that tell apps apart by verified identity, as those apps see them.

#[path = "../drivers/bench.rs"]
mod bench;
#[path = "../drivers/flash.rs"]
mod flash;
#[path = "../../../kernel/tests/rig/mod.rs"]
mod rig;

mod channel;
mod identity;
mod key_store;
mod loading;
mod storage;
