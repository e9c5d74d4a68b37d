//! Looks for known secrets in whole memory images.

use std::collections::{BTreeSet, HashMap};

/// Bytes of a secret that must turn up together to count. Chance makes as many in a
/// megabyte once in a million million searches for one of them.
const PIECE: usize = 8;

/// Secrets, cut into pieces that are looked for in every order that code has:
/// bytes as they are, all reversed, words of four bytes each reversed.
#[derive(Default)]
pub struct Secrets {
    pieces: HashMap<[u8; PIECE], String>,
    /// First two bytes of a piece.
    starts: BTreeSet<[u8; 2]>,
    /// The same as a table, as most places are none.
    table: Vec<bool>,
}

/// Part of a secret that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where, in bytes from the start of the image.
    pub at: usize,
    /// What of.
    pub name: String,
}

impl Secrets {
    /// Adds a secret of at least eight bytes.
    ///
    /// # Panics
    /// When it is shorter, or so regular that pieces of it are found by chance.
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= PIECE, "{name}");
        for offset in (0..=secret.len() - PIECE).step_by(4) {
            let mut piece = [0; PIECE];
            piece.copy_from_slice(&secret[offset..offset + PIECE]);
            let distinct: BTreeSet<_> = piece.iter().collect();
            assert!(distinct.len() > 3, "{name} is too regular");
            let reversed: [u8; PIECE] = std::array::from_fn(|at| piece[PIECE - 1 - at]);
            let words: [u8; PIECE] = std::array::from_fn(|at| piece[at ^ 3]);
            for (order, bytes) in [("", piece), (", reversed", reversed), (", words", words)] {
                let of = format!("{name} from byte {offset}{order}");
                self.starts.insert([bytes[0], bytes[1]]);
                self.pieces.insert(bytes, of);
            }
        }
        self.table = vec![false; 1 << 16];
        for start in &self.starts {
            self.table[usize::from(u16::from_le_bytes(*start))] = true;
        }
    }

    /// Returns every piece in an image.
    pub fn find(&self, image: &[u8]) -> Vec<Finding> {
        let candidates = image.windows(PIECE).enumerate().filter(|(_, window)| {
            let start = u16::from_le_bytes([window[0], window[1]]);
            self.table.get(usize::from(start)).copied().unwrap_or(false)
        });
        candidates
            .filter_map(|(at, window)| {
                let name = self.pieces.get(window)?.clone();
                Some(Finding { at, name })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_found_in_every_order() {
        let secret: [u8; 16] = std::array::from_fn(|at| at as u8 * 11 + 3);
        let mut secrets = Secrets::default();
        secrets.add("it", &secret);
        let mut image = vec![0; 200];
        assert_eq!(secrets.find(&image), []);
        image[50..66].copy_from_slice(&secret);
        let found: Vec<_> = secrets.find(&image).iter().map(|one| one.at).collect();
        assert_eq!(found, [50, 54, 58]);
        let mut reversed = secret;
        reversed.reverse();
        image[50..66].copy_from_slice(&reversed);
        assert_eq!(secrets.find(&image).len(), 3);
        for (at, byte) in secret.iter().enumerate() {
            image[50 + (at ^ 3)] = *byte;
        }
        assert_eq!(secrets.find(&image).len(), 3);
        image[50..66].fill(0);
        image[101..109].copy_from_slice(&secret[4..12]);
        assert_eq!(secrets.find(&image).len(), 1, "at any place, of any part");
    }
}
