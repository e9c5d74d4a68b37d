//! ACL: regions of flash that stay locked until the next reset.

use crate::bus::map::{FLASH_SIZE, PAGE_SIZE};
use serde::{Deserialize, Serialize};

const REGIONS: usize = 8;
const FORBID_WRITE: u32 = 1 << 1;
const FORBID_READ: u32 = 1 << 2;

/// One region; each register takes its first write only.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Region {
    address: Option<u32>,
    size: Option<u32>,
    permission: Option<u32>,
}

impl Region {
    fn covers(&self, address: u32, forbidden: u32) -> bool {
        let (Some(start), Some(size), Some(permission)) =
            (self.address, self.size, self.permission)
        else {
            return false;
        };
        start % PAGE_SIZE == 0
            && permission & forbidden != 0
            && address >= start
            && address - start < size
    }
}

/// The access control lists.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Acl {
    regions: [Region; REGIONS],
}

impl Acl {
    /// Makes the peripheral in the state that it has after a reset: nothing is
    /// locked.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether a write or erase at `address` is forbidden.
    pub fn refuses_write(&self, address: u32) -> bool {
        self.refuses(address, FORBID_WRITE)
    }

    /// Returns whether a read at `address` is forbidden.
    pub fn refuses_read(&self, address: u32) -> bool {
        self.refuses(address, FORBID_READ)
    }

    fn refuses(&self, address: u32, what: u32) -> bool {
        self.regions
            .iter()
            .any(|region| region.covers(address, what))
    }

    /// The pages of flash that must not be read, for the bus to watch.
    pub fn unreadable_pages(&self) -> Vec<u32> {
        (0..FLASH_SIZE)
            .step_by(PAGE_SIZE as usize)
            .filter(|page| self.refuses_read(*page))
            .collect()
    }

    /// A read of a register, or none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        let region = self
            .regions
            .get((offset.checked_sub(0x800)? / 16) as usize)?;
        match offset & 0xF {
            0x0 => Some(region.address.unwrap_or(0)),
            0x4 => Some(region.size.unwrap_or(0)),
            0x8 => Some(region.permission.unwrap_or(0)),
            _ => None,
        }
    }

    /// A write of a register; false if there is none.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        let Some(region) = offset
            .checked_sub(0x800)
            .and_then(|offset| self.regions.get_mut((offset / 16) as usize))
        else {
            return false;
        };
        let register = match offset & 0xF {
            0x0 => &mut region.address,
            0x4 => &mut region.size,
            0x8 => &mut region.permission,
            _ => return false,
        };
        register.get_or_insert(value);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_locks_once_complete_and_stays_so() {
        let mut acl = Acl::new();
        acl.write(0x800, 0x1000);
        acl.write(0x804, 0x2000);
        assert!(!acl.refuses_write(0x1000));
        acl.write(0x808, FORBID_WRITE);
        assert!(acl.refuses_write(0x2FFC));
        assert!(!acl.refuses_write(0x3000));
        assert!(!acl.refuses_read(0x1000));
        acl.write(0x808, 0);
        acl.write(0x804, 0);
        assert!(acl.refuses_write(0x1000), "written once only");
    }
}
