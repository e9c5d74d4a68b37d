//! A NOR flash that can lose its power in any operation, after any bit, and then reads what it was writing as it likes.

use std::cell::{Cell, RefCell};

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

use meter_hil::sector_flash::{SectorFlash, SectorFlashClient, SECTOR_SIZE};

/// How bits that were being changed when power failed read afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// As they were before.
    Old,
    /// As they were to be.
    New,
    /// One or the other, anew at every read.
    Either,
}

/// An operation under way.
enum Job {
    Read {
        address: usize,
        buffer: &'static mut [u8],
        length: usize,
    },
    Program {
        address: usize,
        buffer: &'static mut [u8],
        length: usize,
    },
    Erase {
        address: usize,
    },
}

/// The flash.
pub struct MockFlash {
    /// What firm bits are, and what weak ones were before.
    pub cells: RefCell<Vec<u8>>,
    /// Bits that are weak.
    weak: RefCell<Vec<u8>>,
    pub weakness: Cell<Weak>,
    job: RefCell<Option<Job>>,
    /// Programs and erases since the last time this was set.
    pub changes: Cell<usize>,
    /// Power fails in the change of this number, after this part in 256.
    pub cut: Cell<Option<(usize, u8)>>,
    pub off: Cell<bool>,
    /// Programs of this sector do not take.
    pub bad_sector: Cell<Option<usize>>,
    random: Cell<u64>,
    client: OptionalCell<&'static dyn SectorFlashClient>,
}

impl MockFlash {
    /// Erased.
    pub fn new(sectors: usize) -> Self {
        let bytes = sectors * SECTOR_SIZE as usize;
        MockFlash {
            cells: RefCell::new(vec![0xFF; bytes]),
            weak: RefCell::new(vec![0; bytes]),
            weakness: Cell::new(Weak::Either),
            job: RefCell::new(None),
            changes: Cell::new(0),
            cut: Cell::new(None),
            off: Cell::new(false),
            bad_sector: Cell::new(None),
            random: Cell::new(0x9E37_79B9_7F4A_7C15),
            client: OptionalCell::empty(),
        }
    }

    /// The same cells after the power came back.
    pub fn powered_up(&self, weakness: Weak) -> Self {
        let flash = MockFlash::new(0);
        *flash.cells.borrow_mut() = self.cells.borrow().clone();
        *flash.weak.borrow_mut() = self.weak.borrow().clone();
        flash.weakness.set(weakness);
        flash.random.set(self.random() | 1);
        flash
    }

    fn random(&self) -> u64 {
        let mut state = self.random.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.random.set(state);
        state
    }

    /// Weak bits of a program were 1 and were to be 0; of an erase the other way
    /// round. `cells` has what they were.
    fn look(&self, place: usize) -> u8 {
        let cell = self.cells.borrow()[place];
        let weak = self.weak.borrow()[place];
        match self.weakness.get() {
            Weak::Old => cell,
            Weak::New => cell ^ weak,
            Weak::Either => cell ^ (weak & self.random() as u8),
        }
    }

    /// Whether this change is the one that power fails in; how far it gets.
    fn change(&self) -> Option<u8> {
        let number = self.changes.get();
        self.changes.set(number + 1);
        let (_, part) = self.cut.get().filter(|(cut, _)| *cut == number)?;
        self.off.set(true);
        Some(part)
    }

    fn program(&self, address: usize, data: &[u8]) {
        let bad = self.bad_sector.get() == Some(address / SECTOR_SIZE as usize);
        let cut = self.change();
        let whole = cut.map_or(data.len(), |part| data.len() * usize::from(part) / 256);
        // One byte more is half done, or with luck all of the page.
        let half = match cut {
            None => whole,
            Some(part) if part.is_multiple_of(2) => whole + 1,
            Some(_) => data.len(),
        };
        for (index, byte) in data.iter().enumerate().take(half.min(data.len())) {
            if bad {
                continue;
            }
            let mut cells = self.cells.borrow_mut();
            let mut weak = self.weak.borrow_mut();
            let (cell, weak) = (&mut cells[address + index], &mut weak[address + index]);
            if index < whole {
                *cell &= byte;
                *weak &= byte;
            } else {
                // Bits that are 0 already, and firm, stay so.
                *weak |= *cell & !byte;
            }
        }
    }

    fn erase(&self, address: usize) {
        let cut = self.change();
        let mut cells = self.cells.borrow_mut();
        let mut weak = self.weak.borrow_mut();
        for place in address..address + SECTOR_SIZE as usize {
            if cut.is_some() {
                weak[place] |= !cells[place];
            } else {
                cells[place] = 0xFF;
                weak[place] = 0;
            }
        }
        if cut.is_some() {
            // All cells of a sector are erased at once, and none is sure.
            weak[address..][..SECTOR_SIZE as usize].fill(0xFF);
        }
    }

    /// Does the operation under way, if there is one and power.
    pub fn turn(&self) -> bool {
        let Some(job) = self.job.take() else {
            return false;
        };
        let client = self.client.get().expect("a client");
        match job {
            Job::Read {
                address,
                buffer,
                length,
            } => {
                for (index, byte) in buffer[..length].iter_mut().enumerate() {
                    *byte = self.look(address + index);
                }
                client.read_done(buffer, Ok(()));
            }
            Job::Program {
                address,
                buffer,
                length,
            } => {
                self.program(address, &buffer[..length]);
                if self.off.get() {
                    return false;
                }
                client.program_done(buffer, Ok(()));
            }
            Job::Erase { address } => {
                self.erase(address);
                if self.off.get() {
                    return false;
                }
                client.erase_done(Ok(()));
            }
        }
        true
    }

    fn start(&self, job: Job) {
        assert!(self.job.replace(Some(job)).is_none(), "one at a time");
    }

    fn check(&self, address: u32, buffer: &[u8], length: usize) {
        assert!(address.is_multiple_of(4) && length.is_multiple_of(4) && length > 0);
        assert!(buffer.as_ptr().cast::<u32>().is_aligned());
        assert!(length <= buffer.len());
        assert!(address as usize + length <= self.cells.borrow().len());
    }
}

impl SectorFlash<'static> for MockFlash {
    fn set_client(&self, client: &'static dyn SectorFlashClient) {
        self.client.set(client);
    }

    fn read(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.check(address, buffer, length);
        self.start(Job::Read {
            address: address as usize,
            buffer,
            length,
        });
        Ok(())
    }

    fn program(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.check(address, buffer, length);
        self.start(Job::Program {
            address: address as usize,
            buffer,
            length,
        });
        Ok(())
    }

    fn erase(&self, address: u32) -> Result<(), ErrorCode> {
        assert!(address.is_multiple_of(SECTOR_SIZE));
        self.start(Job::Erase {
            address: address as usize,
        });
        Ok(())
    }
}
