//! RAM that no process has: pieces that processes' blocks are cut out of.

use crate::platform::chip::Chip;
use crate::process::standard::Surroundings;
use crate::process::{ProcessBinary, ProcessLoadError, ProcessStandard, ShortId};

/// Pieces that are kept: each block cut out of the middle of one makes one more.
/// Beyond so many the least is left unused.
const PIECES: usize = 10;

/// Free RAM, by ascending addresses.
pub(super) struct FreeMemory {
    pieces: [Option<&'static mut [u8]>; PIECES],
}

impl FreeMemory {
    /// All of `memory` is free.
    pub(super) fn new(memory: &'static mut [u8]) -> Self {
        let mut pieces = [const { None }; PIECES];
        pieces[0] = Some(memory);
        Self { pieces }
    }

    /// Makes a process in the piece that has its fixed address, else in the first
    /// that has room for it.
    pub(super) fn create<C: Chip>(
        &mut self,
        surroundings: &Surroundings<C>,
        binary: &ProcessBinary,
        app_id: ShortId,
        index: usize,
    ) -> Result<&'static ProcessStandard<C>, ProcessLoadError> {
        let fixed = binary.header.get_fixed_address_ram();
        let mut failure = match fixed {
            None => ProcessLoadError::NotEnoughMemory,
            Some(expected_address) => ProcessLoadError::MemoryAddressMismatch {
                actual_address: self.first_address() as u32,
                expected_address,
            },
        };
        for position in 0..PIECES {
            let Some(piece) = self.pieces[position].take_if(|piece| {
                fixed.is_none_or(|address| {
                    let range = piece.as_ptr_range();
                    (range.start.addr()..range.end.addr()).contains(&(address as usize))
                })
            }) else {
                continue;
            };
            match ProcessStandard::create(surroundings, binary, piece, app_id, index) {
                Ok((process, before, after)) => {
                    self.give_back(position, before, after);
                    return Ok(process);
                }
                Err((error, piece)) => {
                    self.pieces[position] = Some(piece);
                    failure = error;
                }
            }
        }
        Err(failure)
    }

    fn first_address(&self) -> usize {
        let first = self.pieces.iter().flatten().next();
        first.map_or(0, |piece| piece.as_ptr().addr())
    }

    /// Puts what a block has left of a piece into its place.
    fn give_back(&mut self, position: usize, before: &'static mut [u8], after: &'static mut [u8]) {
        if before.is_empty() || after.is_empty() {
            let rest = if before.is_empty() { after } else { before };
            self.pieces[position] = Some(rest).filter(|rest| !rest.is_empty());
            return;
        }
        self.pieces[position] = Some(before);
        let places = &mut self.pieces[position + 1..];
        match places.iter().position(Option::is_none) {
            Some(free) => {
                places[..=free].rotate_right(1);
                places[0] = Some(after);
            }
            None => self.keep_the_larger(position, after),
        }
    }

    /// Without a place for both, the smaller part is left unused.
    fn keep_the_larger(&mut self, position: usize, other: &'static mut [u8]) {
        if let Some(kept) = &mut self.pieces[position] {
            if other.len() > kept.len() {
                *kept = other;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    /// Cuts `from..to` out of the piece that holds it.
    fn cut(free: &mut FreeMemory, base: usize, from: usize, to: usize) {
        let holds = |piece: &[u8]| {
            let start = piece.as_ptr().addr() - base;
            start <= from && to <= start + piece.len()
        };
        let position = free
            .pieces
            .iter()
            .position(|piece| piece.as_deref().is_some_and(holds))
            .unwrap();
        let piece = free.pieces[position].take().unwrap();
        let start = piece.as_ptr().addr() - base;
        let (before, rest) = piece.split_at_mut(from - start);
        let (_, after) = rest.split_at_mut(to - from);
        free.give_back(position, before, after);
    }

    fn ranges(free: &FreeMemory, base: usize) -> Vec<(usize, usize)> {
        let pieces = free.pieces.iter().flatten();
        pieces
            .map(|piece| {
                let range = piece.as_ptr_range();
                (range.start.addr() - base, range.end.addr() - base)
            })
            .collect()
    }

    fn all(length: usize) -> (FreeMemory, usize) {
        let memory = vec![0; length].leak();
        let base = memory.as_ptr().addr();
        (FreeMemory::new(memory), base)
    }

    #[test]
    fn what_lies_before_a_block_stays_free_and_in_order() {
        let (mut free, base) = all(1000);
        cut(&mut free, base, 500, 600);
        assert_eq!(ranges(&free, base), [(0, 500), (600, 1000)]);
        cut(&mut free, base, 0, 100);
        cut(&mut free, base, 900, 1000);
        assert_eq!(ranges(&free, base), [(100, 500), (600, 900)]);
        cut(&mut free, base, 200, 300);
        assert_eq!(ranges(&free, base), [(100, 200), (300, 500), (600, 900)]);
        cut(&mut free, base, 100, 200);
        assert_eq!(ranges(&free, base), [(300, 500), (600, 900)]);
        cut(&mut free, base, 650, 700);
        assert_eq!(ranges(&free, base), [(300, 500), (600, 650), (700, 900)]);
    }

    #[test]
    fn without_a_place_for_both_parts_the_smaller_is_left_out() {
        let (mut free, base) = all(10_000);
        for block in 1..PIECES {
            cut(&mut free, base, block * 100, block * 100 + 10);
        }
        assert_eq!(ranges(&free, base).len(), PIECES);
        cut(&mut free, base, 1_000, 1_010);
        let ranges = ranges(&free, base);
        assert_eq!(ranges.len(), PIECES);
        assert_eq!(ranges[PIECES - 1], (1_010, 10_000));
        assert_eq!(ranges[0], (0, 100));
    }
}
