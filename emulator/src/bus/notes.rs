//! What firmware touched that the model does not have, each kept once.

use crate::time::Cycles;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened, and when first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The cycle of the first time.
    pub first: Cycles,
    /// How often.
    pub count: u64,
    /// The first time it was a write.
    pub write: bool,
    /// The value written first.
    pub value: u32,
}

/// The most different notes of one kind that are kept.
const MOST: usize = 1024;

/// All notes of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    /// Registers without a model, by address: they read as zero.
    pub unmodelled: BTreeMap<u32, Note>,
    /// Addresses that the part does not have: a bus fault.
    pub absent: BTreeMap<u32, Note>,
    /// EasyDMA pointers outside RAM.
    pub dma_outside_ram: BTreeMap<u32, Note>,
    /// Flash writes or erases refused: not enabled, or locked by the ACL.
    pub refused_flash: BTreeMap<u32, Note>,
    /// Words written more than twice between erases.
    pub overwritten_words: BTreeMap<u32, Note>,
}

impl Notes {
    /// Notes an access to a register without a model.
    pub fn unmodelled(&mut self, address: u32, write: Option<u32>, now: Cycles) {
        Self::add(&mut self.unmodelled, address, write, now);
    }

    /// An address that the part does not have.
    pub fn absent(&mut self, address: u32, write: Option<u32>, now: Cycles) {
        Self::add(&mut self.absent, address, write, now);
    }

    /// Notes that EasyDMA reached outside RAM.
    pub fn dma_outside_ram(&mut self, address: u32, now: Cycles) {
        Self::add(&mut self.dma_outside_ram, address, None, now);
    }

    /// Notes that a flash operation was refused.
    pub fn refused_flash(&mut self, address: u32, value: u32, now: Cycles) {
        Self::add(&mut self.refused_flash, address, Some(value), now);
    }

    /// Notes that a word of flash was written once too often.
    pub fn overwritten_word(&mut self, address: u32, value: u32, now: Cycles) {
        Self::add(&mut self.overwritten_words, address, Some(value), now);
    }

    fn add(notes: &mut BTreeMap<u32, Note>, address: u32, write: Option<u32>, now: Cycles) {
        if let Some(note) = notes.get_mut(&address) {
            note.count += 1;
        } else if notes.len() < MOST {
            notes.insert(
                address,
                Note {
                    first: now,
                    count: 1,
                    write: write.is_some(),
                    value: write.unwrap_or(0),
                },
            );
        }
    }
}
