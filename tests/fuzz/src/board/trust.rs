//! The external flash and the random numbers of the drivers that tell apps apart.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use capsules::entropy::RandomSource;
use capsules::sector_flash::{SectorFlash, SectorFlashClient, SECTOR_SIZE};
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

enum Job {
    Read(usize, &'static mut [u8], usize),
    Program(usize, &'static mut [u8], usize),
    Erase(usize),
}

/// Serial NOR flash that ends an operation when it is told to.
pub struct Nor<'a> {
    cells: RefCell<Vec<u8>>,
    job: Cell<Option<Job>>,
    client: OptionalCell<&'a dyn SectorFlashClient>,
}

impl<'a> Nor<'a> {
    /// A flash with this content.
    pub fn new(cells: Vec<u8>) -> Self {
        Nor {
            cells: RefCell::new(cells),
            job: Cell::new(None),
            client: OptionalCell::empty(),
        }
    }

    /// The content.
    pub fn cells(&self) -> Vec<u8> {
        self.cells.borrow().clone()
    }

    /// Ends the operation that runs. Whether one did.
    pub fn turn(&self) -> bool {
        let (Some(job), Some(client)) = (self.job.take(), self.client.get()) else {
            return false;
        };
        match job {
            Job::Read(address, buffer, length) => {
                buffer[..length].copy_from_slice(&self.cells.borrow()[address..][..length]);
                client.read_done(buffer, Ok(()));
            }
            Job::Program(address, buffer, length) => {
                for (place, byte) in (address..).zip(&buffer[..length]) {
                    self.cells.borrow_mut()[place] &= byte;
                }
                client.program_done(buffer, Ok(()));
            }
            Job::Erase(address) => {
                self.cells.borrow_mut()[address..][..SECTOR_SIZE as usize].fill(0xFF);
                client.erase_done(Ok(()));
            }
        }
        true
    }

    fn begin(&self, address: u32, length: usize, job: Job) {
        assert!(address.is_multiple_of(4) && length.is_multiple_of(4));
        assert!(address as usize + length <= self.cells.borrow().len());
        assert!(self.job.replace(Some(job)).is_none(), "two at once");
    }
}

impl<'a> SectorFlash<'a> for Nor<'a> {
    fn set_client(&self, client: &'a dyn SectorFlashClient) {
        self.client.set(client);
    }

    fn read(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        assert!(length <= buffer.len());
        let job = Job::Read(address as usize, buffer, length);
        self.begin(address, length, job);
        Ok(())
    }

    fn program(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        assert!(length <= buffer.len());
        let job = Job::Program(address as usize, buffer, length);
        self.begin(address, length, job);
        Ok(())
    }

    fn erase(&self, address: u32) -> Result<(), ErrorCode> {
        assert!(address.is_multiple_of(SECTOR_SIZE));
        let job = Job::Erase(address as usize);
        self.begin(address, SECTOR_SIZE as usize, job);
        Ok(())
    }
}

/// Random numbers that are the same in every run, and remembered.
pub struct Numbers {
    next: Cell<u64>,
    given: RefCell<BTreeSet<Vec<u8>>>,
}

impl Numbers {
    /// Starts at a point that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Numbers {
            next: Cell::new(seed),
            given: RefCell::default(),
        }
    }

    /// What was given that is as long as a key.
    pub fn keys(&self) -> Vec<Vec<u8>> {
        let given = self.given.borrow();
        let keys = given.iter().filter(|bytes| bytes.len() >= 16);
        keys.cloned().collect()
    }
}

impl RandomSource for Numbers {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode> {
        for byte in &mut *bytes {
            let next = self.next.get().wrapping_mul(0x5851_F42D_4C95_7F2D);
            self.next.set(next.wrapping_add(0x1405_7B7E_F767_814F));
            *byte = (next >> 56) as u8;
        }
        self.given.borrow_mut().insert(bytes.to_vec());
        Ok(())
    }
}
