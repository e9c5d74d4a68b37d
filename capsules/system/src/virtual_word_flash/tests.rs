//! Regions keep to their pages and their turns.

use core::cell::{Cell, RefCell};

use super::*;

const WORDS: usize = 4;

/// Finishes an operation when the test says so.
#[derive(Default)]
struct Controller {
    memory: RefCell<Vec<u32>>,
    started: RefCell<Vec<String>>,
    /// A write, an erase.
    busy: [Cell<bool>; 2],
}

impl Controller {
    fn with_pages(pages: usize) -> Self {
        Self {
            memory: RefCell::new(vec![u32::MAX; pages * WORDS]),
            ..Self::default()
        }
    }
}

impl<'a> WordFlash<'a> for Controller {
    fn set_client(&self, _client: &'a dyn WordFlashClient) {}

    fn read(&self, word: usize) -> u32 {
        self.memory.borrow()[word]
    }

    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode> {
        if self.busy[0].replace(true) {
            return Err(ErrorCode::BUSY);
        }
        self.memory.borrow_mut()[word] &= value;
        self.started.borrow_mut().push(format!("write {word}"));
        Ok(())
    }

    fn erase(&self, page: usize) -> Result<(), ErrorCode> {
        if self.busy[1].replace(true) {
            return Err(ErrorCode::BUSY);
        }
        self.memory.borrow_mut()[page * WORDS..(page + 1) * WORDS].fill(u32::MAX);
        self.started.borrow_mut().push(format!("erase {page}"));
        Ok(())
    }
}

type Mux<'a> = MuxWordFlash<'a, Controller, 3>;
type Region<'a> = WordFlashRegion<'a, Controller, 3>;

/// Counts what ended, and may ask for one more operation from within.
#[derive(Default)]
struct User<'a> {
    ended: Cell<usize>,
    again: Cell<Option<&'a Region<'a>>>,
}

impl WordFlashClient for User<'_> {
    fn written(&self, result: Result<(), ErrorCode>) {
        assert_eq!(result, Ok(()));
        self.ended.set(self.ended.get() + 1);
        if let Some(region) = self.again.take() {
            assert_eq!(region.write(1, 7), Ok(()));
        }
    }

    fn erased(&self, result: Result<(), ErrorCode>) {
        assert_eq!(result, Ok(()));
        self.ended.set(self.ended.get() + 1);
    }
}

fn end_write(mux: &Mux<'_>, controller: &Controller) {
    assert!(controller.busy[0].replace(false), "a write runs");
    mux.written(Ok(()));
}

fn end_erase(mux: &Mux<'_>, controller: &Controller) {
    assert!(controller.busy[1].replace(false), "an erase runs");
    mux.erased(Ok(()));
}

#[test]
fn each_region_has_its_own_pages() {
    let controller = Controller::with_pages(6);
    let mux = Mux::new(&controller);
    let (low, high) = (
        Region::new(&mux, 1, 2, WORDS),
        Region::new(&mux, 3, 2, WORDS),
    );
    low.setup().expect("room");
    high.setup().expect("room");

    assert_eq!(low.write(0, 0x11), Ok(()));
    end_write(&mux, &controller);
    assert_eq!(high.write(7, 0x22), Ok(()));
    end_write(&mux, &controller);
    assert_eq!(controller.memory.borrow()[WORDS], 0x11);
    assert_eq!(controller.memory.borrow()[3 * WORDS + 7], 0x22);
    assert_eq!((low.read(0), high.read(7)), (0x11, 0x22));
    assert_eq!(low.read(2 * WORDS), u32::MAX, "that word is the other's");
    assert_eq!(low.write(2 * WORDS, 0), Err(ErrorCode::INVAL));
    assert_eq!(low.erase(2), Err(ErrorCode::INVAL));
    assert_eq!(high.erase(0), Ok(()));
    end_erase(&mux, &controller);
    assert_eq!(
        *controller.started.borrow(),
        ["write 4", "write 19", "erase 3"]
    );
}

#[test]
fn operations_take_turns_and_none_starves() {
    let controller = Controller::with_pages(4);
    let mux = Mux::new(&controller);
    let (first, second) = (
        Region::new(&mux, 0, 2, WORDS),
        Region::new(&mux, 2, 2, WORDS),
    );
    let (eager, patient) = (User::default(), User::default());
    eager.again.set(Some(&first));
    for (region, user) in [(&first, &eager), (&second, &patient)] {
        region.setup().expect("room");
        region.set_client(user);
    }

    assert_eq!(first.write(0, 1), Ok(()));
    assert_eq!(first.write(1, 1), Err(ErrorCode::BUSY));
    assert_eq!(second.write(1, 2), Ok(()));
    end_write(&mux, &controller);
    assert_eq!((eager.ended.get(), patient.ended.get()), (1, 0));
    end_write(&mux, &controller);
    assert_eq!((eager.ended.get(), patient.ended.get()), (1, 1));
    end_write(&mux, &controller);
    assert_eq!((eager.ended.get(), patient.ended.get()), (2, 1));
    assert_eq!(
        *controller.started.borrow(),
        ["write 0", "write 9", "write 1"]
    );
    assert!(!controller.busy[0].get());
}

#[test]
fn a_write_does_not_wait_for_an_erase() {
    let controller = Controller::with_pages(4);
    let mux = Mux::new(&controller);
    let (first, second) = (
        Region::new(&mux, 0, 2, WORDS),
        Region::new(&mux, 2, 2, WORDS),
    );
    let (one, other) = (User::default(), User::default());
    for (region, user) in [(&first, &one), (&second, &other)] {
        region.setup().expect("room");
        region.set_client(user);
    }
    assert_eq!(second.erase(1), Ok(()));
    assert_eq!(second.erase(0), Err(ErrorCode::BUSY));
    assert_eq!(first.erase(0), Ok(()), "it waits for the other's");
    for region in [&first, &second] {
        assert_eq!(region.write(1, 1), Ok(()));
        end_write(&mux, &controller);
    }
    assert_eq!((one.ended.get(), other.ended.get()), (1, 1));
    end_erase(&mux, &controller);
    end_erase(&mux, &controller);
    assert_eq!((one.ended.get(), other.ended.get()), (2, 2));
    assert_eq!(
        *controller.started.borrow(),
        ["erase 3", "write 1", "write 9", "erase 0"]
    );
}

#[test]
fn no_more_regions_than_places() {
    let controller = Controller::with_pages(4);
    let mux = Mux::new(&controller);
    let regions: Vec<Region> = (0..4)
        .map(|page| Region::new(&mux, page, 1, WORDS))
        .collect();
    let added: Vec<_> = regions.iter().map(Region::setup).collect();
    assert_eq!(added, [Ok(()), Ok(()), Ok(()), Err(ErrorCode::NOMEM)]);
}
