//! What a core that does not run now must be told when it is taken up again:
//! which code has changed, and which accesses the bus must see.

use super::map::{FICR_BASE, FLASH_SIZE, PAGE_COUNT, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE};
use rigless::emulator::Queued;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Kept for the cores that do not run now.
#[derive(Debug)]
pub(crate) struct AbsentCores {
    /// Changes of flash so far.
    changes: u64,
    /// The number of the last change of each page of flash.
    changed: Box<[u64; PAGE_COUNT]>,
    /// The core's pages whose data accesses go to the bus.
    routed: Arc<BTreeSet<u64>>,
}

/// What a core knew when it was left.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    changes: u64,
    routed: Arc<BTreeSet<u64>>,
}

impl Default for AbsentCores {
    fn default() -> Self {
        AbsentCores {
            changes: 0,
            changed: Box::new([0; PAGE_COUNT]),
            routed: Arc::default(),
        }
    }
}

impl AbsentCores {
    /// Bytes of a memory have changed. Only flash is remembered: the core
    /// itself stores to RAM, so every core forgets what it knew of that.
    pub fn changed(&mut self, address: u32, length: u32) {
        let end = address.saturating_add(length).min(FLASH_SIZE);
        if address >= end {
            return;
        }
        self.changes += 1;
        let pages = (address / PAGE_SIZE) as usize..end.div_ceil(PAGE_SIZE) as usize;
        self.changed[pages].fill(self.changes);
    }

    /// The bus wants to see the data accesses to the core's page at
    /// `address`, or no longer.
    pub fn route(&mut self, address: u64, routed: bool) {
        let pages = Arc::make_mut(&mut self.routed);
        if routed {
            pages.insert(address);
        } else {
            pages.remove(&address);
        }
    }

    /// The core's pages whose data accesses go to the bus.
    pub fn routed(&self) -> Vec<u64> {
        self.routed.iter().copied().collect()
    }

    /// What the core that has been told everything knows.
    pub fn knowledge(&self) -> Knowledge {
        Knowledge {
            changes: self.changes,
            routed: self.routed.clone(),
        }
    }

    /// What a core must be told that knew only this much.
    pub fn news(&self, known: &Knowledge) -> Vec<Queued> {
        let invalidate = |start: u32, length: u32| {
            Queued::Invalidate(u64::from(start), u64::from(start) + u64::from(length))
        };
        let mut news = vec![
            invalidate(RAM_BASE, RAM_SIZE),
            invalidate(FICR_BASE, UICR_BASE + PAGE_SIZE - FICR_BASE),
        ];
        if self.changes != known.changes {
            let pages = self.changed.iter().zip(0..);
            news.extend(
                pages
                    .filter(|(change, _)| **change > known.changes)
                    .map(|(_, page)| invalidate(page * PAGE_SIZE, PAGE_SIZE)),
            );
        }
        if self.routed != known.routed {
            let more = self.routed.difference(&known.routed);
            let less = known.routed.difference(&self.routed);
            news.extend(more.map(|page| Queued::Route(*page)));
            news.extend(less.map(|page| Queued::Unroute(*page)));
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RAM and the information pages, which every core is told of.
    const ALWAYS: usize = 2;

    #[test]
    fn only_pages_changed_since_are_news() {
        let mut absent = AbsentCores::default();
        absent.changed(0x1000, 4);
        let known = absent.knowledge();
        assert_eq!(absent.news(&known).len(), ALWAYS);
        absent.changed(0x2FFC, 8);
        absent.changed(FLASH_SIZE - 4, 4);
        absent.changed(RAM_BASE, 16);
        absent.changed(UICR_BASE, 16);
        let news = absent.news(&known);
        let pages: Vec<u64> = news[ALWAYS..]
            .iter()
            .map(|queued| match queued {
                Queued::Invalidate(start, end) if end - start == 4096 => *start,
                _ => panic!("not a page"),
            })
            .collect();
        assert_eq!(pages, [0x2000, 0x3000, 0xF_F000]);
        assert_eq!(absent.news(&absent.knowledge()).len(), ALWAYS);
    }

    #[test]
    fn a_core_is_told_what_the_bus_must_see() {
        let mut absent = AbsentCores::default();
        absent.route(0x400, true);
        let known = absent.knowledge();
        absent.route(0x400, false);
        absent.route(0x800, true);
        let news = absent.news(&known);
        let (more, less) = (&news[ALWAYS], &news[ALWAYS + 1]);
        assert!(matches!(more, Queued::Route(0x800)));
        assert!(matches!(less, Queued::Unroute(0x400)));
    }
}
