//! Many regions of word-granular flash on one flash controller.
//!
//! Each user sees pages of its own, numbered from 0, and can reach no others.
//! Writes go to the controller one after another, and so do erases, beside them;
//! a user that waits comes next in the order in which the regions were added, so
//! that none starves.

use core::cell::Cell;

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

use meter_hil::word_flash::{WordFlash, WordFlashClient};

/// What a region has asked for and does not have yet.
#[derive(Clone, Copy)]
enum Operation {
    Write { word: usize, value: u32 },
    Erase { page: usize },
}

/// What goes on side by side.
#[derive(Clone, Copy)]
enum Lane {
    Writes,
    Erases,
}

/// How many lanes there are.
const LANES: usize = 2;

impl Operation {
    fn lane(self) -> Lane {
        match self {
            Operation::Write { .. } => Lane::Writes,
            Operation::Erase { .. } => Lane::Erases,
        }
    }
}

/// Where a region stands with its operation in a lane.
#[derive(Clone, Copy)]
enum Stage {
    Idle,
    Waiting(Operation),
    Running,
}

/// One flash controller for `REGIONS` users.
pub struct MuxWordFlash<'a, F: WordFlash<'a>, const REGIONS: usize> {
    flash: &'a F,
    regions: [OptionalCell<&'a dyn Turn>; REGIONS],
    /// The place of the region whose operation runs in each lane.
    running: [Cell<Option<usize>>; LANES],
}

impl<'a, F: WordFlash<'a>, const REGIONS: usize> MuxWordFlash<'a, F, REGIONS> {
    /// A multiplexer on `flash`, whose client it must be made and whose only
    /// user it must be: nobody tells it when somebody else's operation ends.
    pub const fn new(flash: &'a F) -> Self {
        Self {
            flash,
            regions: [const { OptionalCell::empty() }; REGIONS],
            running: [const { Cell::new(None) }; LANES],
        }
    }

    /// Gives the lane to the first region that waits for it, seen from `first`.
    fn next(&self, lane: Lane, first: usize) {
        let running = &self.running[lane as usize];
        for offset in 0..REGIONS {
            if running.get().is_some() {
                return;
            }
            let place = (first + offset) % REGIONS;
            if let Some(region) = self.regions[place].get() {
                // Set before the start: the controller may refuse, never finish, within it.
                running.set(Some(place));
                if !region.start(lane) {
                    running.set(None);
                }
            }
        }
    }

    fn finished(&self, lane: Lane, result: Result<(), ErrorCode>) {
        let Some(place) = self.running[lane as usize].take() else {
            return;
        };
        // Others first: what this one asks for within its call waits its turn.
        self.next(lane, place + 1);
        if let Some(region) = self.regions[place].get() {
            region.finished(lane, result);
        }
        self.next(lane, place + 1);
    }
}

impl<'a, F: WordFlash<'a>, const REGIONS: usize> WordFlashClient for MuxWordFlash<'a, F, REGIONS> {
    fn written(&self, result: Result<(), ErrorCode>) {
        self.finished(Lane::Writes, result);
    }

    fn erased(&self, result: Result<(), ErrorCode>) {
        self.finished(Lane::Erases, result);
    }
}

/// What the multiplexer asks of a region.
trait Turn {
    /// Starts the operation that waits; false when there is none.
    fn start(&self, lane: Lane) -> bool;
    /// The operation that ran has ended.
    fn finished(&self, lane: Lane, result: Result<(), ErrorCode>);
}

/// Some pages of the flash behind a multiplexer.
pub struct WordFlashRegion<'a, F: WordFlash<'a>, const REGIONS: usize> {
    mux: &'a MuxWordFlash<'a, F, REGIONS>,
    first_page: usize,
    pages: usize,
    words_per_page: usize,
    stages: [Cell<Stage>; LANES],
    client: OptionalCell<&'a dyn WordFlashClient>,
}

impl<'a, F: WordFlash<'a>, const REGIONS: usize> WordFlashRegion<'a, F, REGIONS> {
    /// `pages` pages of `words_per_page` words from `first_page` of the whole
    /// flash on. It works after [`Self::setup`].
    pub const fn new(
        mux: &'a MuxWordFlash<'a, F, REGIONS>,
        first_page: usize,
        pages: usize,
        words_per_page: usize,
    ) -> Self {
        Self {
            mux,
            first_page,
            pages,
            words_per_page,
            stages: [const { Cell::new(Stage::Idle) }; LANES],
            client: OptionalCell::empty(),
        }
    }

    /// Adds the region to its multiplexer. To be called once, before anything else.
    ///
    /// # Errors
    /// Fails with `NOMEM` if the multiplexer has no place left.
    pub fn setup(&'a self) -> Result<(), ErrorCode> {
        let place = self.mux.regions.iter().find(|place| place.is_none());
        place.ok_or(ErrorCode::NOMEM)?.set(self);
        Ok(())
    }

    fn ask(&self, operation: Operation) -> Result<(), ErrorCode> {
        let lane = operation.lane();
        let stage = &self.stages[lane as usize];
        if !matches!(stage.get(), Stage::Idle) {
            return Err(ErrorCode::BUSY);
        }
        stage.set(Stage::Waiting(operation));
        self.mux.next(lane, 0);
        Ok(())
    }
}

impl<'a, F: WordFlash<'a>, const REGIONS: usize> Turn for WordFlashRegion<'a, F, REGIONS> {
    fn start(&self, lane: Lane) -> bool {
        let stage = &self.stages[lane as usize];
        let Stage::Waiting(operation) = stage.get() else {
            return false;
        };
        let started = match operation {
            Operation::Write { word, value } => self
                .mux
                .flash
                .write(self.first_page * self.words_per_page + word, value),
            Operation::Erase { page } => self.mux.flash.erase(self.first_page + page),
        };
        if started.is_ok() {
            stage.set(Stage::Running);
        }
        started.is_ok()
    }

    fn finished(&self, lane: Lane, result: Result<(), ErrorCode>) {
        self.stages[lane as usize].set(Stage::Idle);
        if let Some(client) = self.client.get() {
            match lane {
                Lane::Writes => client.written(result),
                Lane::Erases => client.erased(result),
            }
        }
    }
}

impl<'a, F: WordFlash<'a>, const REGIONS: usize> WordFlash<'a> for WordFlashRegion<'a, F, REGIONS> {
    fn set_client(&self, client: &'a dyn WordFlashClient) {
        self.client.set(client);
    }

    fn read(&self, word: usize) -> u32 {
        // A word outside of the region reads as erased flash does.
        if word < self.pages * self.words_per_page {
            self.mux
                .flash
                .read(self.first_page * self.words_per_page + word)
        } else {
            u32::MAX
        }
    }

    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode> {
        if word >= self.pages * self.words_per_page {
            return Err(ErrorCode::INVAL);
        }
        self.ask(Operation::Write { word, value })
    }

    fn erase(&self, page: usize) -> Result<(), ErrorCode> {
        if page >= self.pages {
            return Err(ErrorCode::INVAL);
        }
        self.ask(Operation::Erase { page })
    }
}

#[cfg(test)]
mod tests;
