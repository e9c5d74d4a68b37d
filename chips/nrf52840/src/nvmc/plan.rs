//! Writing and erasing in steps that leave the CPU to others in between.
//!
//! While the controller works, a CPU that fetches from flash stands still: 85 ms
//! for a page, 41 us for a word. A page is therefore erased in parts of 5 ms
//! (each stalls for 1.08 ms more of setup) with a pause of 7 ms after each, so
//! that whatever must run within 20 ms does; and words are written in bursts of
//! about 1.3 ms with a pause of 2 ms.

use super::port::{FlashPort, Mode, PAGE_SIZE};

/// Erase time of a page in milliseconds (tERASEPAGE).
pub const PAGE_ERASE_MS: u32 = 85;

/// Length of a part in milliseconds.
pub const PART_MS: u32 = 5;

/// Parts that make up a whole erase.
pub const PARTS: u32 = PAGE_ERASE_MS.div_ceil(PART_MS);

/// Pause after a part, once the controller is ready.
const ERASE_PAUSE_MS: u32 = 7;

/// When the CPU ran on through a part (from cache or RAM), the part itself and
/// its setup are still to come before the pause.
const PART_AND_PAUSE_MS: u32 = PART_MS + 2 + ERASE_PAUSE_MS;

/// Words written without a pause.
pub const BURST_WORDS: usize = 32;

/// Pause after a burst.
const WRITE_PAUSE_MS: u32 = 2;

/// Looks at the ready flag before a word's write counts as failed; each takes
/// longer than 0.1 us, a write 41 us.
const READY_LOOKS: u32 = 1000;

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Call again after so many milliseconds.
    Pause(u32),
    /// Done.
    Finished,
    /// The flash does not hold what it should.
    Failed,
}

/// Erasing one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erase {
    address: usize,
    parts: u32,
}

impl Erase {
    /// Erases the page at `address`, which starts a page.
    pub fn new(address: usize) -> Self {
        Erase { address, parts: 0 }
    }

    /// Does the next part; after the last one looks whether the page is blank,
    /// and if not adds parts up to twice the nominal time.
    pub fn step(&mut self, port: &impl FlashPort) -> Progress {
        if !port.ready() {
            return Progress::Pause(1);
        }
        port.set_mode(Mode::ReadOnly);
        if self.parts >= PARTS {
            let blank = (0..PAGE_SIZE)
                .step_by(4)
                .all(|offset| port.word(self.address + offset) == 0xFFFF_FFFF);
            if blank {
                return Progress::Finished;
            }
            if self.parts >= 2 * PARTS {
                return Progress::Failed;
            }
        }
        port.set_mode(Mode::Erase);
        port.erase_part(self.address, PART_MS);
        self.parts += 1;
        if port.ready() {
            port.set_mode(Mode::ReadOnly);
            Progress::Pause(ERASE_PAUSE_MS)
        } else {
            Progress::Pause(PART_AND_PAUSE_MS)
        }
    }
}

/// Writing consecutive words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    address: usize,
    total: usize,
    done: usize,
}

impl Write {
    /// Writes `total` words from `address` on.
    pub fn new(address: usize, total: usize) -> Self {
        Write {
            address,
            total,
            done: 0,
        }
    }

    /// Writes the next burst of what `value` gives for each index, and reads it back.
    /// Words of all ones are left alone: they would use up one of a word's two
    /// writes and change nothing.
    pub fn step(&mut self, port: &impl FlashPort, value: impl Fn(usize) -> u32) -> Progress {
        if !port.ready() {
            return Progress::Pause(1);
        }
        port.set_mode(Mode::Write);
        let burst = self.done..self.total.min(self.done + BURST_WORDS);
        let mut written = true;
        for index in burst.clone() {
            if value(index) != 0xFFFF_FFFF {
                port.program(self.address + 4 * index, value(index));
                written &= (0..READY_LOOKS).any(|_| port.ready());
            }
        }
        port.set_mode(Mode::ReadOnly);
        self.done = burst.end;
        let holds = burst
            .clone()
            .all(|index| port.word(self.address + 4 * index) == value(index));
        if !(written && holds) {
            Progress::Failed
        } else if self.done < self.total {
            Progress::Pause(WRITE_PAUSE_MS)
        } else {
            Progress::Finished
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use core::ops::Range;
    use std::cell::{Cell, RefCell};

    /// Flash with the part's rules: bits only clear, two writes a word between
    /// erases, 85 ms to erase a page, faults when not enabled.
    pub struct FakeFlash {
        words: RefCell<Vec<u32>>,
        writes: RefCell<Vec<u8>>,
        erased_ms: Cell<u32>,
        mode: Cell<Mode>,
        /// Milliseconds of erasing that the worn page needs.
        pub erase_needs_ms: Cell<u32>,
        /// The next so many looks find the controller busy.
        pub busy_looks: Cell<u32>,
        /// Longest time without a pause so far, in microseconds, and the present one.
        pub stall_us: Cell<(u32, u32)>,
        parts: Cell<u32>,
    }

    impl FakeFlash {
        pub fn new(pages: usize, fill: u32) -> Self {
            FakeFlash {
                words: RefCell::new(vec![fill; pages * PAGE_SIZE / 4]),
                writes: RefCell::new(vec![0; pages * PAGE_SIZE / 4]),
                erased_ms: Cell::new(0),
                mode: Cell::new(Mode::ReadOnly),
                erase_needs_ms: Cell::new(PAGE_ERASE_MS),
                busy_looks: Cell::new(0),
                stall_us: Cell::new((0, 0)),
                parts: Cell::new(0),
            }
        }

        fn stall(&self, microseconds: u32) {
            let (longest, present) = self.stall_us.get();
            let present = present + microseconds;
            self.stall_us.set((longest.max(present), present));
        }

        fn pause(&self) {
            self.stall_us.set((self.stall_us.get().0, 0));
        }
    }

    impl FlashPort for FakeFlash {
        fn range(&self) -> Range<usize> {
            0..self.words.borrow().len() * 4
        }

        fn ready(&self) -> bool {
            let looks = self.busy_looks.get();
            self.busy_looks.set(looks.saturating_sub(1));
            looks == 0
        }

        fn set_mode(&self, mode: Mode) {
            self.mode.set(mode);
        }

        fn program(&self, address: usize, value: u32) {
            assert_eq!(self.mode.get(), Mode::Write, "fault");
            let index = address / 4;
            self.writes.borrow_mut()[index] += 1;
            assert!(self.writes.borrow()[index] <= 2, "third write of a word");
            self.words.borrow_mut()[index] &= value;
            self.stall(41);
        }

        fn erase_part(&self, address: usize, milliseconds: u32) {
            assert_eq!(self.mode.get(), Mode::Erase, "fault");
            self.parts.set(self.parts.get() + 1);
            self.stall(milliseconds * 1000 + 1080);
            self.erased_ms.set(self.erased_ms.get() + milliseconds);
            let done = self.erased_ms.get() >= self.erase_needs_ms.get();
            let page = address / 4..(address + PAGE_SIZE) / 4;
            for index in page {
                if done {
                    self.words.borrow_mut()[index] = 0xFFFF_FFFF;
                    self.writes.borrow_mut()[index] = 0;
                } else {
                    self.words.borrow_mut()[index] |= 0x0101_0101 << (self.parts.get() % 7);
                }
            }
            if done {
                self.erased_ms.set(0);
            }
        }

        fn word(&self, address: usize) -> u32 {
            self.words.borrow()[address / 4]
        }
    }

    fn run(flash: &FakeFlash, mut step: impl FnMut() -> Progress) -> (Progress, u32) {
        let mut milliseconds = 0;
        for _ in 0..1000 {
            match step() {
                Progress::Pause(pause) => {
                    assert!(pause > 0);
                    milliseconds += pause;
                    flash.pause();
                }
                end => {
                    assert_eq!(flash.mode.get(), Mode::ReadOnly);
                    return (end, milliseconds);
                }
            }
        }
        panic!("no end");
    }

    #[test]
    fn a_page_is_erased_in_short_parts_and_its_neighbours_stay() {
        let flash = FakeFlash::new(3, 0);
        let mut erase = Erase::new(PAGE_SIZE);
        let (end, paused) = run(&flash, || erase.step(&flash));
        assert_eq!(end, Progress::Finished);
        assert_eq!(flash.parts.get() * PART_MS, 85);
        assert!(flash.stall_us.get().0 <= 6_080);
        assert!(paused * 1000 >= flash.parts.get() * 6_080);
        assert_eq!(flash.word(PAGE_SIZE - 4), 0);
        assert_eq!(flash.word(PAGE_SIZE), 0xFFFF_FFFF);
        assert_eq!(flash.word(2 * PAGE_SIZE - 4), 0xFFFF_FFFF);
        assert_eq!(flash.word(2 * PAGE_SIZE), 0);
    }

    #[test]
    fn a_slow_page_gets_more_parts_and_a_dead_one_is_reported() {
        let flash = FakeFlash::new(1, 0);
        flash.erase_needs_ms.set(120);
        let mut erase = Erase::new(0);
        assert_eq!(run(&flash, || erase.step(&flash)).0, Progress::Finished);
        assert_eq!(flash.parts.get(), 24);

        let flash = FakeFlash::new(1, 0);
        flash.erase_needs_ms.set(10_000);
        let mut erase = Erase::new(0);
        assert_eq!(run(&flash, || erase.step(&flash)).0, Progress::Failed);
        assert_eq!(flash.parts.get(), 2 * PARTS);
    }

    #[test]
    fn a_controller_that_is_busy_is_left_alone() {
        let flash = FakeFlash::new(1, 0);
        flash.busy_looks.set(1);
        let mut erase = Erase::new(0);
        assert_eq!(erase.step(&flash), Progress::Pause(1));
        assert_eq!(flash.parts.get(), 0);
        // Ready before the part, busy after it: the CPU was not stalled.
        flash.busy_looks.set(0);
        let mut erase = Erase::new(0);
        assert_eq!(erase.step(&flash), Progress::Pause(ERASE_PAUSE_MS));
    }

    #[test]
    fn words_are_written_in_bursts_and_only_once() {
        let flash = FakeFlash::new(1, 0xFFFF_FFFF);
        let mut write = Write::new(64, 100);
        let value = |index: usize| 0x1234_0000 + index as u32;
        let (end, paused) = run(&flash, || write.step(&flash, value));
        assert_eq!(end, Progress::Finished);
        assert_eq!(paused, 3 * WRITE_PAUSE_MS);
        assert!(flash.stall_us.get().0 <= 41 * BURST_WORDS as u32);
        assert_eq!(flash.word(60), 0xFFFF_FFFF);
        assert!((0..100).all(|index| flash.word(64 + 4 * index) == value(index)));
        assert_eq!(flash.word(64 + 400), 0xFFFF_FFFF);
        assert_eq!(*flash.writes.borrow().iter().max().unwrap(), 1);
    }

    #[test]
    fn a_bit_that_would_have_to_rise_is_an_error() {
        let flash = FakeFlash::new(1, 0xFFFF_FF00);
        let mut write = Write::new(0, 1);
        assert_eq!(write.step(&flash, |_| 0x0000_00FF), Progress::Failed);
        assert_eq!(flash.word(0), 0);
    }

    #[test]
    fn words_of_ones_are_not_written() {
        let flash = FakeFlash::new(1, 0xFFFF_FFFF);
        for _ in 0..5 {
            let mut write = Write::new(0, 4);
            assert_eq!(write.step(&flash, |_| 0xFFFF_FFFF), Progress::Finished);
        }
        assert_eq!(flash.writes.borrow()[0], 0);
    }
}
