//! The drivers that tell apps apart by verified identity, as those apps see them.

mod channel;
mod key_store;
mod numbers;
mod storage;
