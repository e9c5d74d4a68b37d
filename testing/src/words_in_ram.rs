//! Flash in RAM, of words and of sectors, whose operations end when the tests say so.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient, SECTOR_SIZE};
use meter_hil::word_flash::{WordFlash, WordFlashClient};

/// Pages of the word flash.
const PAGES: usize = 8;
/// Words of a page.
pub const PAGE_WORDS: usize = 1024;

/// Content of the word flash, which outlives a start.
pub type Words = Rc<RefCell<Vec<u32>>>;

/// Words that are all erased.
pub fn blank() -> Words {
    Rc::new(RefCell::new(vec![u32::MAX; PAGES * PAGE_WORDS]))
}

/// Flash that is written word by word.
pub struct WordsInRam {
    words: Words,
    /// A write, an erase.
    running: [Cell<bool>; 2],
    /// Operations end, but change nothing.
    pub broken: Cell<bool>,
    /// Operations cannot be started.
    pub refuses: Cell<bool>,
    /// Operations that were started.
    pub operations: Cell<usize>,
    client: OptionalCell<&'static dyn WordFlashClient>,
}

impl WordsInRam {
    pub fn on(words: &Words) -> &'static Self {
        Box::leak(Box::new(WordsInRam {
            words: words.clone(),
            running: Default::default(),
            broken: Cell::new(false),
            refuses: Cell::new(false),
            operations: Cell::new(0),
            client: OptionalCell::empty(),
        }))
    }

    pub fn is_running(&self) -> bool {
        self.running.iter().any(Cell::get)
    }

    /// Ends the write that runs, or else the erase. Whether one did.
    pub fn step(&self) -> bool {
        let [write, erase] = &self.running;
        match self.client.get() {
            Some(client) if write.take() => client.written(Ok(())),
            Some(client) if erase.take() => client.erased(Ok(())),
            _ => return false,
        }
        true
    }

    /// Ends operations until none is left.
    pub fn run(&self) {
        while self.step() {}
    }

    fn start(
        &self,
        running: &Cell<bool>,
        change: impl FnOnce(&mut [u32]),
    ) -> Result<(), ErrorCode> {
        if self.refuses.get() {
            return Err(ErrorCode::FAIL);
        }
        assert!(!running.replace(true), "one of a kind at a time");
        self.operations.set(self.operations.get() + 1);
        if !self.broken.get() {
            change(&mut self.words.borrow_mut());
        }
        Ok(())
    }
}

impl WordFlash<'static> for WordsInRam {
    fn set_client(&self, client: &'static dyn WordFlashClient) {
        self.client.set(client);
    }

    fn read(&self, word: usize) -> u32 {
        self.words.borrow()[word]
    }

    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode> {
        self.start(&self.running[0], |words| words[word] &= value)
    }

    fn erase(&self, page: usize) -> Result<(), ErrorCode> {
        self.start(&self.running[1], |words| {
            words[page * PAGE_WORDS..][..PAGE_WORDS].fill(u32::MAX);
        })
    }
}

enum Job {
    Read(usize, &'static mut [u8], usize),
    Program(usize, &'static mut [u8], usize),
    Erase(usize),
}

/// Serial NOR flash.
pub struct SectorsInRam<'a> {
    pub cells: RefCell<Vec<u8>>,
    job: RefCell<Option<Job>>,
    /// Address of the buffer that was read into last.
    pub buffer: Cell<Option<usize>>,
    client: OptionalCell<&'a dyn SectorFlashClient>,
}

impl<'a> SectorsInRam<'a> {
    /// A flash with this content.
    pub fn new(cells: Vec<u8>) -> Self {
        SectorsInRam {
            cells: RefCell::new(cells),
            job: RefCell::default(),
            buffer: Cell::default(),
            client: OptionalCell::empty(),
        }
    }

    pub fn is_running(&self) -> bool {
        self.job.borrow().is_some()
    }

    /// Ends the operation that runs. Whether one did.
    pub fn step(&self) -> bool {
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

    /// Ends operations until none is left.
    pub fn run(&self) {
        while self.step() {}
    }

    fn start(&self, address: u32, length: usize, job: Job) {
        assert!(address.is_multiple_of(4) && length.is_multiple_of(4));
        assert!(address as usize + length <= self.cells.borrow().len());
        assert!(self.job.replace(Some(job)).is_none(), "two at once");
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
        assert!(length <= buffer.len());
        self.buffer
            .set(Some(buffer.as_mut_ptr().expose_provenance()));
        let job = Job::Read(address as usize, buffer, length);
        self.start(address, length, job);
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
        self.start(address, length, job);
        Ok(())
    }

    fn erase(&self, address: u32) -> Result<(), ErrorCode> {
        assert!(address.is_multiple_of(SECTOR_SIZE));
        let job = Job::Erase(address as usize);
        self.start(address, SECTOR_SIZE as usize, job);
        Ok(())
    }
}
