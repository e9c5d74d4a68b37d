//! Flash that somebody changed: altered, replayed, moved, or taken from another device.

use kernel::ErrorCode;

use super::super::format::{
    record_words, Change, Head, ANCHOR_PAGE, BANK_WORDS, ERASED, HEADER_SLOTS, MAX_CONTENT,
    PAGE_WORDS, PREFIX_WORDS, SLOTS, SLOT_WORDS,
};
use super::super::index::Generation;
use super::super::log::{Log, Outcome, Request};
use super::model::{kind_of, run, Model, ROOT};
use crate::key_store::policy::Kind;
use testing::word_cells::WordCells;

const WORDS: usize = 8 * PAGE_WORDS;

/// A vault with some objects, and the image of each moment.
struct Images {
    model: Model,
    flash: WordCells,
}

impl Images {
    fn new() -> Self {
        let mut images = Images {
            model: Model::new(3),
            flash: WordCells::blank(3),
        };
        for (object, length) in [(1, 96), (2, 16), (3, 300), (4, 4), (5, 65)] {
            images.put(Change::Current, object, length);
        }
        images
    }

    fn put(&mut self, change: Change, object: u16, length: usize) {
        let mut log = self.model.start(&mut self.flash).unwrap();
        let content = self.model.next_content(length);
        let committed = self
            .model
            .commit(&mut log, &mut self.flash, change, object, &content);
        assert_eq!(committed, Ok(()));
    }

    fn image(&self) -> Vec<u32> {
        (0..WORDS).map(|word| self.flash.read(word)).collect()
    }
}

fn opened(image: &[u32]) -> Log {
    let mut log = Log::closed();
    log.derive_keys(&ROOT);
    log.open(&|word| image[word]);
    log
}

fn read(log: &Log, image: &[u32], object: u16) -> Result<Vec<u8>, ErrorCode> {
    let mut bytes = [0; MAX_CONTENT];
    let read = |word: usize| image[word];
    let kind = kind_of(object);
    log.read(object, Generation::Current, kind, &mut bytes, &read)
        .map(|length| bytes[..length].to_vec())
}

/// Slots of bank 0 at which a record of this object starts.
fn records(image: &[u32], object: u16) -> Vec<(usize, Head)> {
    let head = |slot: usize| {
        let words = &image[slot * SLOT_WORDS..];
        Head::from_words([words[0], words[1], words[2]])
    };
    (HEADER_SLOTS..SLOTS)
        .filter_map(|slot| Some((slot, head(slot)?)))
        .filter(|(_, head)| head.object == object)
        .collect()
}

/// Nothing but what is true is shown.
fn assert_not_believed(images: &Images, image: &[u32], what: &str) {
    let log = opened(image);
    if log.is_refused() {
        return;
    }
    for (&(object, _), content) in &images.model.holding.contents {
        match read(&log, image, object) {
            Ok(shown) => assert_eq!(&shown, content, "{what}: object {object}"),
            Err(error) => assert_eq!(error, ErrorCode::FAIL, "{what}: object {object}"),
        }
    }
    assert_eq!(log.state(), images.model.holding.state, "{what}");
}

#[test]
fn every_flipped_bit_of_a_live_record() {
    let images = Images::new();
    let image = images.image();
    for object in [1, 4] {
        let (slot, head) = *records(&image, object).last().unwrap();
        let first = slot * SLOT_WORDS;
        for word in first..first + record_words(head.length.into()) {
            for bit in 0..32 {
                let mut altered = image.clone();
                altered[word] ^= 1 << bit;
                let what = format!("word {word} bit {bit}");
                assert_not_believed(&images, &altered, &what);
                let log = opened(&altered);
                if word < first + PREFIX_WORDS - 3 {
                    // Without a head the chain of changes is broken.
                    assert!(log.is_refused(), "{what}");
                } else {
                    assert!(!log.is_refused(), "{what}");
                    assert_eq!(read(&log, &altered, object), Err(ErrorCode::FAIL), "{what}");
                    assert!(read(&log, &altered, 3).is_ok(), "{what}");
                }
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_the_headers() {
    let images = Images::new();
    let image = images.image();
    for first in [0, ANCHOR_PAGE * PAGE_WORDS] {
        for word in first..first + 20 {
            for bit in 0..32 {
                let mut altered = image.clone();
                altered[word] ^= 1 << bit;
                assert_not_believed(&images, &altered, &format!("word {word} bit {bit}"));
            }
        }
    }
}

#[test]
fn older_records_under_a_newer_anchor() {
    let mut images = Images::new();
    let mut earlier = Vec::new();
    for turn in 0..180 {
        earlier.push(images.image());
        let (object, length) = [(4, 4), (1, 96), (4, 4), (3, 40)][turn % 4];
        images.put(Change::Current, object, length);
    }
    let now = images.image();
    assert!(!opened(&now).is_refused());
    for (turn, old) in earlier.iter().enumerate() {
        let mut replayed = now.clone();
        replayed[..ANCHOR_PAGE * PAGE_WORDS].copy_from_slice(&old[..ANCHOR_PAGE * PAGE_WORDS]);
        assert!(opened(&replayed).is_refused(), "image of turn {turn}");
        // One bank alone: what is shown is true, or all is refused.
        for bank in 0..2 {
            let mut replayed = now.clone();
            let words = bank * BANK_WORDS..(bank + 1) * BANK_WORDS;
            replayed[words.clone()].copy_from_slice(&old[words]);
            assert_not_believed(&images, &replayed, &format!("bank {bank}, turn {turn}"));
        }
        // Single pages.
        for page in 0..8 {
            let mut replayed = now.clone();
            let words = page * PAGE_WORDS..(page + 1) * PAGE_WORDS;
            replayed[words.clone()].copy_from_slice(&old[words]);
            assert_not_believed(&images, &replayed, &format!("page {page}, turn {turn}"));
        }
    }
}

#[test]
fn records_that_are_moved_or_exchanged() {
    let mut images = Images::new();
    images.put(Change::Current, 4, 4);
    let image = images.image();
    let counters = records(&image, 4);
    let (old, head) = counters[0];
    let (new, _) = counters[1];
    let length = record_words(head.length.into());
    let (old, new) = (old * SLOT_WORDS, new * SLOT_WORDS);
    // An older record at the place of the newer.
    let mut altered = image.clone();
    altered.copy_within(old..old + length, new);
    assert!(opened(&altered).is_refused());
    // Its content alone.
    let mut altered = image.clone();
    altered.copy_within(old + 4..old + length, new + 4);
    assert_eq!(read(&opened(&altered), &altered, 4), Err(ErrorCode::FAIL));
    // Behind the last one.
    let mut altered = image.clone();
    altered.copy_within(old..old + length, new + 4 * SLOT_WORDS);
    assert_not_believed(&images, &altered, "copied behind");
    // In the other bank.
    let mut altered = image.clone();
    let (bank, other) = altered.split_at_mut(BANK_WORDS);
    other[..BANK_WORDS].copy_from_slice(bank);
    other[old..old + length].fill(ERASED);
    assert_not_believed(&images, &altered, "copied to the other bank");
    assert!(read(&opened(&altered), &altered, 4).is_ok());
}

#[test]
fn another_device() {
    let images = Images::new();
    let image = images.image();
    let mut log = Log::closed();
    log.derive_keys(&[8; 32]);
    log.open(&|word| image[word]);
    assert!(log.is_refused());
    let request = Request {
        change: Change::Current,
        kind: Kind::Counter as u8,
        object: 4,
    };
    assert_eq!(log.commit(request, &[0; 4]), Err(ErrorCode::FAIL));
    let step = log.next(&|word| image[word], &images.model.random);
    let failed = Outcome::Failed(ErrorCode::FAIL);
    assert_eq!(step, super::super::log::Step::Finished(failed));
}

#[test]
fn parts_that_are_erased() {
    let images = Images::new();
    let image = images.image();
    let anchor = ANCHOR_PAGE * PAGE_WORDS;
    let erased = |words: core::ops::Range<usize>| {
        let mut image = image.clone();
        image[words].fill(ERASED);
        opened(&image)
    };
    assert!(erased(0..anchor).is_refused(), "no records");
    assert!(erased(0..PAGE_WORDS).is_refused(), "no header");
    assert!(erased(anchor..WORDS).is_refused(), "no anchor");
    assert!(erased(PAGE_WORDS - 900..PAGE_WORDS).is_refused(), "no end");
    let blank = erased(0..WORDS);
    assert!(!blank.is_refused() && blank.newest() == 0, "a new vault");
}

#[test]
fn other_content_is_not_written_over() {
    for word in [0x0000_0000, 0x1234_5678] {
        let image = vec![word; WORDS];
        assert!(opened(&image).is_refused());
    }
}

/// What was lost to an altered record stays lost, and the rest survives the copying.
#[test]
fn an_altered_record_is_still_refused_after_copying() {
    let mut images = Images::new();
    let (slot, _) = *records(&images.image(), 3).last().unwrap();
    let word = slot * SLOT_WORDS + PREFIX_WORDS;
    let image = images.image();
    // The lowest bit that is still 1.
    let altered = image[word] & (image[word] - 1);
    images.flash.write(word, altered).unwrap();
    let mut log = opened(&images.image());
    assert_eq!(read(&log, &images.image(), 3), Err(ErrorCode::FAIL));
    // A key is replaced: all that counts is copied.
    let request = Request {
        change: Change::Current,
        kind: Kind::P256 as u8,
        object: 1,
    };
    assert_eq!(log.commit(request, &[1; 96]), Ok(()));
    let outcome = run(&mut log, &mut images.flash, &images.model.random);
    assert_eq!(outcome, Ok(Outcome::Committed));
    for log in [log, opened(&images.image())] {
        let image = images.image();
        assert_eq!(read(&log, &image, 3), Err(ErrorCode::FAIL));
        assert_eq!(read(&log, &image, 1), Ok(vec![1; 96]));
        assert!(read(&log, &image, 5).is_ok());
        assert!(log
            .find(3, Generation::Current)
            .is_some_and(|entry| entry.lost));
    }
}

/// No record of a key that was replaced, erased, or ended with the meter.
#[test]
fn old_keys_vanish() {
    use crate::key_store::policy::State;
    let state = |change| (change, 0, 0);
    let ways = [
        (Change::Current, 1, 96),
        (Change::Erase, 1, 0),
        state(Change::State(State::Decommissioned)),
    ];
    for (change, object, length) in ways {
        let mut images = Images::new();
        let image = images.image();
        let (slot, head) = *records(&image, 1).last().unwrap();
        let first = slot * SLOT_WORDS;
        let old = image[first + 4..first + record_words(head.length.into())].to_vec();
        images.put(change, object, length);
        let image = images.image();
        // Not even four words of it.
        for part in old.windows(4) {
            assert!(!image.windows(4).any(|words| words == part), "{change:?}");
        }
        assert!(image[..BANK_WORDS].iter().all(|word| *word == ERASED));
    }
}

#[test]
fn a_full_vault_takes_no_more() {
    let mut images = Images::new();
    let mut log = images.model.start(&mut images.flash).unwrap();
    let request = |object| Request {
        change: Change::Current,
        kind: Kind::Counter as u8,
        object,
    };
    let mut stored = 0;
    let full = loop {
        let committed = log.commit(request(10 + stored), &[1; 100]);
        if committed.is_err() {
            break committed;
        }
        let outcome = run(&mut log, &mut images.flash, &images.model.random);
        assert_eq!(outcome, Ok(Outcome::Committed));
        stored += 1;
    };
    assert_eq!(full, Err(ErrorCode::NOMEM));
    assert!(stored >= 40, "{stored}");
    // What is there can be replaced for ever.
    for _ in 0..300 {
        assert_eq!(log.commit(request(10), &[2; 100]), Ok(()));
        let outcome = run(&mut log, &mut images.flash, &images.model.random);
        assert_eq!(outcome, Ok(Outcome::Committed));
    }
    assert_eq!(log.commit(request(10), &[0; 1025]), Err(ErrorCode::SIZE));
}

#[test]
fn without_randomness_nothing_is_written() {
    let mut images = Images::new();
    let image = images.image();
    let mut log = opened(&image);
    images.model.random.fails.set(Some(ErrorCode::FAIL));
    let request = Request {
        change: Change::Current,
        kind: Kind::Aes128 as u8,
        object: 2,
    };
    assert_eq!(log.commit(request, &[9; 16]), Ok(()));
    let outcome = run(&mut log, &mut images.flash, &images.model.random);
    assert_eq!(outcome, Ok(Outcome::Failed(ErrorCode::FAIL)));
    assert_eq!(images.image(), image);
    images.model.random.fails.set(None);
    assert_eq!(log.commit(request, &[9; 16]), Ok(()));
    let outcome = run(&mut log, &mut images.flash, &images.model.random);
    assert_eq!(outcome, Ok(Outcome::Committed));
}
