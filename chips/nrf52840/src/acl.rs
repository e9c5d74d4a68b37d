//! ACL: locks flash regions against writing, erasing or reading until the next reset.

use crate::registers::acl::{AclRegisters, Permission, Region};
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::registers::FieldValue;
use kernel::utilities::StaticRef;
use kernel::ErrorCode;

/// Regions that can be locked.
pub const REGIONS: usize = 8;

const PAGE: u32 = 4096;
const LARGEST: u32 = 512 * 1024;

/// What a locked region refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Writing and erasing.
    Write,
    /// Reading, fetching from it, writing and erasing: for secrets that are of no
    /// more use before the next reset.
    ReadWrite,
}

/// The flash access control.
pub struct Acl {
    registers: StaticRef<AclRegisters>,
}

impl Acl {
    /// Makes the driver of these registers. It locks nothing yet.
    pub const fn new(registers: StaticRef<AclRegisters>) -> Self {
        Acl { registers }
    }

    /// Locks `size` bytes of flash at `start`, both multiples of 4096, at most 512 KB; larger
    /// ranges take several regions. There is no unlocking.
    ///
    /// # Errors
    /// Fails with `INVAL` if the range is none of that, with `NOMEM` if all regions are in
    /// use, and with `FAIL` if the lock did not take.
    pub fn lock(&self, start: u32, size: u32, lock: Lock) -> Result<(), ErrorCode> {
        if !start.is_multiple_of(PAGE) || !size.is_multiple_of(PAGE) || size == 0 || size > LARGEST
        {
            return Err(ErrorCode::INVAL);
        }
        let region = self
            .registers
            .acl
            .iter()
            .find(|region| region.size.get() == 0)
            .ok_or(ErrorCode::NOMEM)?;
        let permission = match lock {
            Lock::Write => Permission::WRITE::Block,
            Lock::ReadWrite => Permission::WRITE::Block + Permission::READ::Block,
        };
        // Each register takes one write per reset; the region starts to act when all
        // three are written.
        region.addr.set(start);
        region.perm.write(permission);
        region.size.set(size);
        took(region, start, size, permission)
            .then_some(())
            .ok_or(ErrorCode::FAIL)
    }
}

/// Whether all three registers hold what was written: a lock of which one store was lost locks
/// nothing.
fn took(
    region: &Region,
    start: u32,
    size: u32,
    permission: FieldValue<u32, Permission::Register>,
) -> bool {
    (region.addr.get(), region.size.get(), region.perm.get()) == (start, size, permission.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fake_registers;

    #[test]
    fn regions_are_taken_in_turn_and_run_out() {
        let registers: StaticRef<AclRegisters> = fake_registers();
        let acl = Acl::new(registers);
        acl.lock(0x1_0000, 0x3_0000, Lock::Write).unwrap();
        acl.lock(0xF000, 0x1000, Lock::ReadWrite).unwrap();
        assert_eq!(registers.acl[0].perm.get(), 0b010);
        assert_eq!(registers.acl[1].perm.get(), 0b110);
        assert_eq!(registers.acl[1].addr.get(), 0xF000);
        for page in 0..6 {
            acl.lock(0x8_0000 + page * 0x1000, 0x1000, Lock::Write)
                .unwrap();
        }
        assert_eq!(acl.lock(0, 0x1000, Lock::Write), Err(ErrorCode::NOMEM));
    }

    #[test]
    fn a_lock_of_which_one_store_was_lost_is_noticed() {
        let registers: StaticRef<AclRegisters> = fake_registers();
        let region = &registers.acl[0];
        let lost: [fn(&Region); 3] = [
            |region| region.addr.set(0),
            |region| region.size.set(0),
            |region| region.perm.set(0),
        ];
        let permission = Permission::WRITE::Block + Permission::READ::Block;
        for lose in lost {
            region.addr.set(0xF000);
            region.size.set(0x1000);
            region.perm.write(permission);
            assert!(took(region, 0xF000, 0x1000, permission));
            lose(region);
            assert!(!took(region, 0xF000, 0x1000, permission));
        }
        // A lock against writing alone is none against reading.
        region.addr.set(0xF000);
        region.size.set(0x1000);
        region.perm.write(Permission::WRITE::Block);
        assert!(!took(region, 0xF000, 0x1000, permission));
    }

    #[test]
    fn ranges_that_the_part_cannot_lock_are_refused() {
        let acl = Acl::new(fake_registers());
        assert_eq!(acl.lock(0x800, 0x1000, Lock::Write), Err(ErrorCode::INVAL));
        assert_eq!(acl.lock(0, 0x800, Lock::Write), Err(ErrorCode::INVAL));
        assert_eq!(acl.lock(0, 0, Lock::Write), Err(ErrorCode::INVAL));
        assert_eq!(
            acl.lock(0, LARGEST + PAGE, Lock::Write),
            Err(ErrorCode::INVAL)
        );
    }
}
