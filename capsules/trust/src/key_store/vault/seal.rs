//! The vault's own keys, and what they seal.

use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::cipher::BlockEncrypt;
use aes_gcm::aes::{Aes128, Block};
use aes_gcm::Aes128Gcm;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use super::format::{AnchorHeader, BankHeader, Head};

const STORE_LABEL: &[u8] = b"key store";
const ANCHOR_LABEL: &[u8] = b"anchor";

/// Bytes of a nonce.
pub const NONCE: usize = 12;
/// Bytes of a record's tag.
pub const TAG: usize = 16;

/// Where a record stands. Part of what its tags cover, so that a record that was
/// moved is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bank.
    pub bank: usize,
    /// Sequence of the bank: no two contents of a bank have the same.
    pub bank_sequence: u32,
    /// Slot in the bank.
    pub slot: usize,
}

/// The keys, derived from the storage root.
pub struct Keys {
    content: [u8; 16],
    head: [u8; 16],
    bank: [u8; 32],
    anchor: [u8; 32],
}

impl Keys {
    /// Makes keys that are all zeros, until they are derived.
    pub const fn none() -> Self {
        Keys {
            content: [0; 16],
            head: [0; 16],
            bank: [0; 32],
            anchor: [0; 32],
        }
    }

    /// The keys of this root: HKDF-SHA-256 without salt, labels "key store"
    /// (content 16, head 16, bank header 32 bytes) and "anchor" (32 bytes). In
    /// place, because values that move leave copies on the stack.
    #[inline(never)]
    pub fn derive(&mut self, root: &[u8; 32]) {
        let root = Hkdf::<Sha256>::new(None, root);
        let mut store = [0; 64];
        // Fails only beyond 8,160 bytes.
        let derived = root.expand(STORE_LABEL, &mut store).is_ok()
            && root.expand(ANCHOR_LABEL, &mut self.anchor).is_ok();
        debug_assert!(derived);
        self.content.copy_from_slice(&store[..16]);
        self.head.copy_from_slice(&store[16..32]);
        self.bank.copy_from_slice(&store[32..]);
        store.zeroize();
    }

    /// What gives heads their tags. To be kept no longer than heads are read.
    pub fn head_tags(&self) -> HeadTags {
        HeadTags(Aes128::new(&self.head.into()))
    }

    /// Returns the tag, of 4 words, of the header of bank `bank`.
    pub fn bank_tag(&self, header: BankHeader, bank: usize) -> [u32; 4] {
        header_tag(&self.bank, &header.to_words(), bank)
    }

    /// Returns the tag, of 4 words, of the header of the anchor's page `page`.
    pub fn anchor_tag(&self, header: AnchorHeader, page: usize) -> [u32; 4] {
        header_tag(&self.anchor, &header.to_words(), page)
    }

    /// Encrypts content in place, bound to its head and place, and returns its tag.
    pub fn seal(&self, head: &Head, place: Place, nonce: &[u8], content: &mut [u8]) -> [u8; TAG] {
        let mut nonce_bytes = [0; NONCE];
        nonce_bytes.copy_from_slice(nonce);
        let cipher = Aes128Gcm::new(&self.content.into());
        let sealed =
            cipher.encrypt_in_place_detached(&nonce_bytes.into(), &covered(head, place), content);
        // Fails only beyond 64 GB.
        sealed.map_or([0; TAG], Into::into)
    }

    /// Opens content in place; false if anything of it was changed. Then the
    /// content is wiped.
    pub fn open(
        &self,
        head: &Head,
        place: Place,
        nonce: &[u8; NONCE],
        content: &mut [u8],
        tag: &[u8; TAG],
    ) -> bool {
        let cipher = Aes128Gcm::new(&self.content.into());
        let covered = covered(head, place);
        let opened =
            cipher.decrypt_in_place_detached(&(*nonce).into(), &covered, content, &(*tag).into());
        if opened.is_err() {
            content.zeroize();
        }
        opened.is_ok()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.content.zeroize();
        self.head.zeroize();
        self.bank.zeroize();
        self.anchor.zeroize();
    }
}

/// Gives heads their tags.
pub struct HeadTags(Aes128);

impl HeadTags {
    /// Returns the tag, of one word, of a head at this place.
    pub fn tag(&self, head: &Head, place: Place) -> u32 {
        let [first, second, third] = head.to_words();
        let fourth = (place.slot as u32) << 16 | place.bank_sequence & 0xFFFF;
        let mut block = Block::default();
        let words = [first, second, third, fourth];
        for (bytes, word) in block.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        self.0.encrypt_block(&mut block);
        u32::from_le_bytes([block[0], block[1], block[2], block[3]])
    }
}

/// What the tag of a record covers beside the content.
fn covered(head: &Head, place: Place) -> [u8; 24] {
    let [first, second, third] = head.to_words();
    let words = [
        first,
        second,
        third,
        place.slot as u32,
        place.bank as u32,
        place.bank_sequence,
    ];
    let mut covered = [0; 24];
    for (bytes, word) in covered.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    covered
}

fn header_tag(key: &[u8; 32], words: &[u32], place: usize) -> [u32; 4] {
    // A key of any length will do for HMAC.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else {
        return [0; 4];
    };
    for word in words {
        mac.update(&word.to_le_bytes());
    }
    mac.update(&(place as u32).to_le_bytes());
    let tag = mac.finalize().into_bytes();
    core::array::from_fn(|index| {
        let bytes = &tag[4 * index..4 * index + 4];
        bytes
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u32::from(*byte))
    })
}
