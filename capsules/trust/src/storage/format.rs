//! What stands on the flash, byte by byte, and how it is sealed.
//!
//! docs/storage.md has the tables. A sector begins with a header; slots of equal
//! size follow and do not straddle sectors:
//!
//! | header | bytes | | slot | bytes |
//! |---|---|---|---|---|
//! | magic | 4 | | begin mark | 4 |
//! | sector sequence | 4 | | nonce | 12 |
//! | nonce | 12 | | ciphertext: length u16, payload, zeros | 2 + record, to a multiple of 4 |
//! | tag | 16 | | tag | 16 |
//! | | | | end mark | 4 |

use aes_gcm::aead::AeadInPlace;
use aes_gcm::{Aes128Gcm, KeyInit};
use flash_formats::STORAGE;
use hkdf::Hkdf;
use kernel::ErrorCode;
use sha2::Sha256;

use super::layout::{
    ciphertext_bytes, HEADER_BYTES, KEY_BYTES, LENGTH_BYTES, MARK_BYTES, NONCE_BYTES, ROOT_BYTES,
    SLOT_HEAD, TAG_BYTES,
};
use super::policy::Partition;
use meter_hil::sector_flash::{ERASED, SECTOR_SIZE};

/// "WLS" and the version of the format.
const MAGIC: [u8; 4] = [b'W', b'L', b'S', STORAGE.version];
/// Label of the keys.
const LABEL: &[u8] = b"storage";

/// A mark that is set. Setting it again harms nothing, so that a mark which was
/// half set when power failed can always be finished.
pub const MARK: [u8; MARK_BYTES] = [0; MARK_BYTES];

/// What a seal is about, so that none can stand for another.
#[derive(Clone, Copy)]
enum Sealed {
    Header = 0,
    Record = 1,
}

impl Partition {
    /// Address of the sector of this sequence.
    pub(super) fn sector_address(&self, sequence: u32) -> u32 {
        (self.first_sector + sequence % self.sectors) * SECTOR_SIZE
    }

    /// Sequence of the sector of a record.
    pub(super) fn sector_of(&self, number: u32) -> u32 {
        number / self.slots()
    }

    /// The first record that the ring still has once it has entered this sector.
    pub(super) fn oldest_within(&self, sequence: u32) -> u32 {
        (sequence + 1).saturating_sub(self.sectors) * self.slots()
    }

    /// Address of a record.
    pub(super) fn slot_address(&self, number: u32) -> u32 {
        self.sector_address(self.sector_of(number))
            + HEADER_BYTES as u32
            + number % self.slots() * self.slot()
    }

    /// Address of the end mark of a record.
    pub(super) fn end_mark_address(&self, number: u32) -> u32 {
        self.slot_address(number) + self.slot() - MARK_BYTES as u32
    }

    /// Bytes of a slot that are programmed before the end mark.
    pub(super) fn body_bytes(&self) -> usize {
        self.slot() as usize - MARK_BYTES
    }
}

/// Derives the key of the records of an owner, by its ShortId, and writes it to `key`.
pub fn derive_key(root: &[u8; ROOT_BYTES], owner: u32, key: &mut [u8; KEY_BYTES]) {
    let mut info = [0; LABEL.len() + 4];
    info[..LABEL.len()].copy_from_slice(LABEL);
    info[LABEL.len()..].copy_from_slice(&owner.to_le_bytes());
    let derived = Hkdf::<Sha256>::new(None, root).expand(&info, key);
    // Fails only beyond 255 hashes of output.
    debug_assert!(derived.is_ok());
}

/// Associated data: kind, format, partition, owner, number, address.
fn associated(kind: Sealed, partition: &Partition, number: u32, address: u32) -> [u8; 16] {
    let mut data = [0; 16];
    data[0] = kind as u8;
    data[1] = STORAGE.version;
    data[2..4].copy_from_slice(&partition.number.to_le_bytes());
    data[4..8].copy_from_slice(&partition.owner.to_le_bytes());
    data[8..12].copy_from_slice(&number.to_le_bytes());
    data[12..].copy_from_slice(&address.to_le_bytes());
    data
}

/// Returns the sealed header of the sector of this sequence.
///
/// # Errors
/// Fails with `FAIL` if the cipher refuses the lengths, which it does not for these.
pub fn seal_header(
    partition: &Partition,
    key: &[u8; KEY_BYTES],
    sequence: u32,
    nonce: &[u8; NONCE_BYTES],
) -> Result<[u8; HEADER_BYTES], ErrorCode> {
    let mut header = [0; HEADER_BYTES];
    let address = partition.sector_address(sequence);
    let data = associated(Sealed::Header, partition, sequence, address);
    let tag = Aes128Gcm::new(key.into())
        .encrypt_in_place_detached(nonce.into(), &data, &mut [])
        .map_err(|_| ErrorCode::FAIL)?;
    header[..4].copy_from_slice(&MAGIC);
    header[4..8].copy_from_slice(&sequence.to_le_bytes());
    header[8..8 + NONCE_BYTES].copy_from_slice(nonce);
    header[8 + NONCE_BYTES..].copy_from_slice(&tag);
    Ok(header)
}

/// Sequence that the header claims, for the sector at this position of the
/// partition; none if it cannot be one of these.
pub fn claimed_sequence(
    partition: &Partition,
    position: u32,
    header: &[u8; HEADER_BYTES],
) -> Option<u32> {
    let (magic, rest) = header.split_at(4);
    let sequence = u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]);
    let last = u32::MAX / partition.slots();
    (magic == MAGIC && sequence % partition.sectors == position && sequence < last)
        .then_some(sequence)
}

/// Whether a header is authentic for the sequence that it claims.
pub fn is_authentic(
    partition: &Partition,
    key: &[u8; KEY_BYTES],
    sequence: u32,
    header: &[u8; HEADER_BYTES],
) -> bool {
    let address = partition.sector_address(sequence);
    let data = associated(Sealed::Header, partition, sequence, address);
    let (nonce, tag) = header[8..].split_at(NONCE_BYTES);
    Aes128Gcm::new(key.into())
        .decrypt_in_place_detached(nonce.into(), &data, &mut [], tag.into())
        .is_ok()
}

/// Makes the slot of a record in `slot`, but for its end mark, which stays erased. `fill`
/// writes the payload and returns its length in bytes.
///
/// # Errors
/// Fails with the error of `fill`, with `SIZE` if the payload is longer than records of the
/// partition are, and with `FAIL` if the cipher refuses the lengths, which it does not for
/// these.
pub fn seal_record(
    partition: &Partition,
    key: &[u8; KEY_BYTES],
    number: u32,
    nonce: &[u8; NONCE_BYTES],
    slot: &mut [u8],
    fill: impl FnOnce(&mut [u8]) -> Result<usize, ErrorCode>,
) -> Result<(), ErrorCode> {
    slot.fill(0);
    let (head, rest) = slot.split_at_mut(SLOT_HEAD);
    let (text, rest) = rest.split_at_mut(ciphertext_bytes(partition.record));
    let record = usize::from(partition.record);
    let length = fill(&mut text[LENGTH_BYTES..][..record])?;
    let length = u16::try_from(length)
        .ok()
        .filter(|length| *length <= partition.record)
        .ok_or(ErrorCode::SIZE)?;
    text[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    let data = associated(
        Sealed::Record,
        partition,
        number,
        partition.slot_address(number),
    );
    let tag = Aes128Gcm::new(key.into())
        .encrypt_in_place_detached(nonce.into(), &data, text)
        .map_err(|_| ErrorCode::FAIL)?;
    head[..MARK_BYTES].copy_from_slice(&MARK);
    head[MARK_BYTES..].copy_from_slice(nonce);
    rest[..TAG_BYTES].copy_from_slice(&tag);
    rest[TAG_BYTES..][..MARK_BYTES].copy_from_slice(&ERASED.to_le_bytes());
    Ok(())
}

/// Decrypts the slot of a record in place, and returns its payload. It says nothing of the
/// end mark.
///
/// # Errors
/// Fails with `FAIL` if the slot is not authentic as this record in this place.
pub fn open_record<'s>(
    partition: &Partition,
    key: &[u8; KEY_BYTES],
    number: u32,
    slot: &'s mut [u8],
) -> Result<&'s [u8], ErrorCode> {
    let (head, rest) = slot.split_at_mut(SLOT_HEAD);
    let (text, rest) = rest.split_at_mut(ciphertext_bytes(partition.record));
    let data = associated(
        Sealed::Record,
        partition,
        number,
        partition.slot_address(number),
    );
    let (nonce, tag) = (&head[MARK_BYTES..], &rest[..TAG_BYTES]);
    Aes128Gcm::new(key.into())
        .decrypt_in_place_detached(nonce.into(), &data, text, tag.into())
        .map_err(|_| ErrorCode::FAIL)?;
    let length = usize::from(u16::from_le_bytes([text[0], text[1]]));
    text[LENGTH_BYTES..].get(..length).ok_or(ErrorCode::FAIL)
}

/// Whether power failed before the record was whole, as far as its marks tell.
pub fn is_torn(partition: &Partition, slot: &[u8]) -> bool {
    let begun = is_set(&slot[..MARK_BYTES]);
    let end = &slot[partition.body_bytes()..][..MARK_BYTES];
    !begun || end == ERASED.to_le_bytes()
}

/// Returns whether the mark at the start of `mark` is wholly set.
pub fn is_set(mark: &[u8]) -> bool {
    mark[..MARK_BYTES] == MARK
}
