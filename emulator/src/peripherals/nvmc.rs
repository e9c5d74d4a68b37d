//! NVMC: writing and erasing flash, with the time it takes and its limits.
//!
//! The CPU stands still meanwhile if it runs from flash; EasyDMA, timers and
//! serial lines go on. Bits only clear; an erase sets a page's bits.

use super::acl::Acl;
use crate::bus::context::Context;
use crate::bus::map::{FICR_BASE, FLASH_SIZE, PAGE_COUNT, PAGE_SIZE, UICR_BASE};
use crate::bus::wakes::Source;
use crate::time::{Cycles, MICROSECOND, MILLISECOND};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Time to write a word.
pub const WRITE_TIME: Cycles = 41 * MICROSECOND;
/// Time to erase a page, also the sum of partial erases that it needs.
pub const ERASE_TIME: Cycles = 85 * MILLISECOND;
/// Time to erase everything.
const ERASE_ALL_TIME: Cycles = 169 * MILLISECOND;
/// Times a word may be written between erases.
pub const WRITES_PER_WORD: u8 = 2;

const WORDS_PER_PAGE: u32 = PAGE_SIZE / 4;
const WRITE_ENABLED: u32 = 1;
const ERASE_ENABLED: u32 = 2;
/// Words of flash, then those of the UICR page.
const WORD_COUNT: usize = (FLASH_SIZE / 4 + WORDS_PER_PAGE) as usize;

/// A flash access that ends in a bus fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The NVMC and the state of the flash that is no byte of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nvmc {
    configuration: u32,
    partial_milliseconds: u32,
    cache: u32,
    busy_until: Cycles,
    /// Writes of each word since it was erased.
    writes: Vec<u8>,
    /// Milliseconds of partial erases of pages that are not done.
    partial: BTreeMap<u32, u32>,
    /// Operations since the machine was made.
    pub operations: u64,
    /// Whole erases among them.
    pub whole_erases: u64,
    /// The operation (counted from 1) at which the power fails.
    pub cut_at: Option<u64>,
    /// When the supply is gone.
    pub lost_at: Option<Cycles>,
    /// The power failed in an operation.
    pub power_failed: bool,
    /// The power-fail comparator sees a low supply and lets nothing be written.
    pub blocked: bool,
}

impl Nvmc {
    /// A controller of flash that was just erased and programmed once.
    pub fn new() -> Self {
        Nvmc {
            configuration: 0,
            partial_milliseconds: 10,
            cache: 0,
            busy_until: 0,
            writes: vec![0; WORD_COUNT],
            partial: BTreeMap::new(),
            operations: 0,
            whole_erases: 0,
            cut_at: None,
            lost_at: None,
            power_failed: false,
            blocked: false,
        }
    }

    /// Returns whether an operation is going on.
    pub fn busy(&self, now: Cycles) -> bool {
        now < self.busy_until
    }

    /// Begins an operation: counts it, takes its time; true if the power
    /// fails in it.
    fn begin(&mut self, time: Cycles, context: &mut Context) -> bool {
        self.operations += 1;
        let start = context.now.max(self.busy_until);
        let cut = self.cut_at == Some(self.operations);
        let lost = self.lost_at.filter(|at| *at < start + time);
        let fails = cut || lost.is_some();
        self.power_failed |= fails;
        let end = match lost {
            _ if cut => start + context.chance.below(time),
            Some(lost) => lost.max(start),
            None => start + time,
        };
        self.busy_until = end;
        context.stall_until = end;
        context.wakes.set(Source::Nvmc, end);
        fails
    }

    /// A store by the CPU of `bytes` bytes to flash or UICR.
    pub fn store(
        &mut self,
        address: u32,
        value: u32,
        bytes: u32,
        acl: &Acl,
        context: &mut Context,
    ) -> Result<(), Refused> {
        let enabled = self.configuration & 3 == WRITE_ENABLED;
        if !enabled || bytes != 4 || !address.is_multiple_of(4) || acl.refuses_write(address) {
            context.notes.refused_flash(address, value, context.now);
            return Err(Refused);
        }
        if self.blocked {
            context.notes.refused_flash(address, value, context.now);
            return Ok(());
        }
        let (memory, offset, index) = if address < FLASH_SIZE {
            (&mut context.memories.flash, address, address / 4)
        } else {
            let offset = address - UICR_BASE;
            (
                &mut context.memories.uicr,
                offset,
                (FLASH_SIZE + offset) / 4,
            )
        };
        let old = memory.word(offset as usize).ok_or(Refused)?;
        let writes = &mut self.writes[index as usize];
        *writes = writes.saturating_add(1);
        if *writes > WRITES_PER_WORD {
            context.statistics.overwritten_words += 1;
            context.notes.overwritten_word(address, value, context.now);
        }
        context.statistics.flash_writes += 1;
        if let Some(count) = context
            .statistics
            .page_writes
            .get_mut((address / PAGE_SIZE) as usize)
        {
            *count += 1;
        }
        let new = if self.begin(WRITE_TIME, context) {
            // Torn: some of the bits that had to clear did not.
            let progress = context.chance.word() as u8;
            old & (value | !context.chance.bits(progress))
        } else {
            old & value
        };
        if new != old {
            self.set_word(address, new, context);
        }
        Ok(())
    }

    fn set_word(&mut self, address: u32, value: u32, context: &mut Context) {
        if address < FLASH_SIZE {
            context.memories.flash.set_word(address as usize, value);
        } else {
            let offset = (address - UICR_BASE) as usize;
            context.memories.uicr.set_word(offset, value);
        }
        context.invalidate(address, 4);
    }

    /// Erases the page at `address` of flash, or the UICR page.
    fn erase(&mut self, address: u32, whole: bool, context: &mut Context) {
        let torn = whole && self.begin(ERASE_TIME, context);
        if whole {
            self.whole_erases += 1;
        }
        if torn {
            self.disturb(address, context);
            return;
        }
        self.complete_erase(address, context);
    }

    fn complete_erase(&mut self, address: u32, context: &mut Context) {
        let page = (address / PAGE_SIZE) as usize;
        context.statistics.flash_erases += 1;
        let index = if address < FLASH_SIZE {
            context.statistics.page_erases[page] += 1;
            context
                .memories
                .flash
                .fill(address as usize, PAGE_SIZE as usize, 0xFF);
            self.partial.remove(&address);
            address / 4
        } else {
            context.memories.uicr.fill(0, PAGE_SIZE as usize, 0xFF);
            FLASH_SIZE / 4
        } as usize;
        self.writes[index..index + WORDS_PER_PAGE as usize].fill(0);
        context.invalidate(address, PAGE_SIZE);
    }

    /// An erase that did not finish: some of the cleared bits are set.
    fn disturb(&mut self, address: u32, context: &mut Context) {
        let progress = context.chance.word() as u8;
        for offset in (0..PAGE_SIZE).step_by(4) {
            let at = address + offset;
            let old = if address < FLASH_SIZE {
                context.memories.flash.word(at as usize)
            } else {
                context.memories.uicr.word(offset as usize)
            };
            let new = old.unwrap_or(0) | context.chance.bits(progress);
            if Some(new) != old {
                self.set_word(at, new, context);
            }
        }
    }

    fn erase_part(&mut self, address: u32, context: &mut Context) {
        let milliseconds = self.partial_milliseconds;
        context.statistics.flash_erase_parts += 1;
        let torn = self.begin(u64::from(milliseconds) * MILLISECOND, context);
        let sum = self.partial.entry(address).or_insert(0);
        *sum += milliseconds;
        let done = u64::from(*sum) * MILLISECOND >= ERASE_TIME;
        if done && !torn {
            self.complete_erase(address, context);
        } else {
            self.disturb(address, context);
        }
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32, context: &Context) -> Option<u32> {
        Some(match offset {
            0x400 | 0x408 => u32::from(!self.busy(context.now)),
            0x504 => self.configuration,
            0x508 | 0x50C | 0x510 | 0x514 | 0x518 => 0,
            0x51C => self.partial_milliseconds,
            0x540 => self.cache,
            // Hit and miss counters stay at zero: there is no cache model.
            0x548 | 0x54C => 0,
            _ => return None,
        })
    }

    /// A write of a register: whether there is one, or a fault.
    pub fn write(
        &mut self,
        offset: u32,
        value: u32,
        acl: &Acl,
        context: &mut Context,
    ) -> Result<bool, Refused> {
        if self.blocked && matches!(offset, 0x508..=0x518) {
            context.notes.refused_flash(value, offset, context.now);
            return Ok(true);
        }
        match offset {
            0x504 => self.configuration = value & 3,
            0x508 | 0x510 | 0x518 => {
                let address = value & !(PAGE_SIZE - 1);
                self.check_erase(address, acl, context)?;
                if offset == 0x518 {
                    self.erase_part(address, context);
                } else {
                    self.erase(address, true, context);
                }
            }
            0x50C if value & 1 != 0 => {
                self.check_erase(0, acl, context)?;
                self.whole_erases += 1;
                if self.begin(ERASE_ALL_TIME, context) {
                    (0..PAGE_COUNT as u32).for_each(|page| self.disturb(page * PAGE_SIZE, context));
                } else {
                    (0..PAGE_COUNT as u32)
                        .for_each(|page| self.erase(page * PAGE_SIZE, false, context));
                    self.erase(UICR_BASE, false, context);
                }
            }
            0x514 if value & 1 != 0 => {
                self.check_erase(0, &Acl::new(), context)?;
                self.erase(UICR_BASE, true, context);
            }
            0x50C | 0x514 => {}
            0x51C => self.partial_milliseconds = (value & 0x7F).max(1),
            0x540 => self.cache = value & 0x101,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check_erase(&self, address: u32, acl: &Acl, context: &mut Context) -> Result<(), Refused> {
        let enabled = self.configuration & 3 == ERASE_ENABLED;
        if !enabled || address >= FLASH_SIZE || acl.refuses_write(address) {
            context.notes.refused_flash(address, 0, context.now);
            return Err(Refused);
        }
        Ok(())
    }

    /// Back to the state after reset; what the flash holds stays.
    pub fn reset(&mut self, context: &mut Context) {
        self.configuration = 0;
        self.partial_milliseconds = 10;
        self.cache = 0;
        self.busy_until = 0;
        context.stall_until = 0;
        context.wakes.cancel(Source::Nvmc);
    }
}

impl Default for Nvmc {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns whether an address belongs to flash that the NVMC writes.
pub fn is_flash(address: u32) -> bool {
    address < FLASH_SIZE || (UICR_BASE..UICR_BASE + PAGE_SIZE).contains(&address)
}

const _: () = assert!(FICR_BASE + PAGE_SIZE == UICR_BASE);
