//! Watchpoints: the core stops before a data access. What is watched, by them or by a
//! trace, goes to the bus instead of straight to memory.

use super::stops::Watched;
use super::Machine;
use crate::bus::map::{
    CODE_RAM_BASE, FICR_BASE, FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE, UICR_BASE,
};
use rigless::emulator::{Access, AccessKind};
use std::collections::BTreeSet;

/// Pages of the core, the grain at which accesses are watched.
const CORE_PAGE: u32 = 1024;

/// A range of addresses before whose accesses the core stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watch {
    /// The first address.
    pub start: u32,
    /// Bytes from it on.
    pub length: u32,
    /// Which accesses.
    pub watched: Watched,
}

impl Watch {
    fn end(&self) -> u32 {
        self.start.saturating_add(self.length)
    }

    fn stops(&self, write: bool, address: u32, bytes: u32) -> bool {
        let kind = match self.watched {
            Watched::Writes => write,
            Watched::Reads => !write,
            Watched::Both => true,
        };
        kind && address < self.end() && address.saturating_add(bytes) > self.start
    }
}

/// The watchpoints of a machine.
#[derive(Debug, Default)]
pub(crate) struct Watchpoints {
    set: BTreeSet<Watch>,
    /// What the core stopped before, and nobody asked for yet.
    hit: Option<(u32, Watched)>,
    /// The count of the instruction that stopped, which is let pass when it runs again.
    passing: Option<u64>,
}

impl Watchpoints {
    /// Returns whether the core stops before an access.
    pub fn stop_before(&mut self, access: &Access) -> bool {
        if self.set.is_empty() || self.passing == Some(access.instruction_count) {
            return false;
        }
        let (address, bytes) = (access.address as u32, access.width.bytes());
        let write = access.kind == AccessKind::Write;
        let Some(watch) = self
            .set
            .iter()
            .find(|watch| watch.stops(write, address, bytes))
        else {
            return false;
        };
        // The debugger knows its own addresses.
        self.hit = Some((address.max(watch.start), watch.watched));
        self.passing = Some(access.instruction_count);
        true
    }

    /// The address before whose access the core stopped, and what watches it.
    pub fn take_hit(&mut self) -> Option<(u32, Watched)> {
        self.hit.take()
    }
}

impl Machine {
    /// Stops runs before the core's data accesses in a range; the access happens when the
    /// run goes on. Slow in RAM and flash, as a trace is.
    pub fn add_watchpoint(&mut self, watch: Watch) {
        self.part.watchpoints.set.insert(watch);
        self.route_watched();
    }

    /// Takes a watchpoint away; false if there was none like it.
    pub fn remove_watchpoint(&mut self, watch: Watch) -> bool {
        let was_there = self.part.watchpoints.set.remove(&watch);
        if was_there {
            self.forget_pages(watch.start, watch.end());
        }
        was_there
    }

    /// The ranges that are watched.
    fn watched_ranges(&self) -> Vec<(u32, u32)> {
        let trace = self.part.trace.iter();
        let watches = self.part.watchpoints.set.iter();
        trace
            .map(|trace| (trace.start, trace.end))
            .chain(watches.map(|watch| (watch.start, watch.end())))
            .collect()
    }

    /// Sends all accesses that are watched to the bus, also after a reset has let the
    /// pages go that only the ACL had there.
    pub(super) fn route_watched(&mut self) {
        for (start, end) in self.watched_ranges() {
            for page in core_pages(start, end) {
                self.part.context.route(page, true);
            }
        }
    }

    /// A range is no longer watched: its pages go to the bus no more, unless something
    /// else watches them.
    pub(super) fn forget_pages(&mut self, start: u32, end: u32) {
        let forbidden = self.part.peripherals.acl.unreadable_pages();
        let watched: BTreeSet<u64> = self
            .watched_ranges()
            .into_iter()
            .flat_map(|(start, end)| core_pages(start, end))
            .collect();
        for page in core_pages(start, end) {
            let is_forbidden = forbidden.contains(&(page as u32 & !(PAGE_SIZE - 1)));
            if !is_forbidden && !watched.contains(&page) {
                self.part.context.route(page, false);
            }
        }
    }
}

/// The core's pages that a range touches; only plain memory is routed, the
/// rest goes to the bus anyway.
fn core_pages(start: u32, end: u32) -> impl Iterator<Item = u64> {
    let memory = move |range: (u32, u32)| {
        let (low, high) = (start.max(range.0), end.min(range.1));
        (low & !(CORE_PAGE - 1)..high.max(low & !(CORE_PAGE - 1))).step_by(CORE_PAGE as usize)
    };
    [
        (0, FLASH_SIZE),
        (RAM_BASE, RAM_BASE + RAM_SIZE),
        (CODE_RAM_BASE, CODE_RAM_BASE + RAM_SIZE),
        (FICR_BASE, UICR_BASE + PAGE_SIZE),
    ]
    .into_iter()
    .flat_map(memory)
    .map(u64::from)
}
