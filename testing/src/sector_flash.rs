//! Serial NOR flash whose operations end when the test says so, and which can lose its power in any of them.

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

/// Serial NOR flash. An operation is done when the test lets it [`step`](Self::step). Power can
/// fail in it after any byte, and then bits that were being changed are weak.
pub struct SectorsInRam<'a> {
    /// What firm bits are, and what weak ones were before. The test may change it.
    pub cells: RefCell<Vec<u8>>,
    /// Bits that are weak.
    weak: RefCell<Vec<u8>>,
    /// How weak bits read.
    pub weakness: Cell<Weak>,
    job: RefCell<Option<Job>>,
    /// How many programs and erases there were since this was set last.
    pub changes: Cell<usize>,
    /// Power fails in the change of this number, after this part in 256.
    pub cut: Cell<Option<(usize, u8)>>,
    /// Power has failed.
    pub off: Cell<bool>,
    /// The sector whose cells cannot be programmed any more.
    pub bad_sector: Cell<Option<usize>>,
    random: Cell<u64>,
    /// Address of the buffer that was read into last.
    buffer: Cell<Option<usize>>,
    client: OptionalCell<&'a dyn SectorFlashClient>,
}

impl<'a> SectorsInRam<'a> {
    /// A flash of so many erased sectors.
    pub fn erased(sectors: usize) -> Self {
        Self::new(vec![0xFF; sectors * SECTOR_SIZE as usize])
    }

    /// A flash with this content, all of it firm.
    pub fn new(cells: Vec<u8>) -> Self {
        SectorsInRam {
            weak: RefCell::new(vec![0; cells.len()]),
            cells: RefCell::new(cells),
            weakness: Cell::new(Weak::Either),
            job: RefCell::new(None),
            changes: Cell::new(0),
            cut: Cell::new(None),
            off: Cell::new(false),
            bad_sector: Cell::new(None),
            random: Cell::new(0x9E37_79B9_7F4A_7C15),
            buffer: Cell::new(None),
            client: OptionalCell::empty(),
        }
    }

    /// A flash of the same cells after power came back, without a client.
    pub fn powered_up<'b>(&self, weakness: Weak) -> SectorsInRam<'b> {
        let flash = SectorsInRam::new(self.cells.borrow().clone());
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

    /// Whether an operation runs.
    pub fn is_running(&self) -> bool {
        self.job.borrow().is_some()
    }

    /// Address of the buffer that was read into last.
    pub fn buffer(&self) -> Option<usize> {
        self.buffer.get()
    }

    /// Does operations until none runs, or power fails.
    pub fn run(&self) {
        while self.step() {}
    }

    /// Does the operation that runs and tells the client. Returns false if none runs, or if
    /// power failed in it.
    pub fn step(&self) -> bool {
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

impl<'a> SectorFlash<'a> for SectorsInRam<'a> {
    fn set_client(&self, client: &'a dyn SectorFlashClient) {
        self.client.set(client);
    }

    fn read(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.check(address, buffer, length);
        self.buffer
            .set(Some(buffer.as_mut_ptr().expose_provenance()));
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
