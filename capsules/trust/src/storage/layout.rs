//! How many bytes the parts of a sector take on the flash ([`super::format`] says what they are).

use meter_hil::sector_flash::SECTOR_SIZE;

/// Bytes of the key of an owner.
pub const KEY_BYTES: usize = 16;
/// Bytes of the root that all keys come from.
pub const ROOT_BYTES: usize = 32;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;
/// Bytes of an authentication tag.
pub const TAG_BYTES: usize = 16;
/// Bytes of a mark.
pub const MARK_BYTES: usize = 4;
/// Bytes of a sector header.
pub const HEADER_BYTES: usize = 8 + NONCE_BYTES + TAG_BYTES;

/// Bytes before the ciphertext of a slot.
pub(super) const SLOT_HEAD: usize = MARK_BYTES + NONCE_BYTES;
/// Bytes of the length within the plaintext.
pub(super) const LENGTH_BYTES: usize = 2;

/// Bytes of the ciphertext of a record with a payload of at most `record` bytes.
pub(super) const fn ciphertext_bytes(record: u16) -> usize {
    (LENGTH_BYTES + record as usize).next_multiple_of(4)
}

/// Returns how many bytes the slot of a record with a payload of at most `record` bytes
/// takes.
pub const fn slot_bytes(record: u16) -> u32 {
    (SLOT_HEAD + ciphertext_bytes(record) + TAG_BYTES + MARK_BYTES) as u32
}

/// Returns how many slots of records with a payload of at most `record` bytes a sector has.
pub const fn slots_per_sector(record: u16) -> u32 {
    (SECTOR_SIZE - HEADER_BYTES as u32) / slot_bytes(record)
}
