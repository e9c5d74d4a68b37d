//! Regions keep to their pages and their turns.

use core::cell::{Cell, RefCell};

use testing::words_in_ram::Operation::{Erase, Write};
use testing::words_in_ram::{Words, WordsInRam};

use super::*;

const WORDS: usize = 4;

type Controller<'a> = WordsInRam<'a>;

/// A controller of so many pages, and its content.
fn with_pages<'a>(pages: usize) -> (Controller<'a>, Words) {
    let words = Words::new(RefCell::new(vec![u32::MAX; pages * WORDS]));
    (Controller::with_page_words(&words, WORDS), words)
}

type Mux<'a> = MuxWordFlash<'a, Controller<'a>, 3>;
type Region<'a> = WordFlashRegion<'a, Controller<'a>, 3>;

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

fn end_write(controller: &Controller<'_>) {
    assert!(controller.end_write(), "a write runs");
}

fn end_erase(controller: &Controller<'_>) {
    assert!(controller.end_erase(), "an erase runs");
}

#[test]
fn each_region_has_its_own_pages() {
    let (controller, words) = with_pages(6);
    let mux = Mux::new(&controller);
    controller.set_client(&mux);
    let (low, high) = (
        Region::new(&mux, 1, 2, WORDS),
        Region::new(&mux, 3, 2, WORDS),
    );
    low.setup().expect("room");
    high.setup().expect("room");

    assert_eq!(low.write(0, 0x11), Ok(()));
    end_write(&controller);
    assert_eq!(high.write(7, 0x22), Ok(()));
    end_write(&controller);
    assert_eq!(words.borrow()[WORDS], 0x11);
    assert_eq!(words.borrow()[3 * WORDS + 7], 0x22);
    assert_eq!((low.read(0), high.read(7)), (0x11, 0x22));
    assert_eq!(low.read(2 * WORDS), u32::MAX, "that word is the other's");
    assert_eq!(low.write(2 * WORDS, 0), Err(ErrorCode::INVAL));
    assert_eq!(low.erase(2), Err(ErrorCode::INVAL));
    assert_eq!(high.erase(0), Ok(()));
    end_erase(&controller);
    assert_eq!(controller.started(), [Write(4), Write(19), Erase(3)]);
}

#[test]
fn operations_take_turns_and_none_starves() {
    let (controller, _) = with_pages(4);
    let mux = Mux::new(&controller);
    controller.set_client(&mux);
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
    end_write(&controller);
    assert_eq!((eager.ended.get(), patient.ended.get()), (1, 0));
    end_write(&controller);
    assert_eq!((eager.ended.get(), patient.ended.get()), (1, 1));
    end_write(&controller);
    assert_eq!((eager.ended.get(), patient.ended.get()), (2, 1));
    assert_eq!(controller.started(), [Write(0), Write(9), Write(1)]);
    assert!(!controller.is_running());
}

#[test]
fn a_write_does_not_wait_for_an_erase() {
    let (controller, _) = with_pages(4);
    let mux = Mux::new(&controller);
    controller.set_client(&mux);
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
        end_write(&controller);
    }
    assert_eq!((one.ended.get(), other.ended.get()), (1, 1));
    end_erase(&controller);
    end_erase(&controller);
    assert_eq!((one.ended.get(), other.ended.get()), (2, 2));
    assert_eq!(
        controller.started(),
        [Erase(3), Write(1), Write(9), Erase(0)]
    );
}

#[test]
fn no_more_regions_than_places() {
    let (controller, _) = with_pages(4);
    let mux = Mux::new(&controller);
    controller.set_client(&mux);
    let regions: Vec<Region> = (0..4)
        .map(|page| Region::new(&mux, page, 1, WORDS))
        .collect();
    let added: Vec<_> = regions.iter().map(Region::setup).collect();
    assert_eq!(added, [Ok(()), Ok(()), Ok(()), Err(ErrorCode::NOMEM)]);
}
