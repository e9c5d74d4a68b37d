//! Blocks of samples by EasyDMA into buffers that take turns.

use super::hardware::Hardware;
use super::rotation::{Rotation, Slot};
use crate::dma::DmaBuffer;
use core::cell::Cell;

/// Microseconds after END by which START has surely taken its address.
const SETTLED_US: u32 = 50;

/// A filled buffer.
pub struct Block<T: 'static> {
    /// The buffer, as it was given.
    pub buffer: &'static mut [T],
    /// Samples in it.
    pub samples: usize,
    /// Blocks that ended after it.
    pub blocks_since: u32,
    /// Blocks lost between the block delivered before and this one.
    pub lost_blocks: u32,
}

/// The driver's own memory, where samples go that nobody wants.
const SPILL: Slot = 2;

/// A buffer and how many samples go into it.
struct Place<T: 'static> {
    buffer: DmaBuffer<T>,
    samples: usize,
}

/// The two buffers that the converter holds at most.
pub struct Blocks<T: 'static> {
    places: [Cell<Option<Place<T>>>; 2],
    rotation: Cell<Option<Rotation>>,
    /// STARTED was seen for the last END.
    start_seen: Cell<bool>,
}

impl<T> Blocks<T> {
    /// Makes the rotation's memory, without buffers.
    pub const fn new() -> Self {
        Blocks {
            places: [Cell::new(None), Cell::new(None)],
            rotation: Cell::new(None),
            start_seen: Cell::new(false),
        }
    }

    /// Keeps both buffers for [`Blocks::start`]. With `more` 0 there is no second
    /// block; its buffer is only kept.
    pub fn put(
        &self,
        first: &'static mut [T],
        samples: usize,
        second: &'static mut [T],
        more: usize,
    ) {
        self.keep(0, first, samples);
        self.keep(1, second, more);
    }

    /// Returns whether no buffers are kept.
    pub fn is_empty(&self) -> bool {
        self.places.iter().all(is_free)
    }

    fn keep(&self, slot: usize, buffer: &'static mut [T], samples: usize) {
        self.places[slot].set(Some(Place {
            buffer: DmaBuffer::lend(buffer),
            samples,
        }));
    }

    /// Starts to fill the first buffer.
    pub fn start(&self, hardware: &Hardware) {
        self.point(hardware, 0);
        self.rotation.set(Some(Rotation::started(0)));
        self.start_seen.set(false);
        hardware.start();
    }

    /// STARTED came: offers the converter the second buffer, or tells what was
    /// filled. `ends` is the count of END events.
    pub fn started(&self, hardware: &Hardware, ends: u32) -> Option<Block<T>> {
        let mut rotation = self.rotation.get()?;
        let ended = rotation.unhandled(ends);
        // With more than one END the STARTED seen may be an older one's.
        self.start_seen.set(ended <= 1);
        let outcome = rotation.advance(ends);
        self.rotation.set(Some(rotation));
        if let Some(slot) = outcome.freed.filter(|slot| *slot != SPILL) {
            self.offer(hardware, slot);
        } else if ends == 0 && rotation.wants_next() && self.samples_of(1) > 0 {
            self.offer(hardware, 1);
        }
        let filled = outcome.filled?;
        let place = self.places.get(usize::from(filled.slot))?.take()?;
        Some(Block {
            // SAFETY: the block's END was counted and START has gone to the other
            // buffer: the rotation hands out no buffer that may be written.
            buffer: unsafe { place.buffer.reclaim() },
            samples: place.samples,
            blocks_since: filled.blocks_since,
            lost_blocks: filled.lost_blocks,
        })
    }

    /// Gives the next buffer to fill.
    ///
    /// # Errors
    /// Gives the buffer back if one waits already.
    pub fn provide(
        &self,
        hardware: &Hardware,
        buffer: &'static mut [T],
        samples: usize,
    ) -> Result<(), &'static mut [T]> {
        let wants = self
            .rotation
            .get()
            .is_some_and(|rotation| rotation.wants_next());
        let free = self.places.iter().position(is_free);
        match free {
            Some(slot) if wants => {
                self.keep(slot, buffer, samples);
                self.offer(hardware, slot as Slot);
                Ok(())
            }
            _ => Err(buffer),
        }
    }

    /// Without a next buffer END would start the block just filled anew: sends the
    /// converter to `memory` instead, for one sample at a time. A buffer that is given
    /// later follows once the block has ended.
    pub fn spill(&self, hardware: &Hardware, memory: &DmaBuffer<T>) {
        let lone = self.rotation.get().and_then(|rotation| rotation.lone());
        if lone.is_some_and(|slot| slot != SPILL) {
            hardware.set_result(memory.address(0), 1);
            self.offered(hardware, SPILL);
        }
    }

    /// Takes both buffers back.
    ///
    /// # Safety
    ///
    /// The converter must have stopped, or never been started since [`Blocks::put`].
    pub unsafe fn take_back(&self) -> [Option<&'static mut [T]>; 2] {
        self.rotation.set(None);
        [0, 1].map(|slot: usize| {
            self.places[slot].take().map(|place| {
                // SAFETY: the caller says that the converter has stopped.
                unsafe { place.buffer.reclaim() }
            })
        })
    }

    fn offer(&self, hardware: &Hardware, slot: Slot) {
        self.point(hardware, slot);
        self.offered(hardware, slot);
    }

    /// RESULT.PTR was set to `slot`.
    fn offered(&self, hardware: &Hardware, slot: Slot) {
        let Some(mut rotation) = self.rotation.get() else {
            return;
        };
        let ends = hardware.ends();
        let settled = self.start_seen.get() || hardware.since_end() >= SETTLED_US;
        rotation.provided(slot, ends, settled);
        self.rotation.set(Some(rotation));
    }

    fn point(&self, hardware: &Hardware, slot: Slot) {
        let Some(place) = self.places.get(usize::from(slot)) else {
            return;
        };
        if let Some(kept) = place.take() {
            hardware.set_result(kept.buffer.address(0), kept.samples);
            place.set(Some(kept));
        }
    }

    fn samples_of(&self, slot: Slot) -> usize {
        let place = &self.places[usize::from(slot)];
        let kept = place.take();
        let samples = kept.as_ref().map_or(0, |kept| kept.samples);
        place.set(kept);
        samples
    }
}

fn is_free<T>(place: &Cell<Option<Place<T>>>) -> bool {
    let kept = place.take();
    let free = kept.is_none();
    place.set(kept);
    free
}
