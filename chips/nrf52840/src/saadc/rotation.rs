//! Which buffer the SAADC fills, which waits, and what was lost, from a count of blocks.
//!
//! RESULT.PTR is double-buffered: START takes over the address, and from then on
//! the next one can be written. END restarts the converter through PPI, with
//! whatever address stands in RESULT.PTR. As long as a new address is written
//! within a block's time nothing is lost. When it is not, the block just filled is
//! overwritten; a hardware counter of END events tells how often that happened, so
//! a loss is never silent.

/// A buffer, by number.
pub type Slot = u8;

/// What the converter is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filling {
    /// It fills this buffer; RESULT.PTR holds it too.
    One(Slot),
    /// It fills the first; RESULT.PTR holds the second.
    Next(Slot, Slot),
    /// RESULT.PTR was changed from the first to the second in the very moment of an
    /// END: it fills one of the two, and the second from the next END on. The block
    /// under way counts as lost.
    Either(Slot, Slot),
}

/// A block that was filled and not overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Where it is.
    pub slot: Slot,
    /// Blocks ended after it: its end is so many block times older than the last END.
    pub blocks_since: u32,
    /// Blocks lost between the block delivered before and this one.
    pub lost_blocks: u32,
}

/// What a look at the counter brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// A filled buffer to hand out.
    pub filled: Option<Filled>,
    /// A buffer that is free again without being filled.
    pub freed: Option<Slot>,
}

/// The state of the rotation.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    filling: Filling,
    handled: u32,
    lost_blocks: u32,
}

impl Rotation {
    /// START was given with RESULT.PTR at `slot`, the counter at 0.
    pub fn started(slot: Slot) -> Self {
        Rotation {
            filling: Filling::One(slot),
            handled: 0,
            lost_blocks: 0,
        }
    }

    /// Returns whether RESULT.PTR can take a next buffer.
    pub fn wants_next(&self) -> bool {
        self.lone().is_some()
    }

    /// Returns the buffer that the converter fills again and again for want of a
    /// next one.
    pub fn lone(&self) -> Option<Slot> {
        match self.filling {
            Filling::One(slot) => Some(slot),
            _ => None,
        }
    }

    /// Returns how many END events the counter shows beyond those that were
    /// handled.
    pub fn unhandled(&self, ends: u32) -> u32 {
        ends.wrapping_sub(self.handled)
    }

    /// Takes note that the counter stands at `ends`, and says what has been filled
    /// or freed since the last look.
    pub fn advance(&mut self, ends: u32) -> Outcome {
        let ended = self.unhandled(ends);
        if ended == 0 {
            return Outcome::default();
        }
        self.handled = ends;
        match self.filling {
            Filling::Next(done, now) => {
                let lost_blocks = core::mem::replace(&mut self.lost_blocks, ended - 1);
                self.filling = Filling::One(now);
                Outcome {
                    filled: Some(Filled {
                        slot: done,
                        blocks_since: ended - 1,
                        lost_blocks,
                    }),
                    freed: None,
                }
            }
            Filling::One(_) => {
                self.lost_blocks += ended;
                Outcome::default()
            }
            Filling::Either(before, now) => {
                self.lost_blocks += ended;
                self.filling = Filling::One(now);
                Outcome {
                    filled: None,
                    freed: Some(before),
                }
            }
        }
    }

    /// RESULT.PTR was set to `slot`, and the counter stood at `ends` afterwards.
    /// `settled`: the last END was long enough ago for its START to have taken the
    /// address that stood there before.
    pub fn provided(&mut self, slot: Slot, ends: u32, settled: bool) {
        if let Filling::One(now) = self.filling {
            let ended = self.unhandled(ends);
            self.handled = ends;
            self.lost_blocks += ended;
            self.filling = if ended == 0 && settled {
                Filling::Next(now, slot)
            } else {
                Filling::Either(now, slot)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(slot: Slot, blocks_since: u32, lost_blocks: u32) -> Outcome {
        Outcome {
            filled: Some(Filled {
                slot,
                blocks_since,
                lost_blocks,
            }),
            freed: None,
        }
    }

    #[test]
    fn two_buffers_take_turns_without_loss() {
        let mut rotation = Rotation::started(0);
        rotation.provided(1, 0, true);
        for block in 0..1000 {
            let slot = (block % 2) as Slot;
            assert_eq!(rotation.advance(block), Outcome::default());
            assert_eq!(rotation.advance(block + 1), filled(slot, 0, 0));
            assert!(rotation.wants_next());
            rotation.provided(slot, block + 1, true);
            assert!(!rotation.wants_next());
        }
    }

    #[test]
    fn a_late_hand_over_delivers_the_intact_block_and_reports_the_others() {
        let mut rotation = Rotation::started(0);
        rotation.provided(1, 0, true);
        // Blocks 1, 2 and 3 ended before anybody looked: 2 and 3 went over each other.
        assert_eq!(rotation.advance(3), filled(0, 2, 0));
        rotation.provided(0, 3, true);
        assert_eq!(rotation.advance(4), filled(1, 0, 2));
        rotation.provided(1, 4, true);
        assert_eq!(rotation.advance(5), filled(0, 0, 0));
    }

    #[test]
    fn without_a_next_buffer_blocks_are_lost_and_counted() {
        let mut rotation = Rotation::started(0);
        assert_eq!(rotation.advance(2), Outcome::default());
        rotation.provided(1, 2, true);
        assert_eq!(rotation.advance(3), filled(0, 0, 2));
    }

    #[test]
    fn a_tie_of_end_and_hand_over_costs_one_block_that_is_counted() {
        let mut rotation = Rotation::started(0);
        rotation.provided(1, 1, true);
        assert!(!rotation.wants_next());
        let freed = Outcome {
            filled: None,
            freed: Some(0),
        };
        // The END of the tie was counted; this is that of the block under way then.
        assert_eq!(rotation.advance(2), freed);
        rotation.provided(0, 2, true);
        assert_eq!(rotation.advance(3), filled(1, 0, 2));
    }

    #[test]
    fn a_hand_over_before_start_has_settled_is_a_tie_too() {
        let mut rotation = Rotation::started(0);
        rotation.provided(1, 0, false);
        assert_eq!(rotation.advance(1).freed, Some(0));
        rotation.provided(0, 1, true);
        assert_eq!(rotation.advance(2), filled(1, 0, 1));
    }

    #[test]
    fn the_counter_may_wrap() {
        let mut rotation = Rotation::started(0);
        rotation.handled = u32::MAX;
        rotation.provided(1, u32::MAX, true);
        assert_eq!(rotation.advance(0), filled(0, 0, 0));
    }

    /// The converter by the part's rules, as a reference: START latches PTR, and a
    /// block that is overwritten before it was handed out is lost.
    struct Converter {
        pointer: Slot,
        filling: Slot,
        ends: u32,
        /// Number of the block that each buffer holds.
        holds: [Option<u32>; 3],
    }

    impl Converter {
        fn end(&mut self) {
            self.ends += 1;
            self.holds[usize::from(self.filling)] = Some(self.ends);
            self.filling = self.pointer;
            self.holds[usize::from(self.filling)] = None;
        }
    }

    #[test]
    fn whatever_the_delays_every_block_is_delivered_once_or_counted_lost() {
        let mut seed = 12345u32;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        let mut converter = Converter {
            pointer: 0,
            filling: 0,
            ends: 0,
            holds: [None; 3],
        };
        let mut rotation = Rotation::started(0);
        let mut free = vec![1, 2];
        let (mut delivered, mut lost_blocks) = (0u32, 0u32);
        for _ in 0..100_000 {
            for _ in 0..random(4) {
                converter.end();
            }
            let outcome = rotation.advance(converter.ends);
            if let Some(filled) = outcome.filled {
                let number = converter.holds[usize::from(filled.slot)];
                lost_blocks += filled.lost_blocks;
                delivered += 1;
                // It holds the very block that the counts say, untouched.
                assert_eq!(number, Some(delivered + lost_blocks));
                assert_eq!(number, Some(converter.ends - filled.blocks_since));
                free.push(filled.slot);
            }
            free.extend(outcome.freed);
            if rotation.wants_next() && random(3) > 0 {
                if let Some(slot) = free.pop() {
                    // An END just before, or just after, the address is written.
                    let tie = random(10);
                    if tie == 0 {
                        converter.end();
                    }
                    converter.pointer = slot;
                    if tie == 1 {
                        converter.end();
                    }
                    rotation.provided(slot, converter.ends, true);
                }
            }
        }
        assert!(delivered > 10_000 && lost_blocks > 10_000);
    }
}
