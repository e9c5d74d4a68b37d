//! What a run counts.

use crate::bus::map::PAGE_COUNT;
use serde::{Deserialize, Serialize};

/// Counters of one machine since it was made, over all resets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Statistics {
    /// Cycles in which the CPU slept.
    pub idle_cycles: u64,
    /// Cycles in which the CPU stood still for the flash.
    pub stalled_cycles: u64,
    /// Flash words written (UICR included).
    pub flash_writes: u64,
    /// Flash pages erased (whole erases, and partial ones that completed).
    pub flash_erases: u64,
    /// Parts of partial erases.
    pub flash_erase_parts: u64,
    /// Erases of each flash page.
    pub page_erases: Vec<u32>,
    /// Word writes of each flash page.
    pub page_writes: Vec<u32>,
    /// Words written more often than twice between erases.
    pub overwritten_words: u64,
    /// 4 KB sectors of the external flash erased.
    pub nor_erases: u64,
    /// Bytes programmed into the external flash.
    pub nor_bytes_programmed: u64,
    /// Results that the SAADC stored.
    pub samples: u64,
    /// Results lost: converted with no buffer left.
    pub samples_lost: u64,
    /// Results overwritten: the SAADC was restarted by PPI into a buffer that
    /// firmware had not replaced.
    pub samples_overwritten: u64,
    /// SAMPLE tasks that came while a scan was still going on.
    pub sample_tasks_ignored: u64,
    /// Times each interrupt line rose.
    pub interrupts: Vec<u64>,
    /// Times the power-fail comparator warned.
    pub supply_warnings: u64,
    /// Resets of each kind: power, pin, watchdog, software, lock-up.
    pub resets: [u64; 5],
}

impl Default for Statistics {
    fn default() -> Self {
        Statistics {
            idle_cycles: 0,
            stalled_cycles: 0,
            flash_writes: 0,
            flash_erases: 0,
            flash_erase_parts: 0,
            page_erases: vec![0; PAGE_COUNT],
            page_writes: vec![0; PAGE_COUNT],
            overwritten_words: 0,
            nor_erases: 0,
            nor_bytes_programmed: 0,
            samples: 0,
            samples_lost: 0,
            samples_overwritten: 0,
            sample_tasks_ignored: 0,
            supply_warnings: 0,
            interrupts: vec![0; usize::from(crate::bus::lines::LINE_COUNT)],
            resets: [0; 5],
        }
    }
}

impl Statistics {
    /// Flash operations that a power cut may be placed at: word writes,
    /// whole erases and parts of partial ones.
    pub fn flash_operations(&self, whole_erases: u64) -> u64 {
        self.flash_writes + whole_erases + self.flash_erase_parts
    }

    /// Resets because the core locked up.
    pub fn lockups(&self) -> u64 {
        let [.., lockups] = self.resets;
        lockups
    }
}
