//! Flash that is written word by word, whose operations end when the test says so.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::word_flash::{WordFlash, WordFlashClient};

/// Words of a page of the nRF52840.
pub const PAGE_WORDS: usize = 1024;

/// Pages of a store: key store and energy store have no more.
const PAGES: usize = 8;

/// Content of the flash, which outlives a start of what works on it, and which the test
/// may change.
pub type Words = Rc<RefCell<Vec<u32>>>;

/// Eight pages of [`PAGE_WORDS`] words, all erased.
pub fn blank() -> Words {
    Rc::new(RefCell::new(vec![u32::MAX; PAGES * PAGE_WORDS]))
}

/// An operation of the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The write of a word.
    Write(usize),
    /// The erase of a page.
    Erase(usize),
}

/// Flash that is written word by word. An operation changes the content when it starts,
/// and its client hears of its end when the test ends it.
pub struct WordsInRam<'a> {
    words: Words,
    page_words: usize,
    writing: Cell<bool>,
    erasing: Cell<bool>,
    /// Operations end, but change nothing.
    pub broken: Cell<bool>,
    /// Operations cannot be started: FAIL.
    pub refuses: Cell<bool>,
    started: RefCell<Vec<Operation>>,
    client: OptionalCell<&'a dyn WordFlashClient>,
}

impl<'a> WordsInRam<'a> {
    /// A flash with this content, in pages of [`PAGE_WORDS`] words.
    pub fn new(words: &Words) -> Self {
        Self::with_page_words(words, PAGE_WORDS)
    }

    /// A flash with this content, in pages of so many words.
    pub fn with_page_words(words: &Words, page_words: usize) -> Self {
        WordsInRam {
            words: words.clone(),
            page_words,
            writing: Cell::new(false),
            erasing: Cell::new(false),
            broken: Cell::new(false),
            refuses: Cell::new(false),
            started: RefCell::default(),
            client: OptionalCell::empty(),
        }
    }

    /// Whether a write or an erase runs.
    pub fn is_running(&self) -> bool {
        self.writing.get() || self.erasing.get()
    }

    /// How many operations were started.
    pub fn operations(&self) -> usize {
        self.started.borrow().len()
    }

    /// How many erases were started.
    pub fn erases(&self) -> usize {
        let started = self.started.borrow();
        let erases = started
            .iter()
            .filter(|one| matches!(one, Operation::Erase(_)));
        erases.count()
    }

    /// The operations that were started, in order.
    pub fn started(&self) -> Vec<Operation> {
        self.started.borrow().clone()
    }

    /// Ends the write that runs, and returns whether one did.
    pub fn end_write(&self) -> bool {
        let ends = self.writing.take();
        if ends {
            self.client().written(Ok(()));
        }
        ends
    }

    /// Ends the erase that runs, and returns whether one did.
    pub fn end_erase(&self) -> bool {
        let ends = self.erasing.take();
        if ends {
            self.client().erased(Ok(()));
        }
        ends
    }

    /// Ends the write that runs, or else the erase, and returns whether one did.
    pub fn step(&self) -> bool {
        self.end_write() || self.end_erase()
    }

    /// Ends operations until none runs.
    pub fn run(&self) {
        while self.step() {}
    }

    fn client(&self) -> &'a dyn WordFlashClient {
        self.client.get().expect("a client")
    }

    fn start(
        &self,
        running: &Cell<bool>,
        operation: Operation,
        change: impl FnOnce(&mut [u32]),
    ) -> Result<(), ErrorCode> {
        if self.refuses.get() {
            return Err(ErrorCode::FAIL);
        }
        assert!(!running.replace(true), "one of a kind at a time");
        self.started.borrow_mut().push(operation);
        if !self.broken.get() {
            change(&mut self.words.borrow_mut());
        }
        Ok(())
    }
}

impl<'a> WordFlash<'a> for WordsInRam<'a> {
    fn set_client(&self, client: &'a dyn WordFlashClient) {
        self.client.set(client);
    }

    fn read(&self, word: usize) -> u32 {
        self.words.borrow()[word]
    }

    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode> {
        self.start(&self.writing, Operation::Write(word), |words| {
            words[word] &= value;
        })
    }

    fn erase(&self, page: usize) -> Result<(), ErrorCode> {
        self.start(&self.erasing, Operation::Erase(page), |words| {
            words[page * self.page_words..][..self.page_words].fill(u32::MAX);
        })
    }
}
