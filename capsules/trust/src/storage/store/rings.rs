//! Memory of the storage: what is known of the ring of each partition, and the keys.

use super::super::layout::KEY_BYTES;

/// Memory of the storage: keys and rings of `PARTITIONS` partitions, and a buffer
/// of `BUFFER` = [`buffer_size`](crate::storage::buffer_size) bytes, at an address that is a multiple of four.
#[repr(C, align(4))]
pub struct Memory<const PARTITIONS: usize, const BUFFER: usize> {
    pub(super) buffer: [u8; BUFFER],
    pub(super) rings: [KeyedRing; PARTITIONS],
}

impl<const PARTITIONS: usize, const BUFFER: usize> Memory<PARTITIONS, BUFFER> {
    /// Makes memory for the rings of a table, without content.
    pub const fn new() -> Self {
        Memory {
            buffer: [0; BUFFER],
            rings: [const { KeyedRing::NEW }; PARTITIONS],
        }
    }
}

impl<const PARTITIONS: usize, const BUFFER: usize> Default for Memory<PARTITIONS, BUFFER> {
    fn default() -> Self {
        Self::new()
    }
}

/// A ring, and the key of its owner.
pub(super) struct KeyedRing {
    pub key: [u8; KEY_BYTES],
    pub ring: Ring,
}

impl KeyedRing {
    const NEW: KeyedRing = KeyedRing {
        key: [0; KEY_BYTES],
        ring: Ring::NEW,
    };
}

/// What is known of the ring of a partition.
#[derive(Clone, Copy)]
pub(super) struct Ring {
    pub condition: Condition,
    /// Sequence of the newest sector that has a header.
    pub newest: Option<u32>,
    /// The first record that was not overwritten.
    pub oldest: u32,
    /// The record that is appended next.
    pub next: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Not looked at, or being looked at.
    Unknown,
    Open,
    /// The flash failed while it was looked at.
    Broken,
}

impl Ring {
    const NEW: Ring = Ring {
        condition: Condition::Unknown,
        newest: None,
        oldest: 0,
        next: 0,
    };
}
