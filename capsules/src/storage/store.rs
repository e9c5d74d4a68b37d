//! The ring of each partition, one operation on the flash after the other.
//!
//! Two properties of the flash carry the guarantees. An operation that has ended
//! is firm, so whatever was begun later says that all before it is whole: a begin
//! mark that is set says that the slot may have been written, a begin mark that is
//! not says that it was not; an end mark says that the record had been read back
//! and was right. And programming the same bits again harms nothing, so what may
//! be half programmed, but reads well, is made firm by doing just that.

use core::cell::Cell;

use kernel::utilities::cells::{MapCell, OptionalCell, TakeCell};
use kernel::ErrorCode;
use zeroize::Zeroize;

use super::format::{self, HEADER_BYTES, KEY_BYTES, MARK, MARK_BYTES, NONCE_BYTES, ROOT_BYTES};
use super::policy::{buffer_size, is_consistent, Partition};
use crate::entropy::RandomSource;
use crate::sector_flash::{SectorFlash, SectorFlashClient, ERASED};

/// Memory of the storage: keys and rings of `PARTITIONS` partitions, and a buffer
/// of `BUFFER` = [`buffer_size`] bytes, at an address that is a multiple of four.
#[repr(C, align(4))]
pub struct Memory<const PARTITIONS: usize, const BUFFER: usize> {
    buffer: [u8; BUFFER],
    rings: [KeyedRing; PARTITIONS],
}

impl<const PARTITIONS: usize, const BUFFER: usize> Memory<PARTITIONS, BUFFER> {
    /// Memory without content.
    pub const fn new() -> Self {
        Memory {
            buffer: [0; BUFFER],
            rings: [const { KeyedRing::NEW }; PARTITIONS],
        }
    }
}

impl<const PARTITIONS: usize, const BUFFER: usize> Default for Memory<PARTITIONS, BUFFER> {
    fn default() -> Self {
        Self::new()
    }
}

/// A ring, and the key of its owner.
struct KeyedRing {
    key: [u8; KEY_BYTES],
    ring: Ring,
}

impl KeyedRing {
    const NEW: KeyedRing = KeyedRing {
        key: [0; KEY_BYTES],
        ring: Ring::NEW,
    };
}

/// What is known of the ring of a partition.
#[derive(Clone, Copy)]
struct Ring {
    condition: Condition,
    /// Sequence of the newest sector that has a header.
    newest: Option<u32>,
    /// The first record that was not overwritten.
    oldest: u32,
    /// The record that is appended next.
    next: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// Not looked at, or being looked at.
    Unknown,
    Open,
    /// The flash failed while it was looked at.
    Broken,
}

impl Ring {
    const NEW: Ring = Ring {
        condition: Condition::Unknown,
        newest: None,
        oldest: 0,
        next: 0,
    };
}

/// What goes on: the operation that the flash is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The flash is not there yet.
    Waiting,
    /// It never will be.
    Off,
    Idle,
    /// Opening: the header of the sector at this position is read.
    ReadHeader(u32),
    /// The begin mark of this slot of the newest sector is read.
    ReadBegin(u32),
    /// The newest header is programmed again.
    FirmHeader,
    /// The end mark of the newest record is read, and programmed again.
    ReadEnd,
    FirmEnd,
    /// Appending: the next sector is erased, gets its header, which is read back.
    Erase,
    WriteHeader,
    CheckHeader,
    /// Begin mark, record, a look at it, end mark, a look at that.
    Begin,
    Body,
    Check,
    End,
    CheckEnd,
    /// A record is read.
    Read(u32),
}

/// Hears of the end of operations, and has what is to be stored.
pub trait StoreClient {
    /// The store takes operations.
    fn opened(&self);

    /// Writes the payload of the append that was started; gives its length.
    ///
    /// # Errors
    /// It is gone; the append ends with this error, and no record is used up.
    fn payload(&self, payload: &mut [u8]) -> Result<usize, ErrorCode>;

    /// The record of this number is durable, or there is none.
    fn appended(&self, result: Result<u32, ErrorCode>);

    /// The payload, which is gone after the call, or UNINSTALLED: never whole, or
    /// FAIL: not authentic. The store is not idle yet.
    fn payload_read(&self, result: Result<&[u8], ErrorCode>);

    /// The read has ended.
    fn read_done(&self);
}

/// The partitions on a flash.
pub struct Store<'a, F: SectorFlash<'a>, R: RandomSource> {
    flash: &'a F,
    random: &'a R,
    partitions: &'static [Partition],
    rings: MapCell<&'static mut [KeyedRing]>,
    buffer: TakeCell<'static, [u8]>,
    step: Cell<Step>,
    /// Index of the partition that `step` is about.
    partition: Cell<usize>,
    /// The newest authentic header that was read.
    header: Cell<[u8; HEADER_BYTES]>,
    client: OptionalCell<&'a dyn StoreClient>,
}

impl<'a, F: SectorFlash<'a>, R: RandomSource> Store<'a, F, R> {
    /// A store of `partitions` on a flash of `capacity` bytes. The keys of the
    /// owners are derived here; the caller wipes `root`. Nothing happens before
    /// the flash is ready.
    ///
    /// # Errors
    /// INVAL: the table is not consistent ([`is_consistent`]). SIZE: the memory
    /// is not that of the table.
    pub fn new<const PARTITIONS: usize, const BUFFER: usize>(
        partitions: &'static [Partition],
        capacity: u32,
        memory: &'static mut Memory<PARTITIONS, BUFFER>,
        root: &[u8; ROOT_BYTES],
        flash: &'a F,
        random: &'a R,
    ) -> Result<Self, ErrorCode> {
        if !is_consistent(partitions, capacity) {
            return Err(ErrorCode::INVAL);
        }
        if partitions.len() != PARTITIONS || buffer_size(partitions) != BUFFER {
            return Err(ErrorCode::SIZE);
        }
        for (partition, ring) in partitions.iter().zip(&mut memory.rings) {
            format::derive_key(root, partition.owner, &mut ring.key);
        }
        Ok(Store {
            flash,
            random,
            partitions,
            rings: MapCell::new(&mut memory.rings),
            buffer: TakeCell::new(&mut memory.buffer),
            step: Cell::new(Step::Waiting),
            partition: Cell::new(0),
            header: Cell::new([0; HEADER_BYTES]),
            client: OptionalCell::empty(),
        })
    }

    /// Who hears of the end of operations.
    pub fn set_client(&self, client: &'a dyn StoreClient) {
        self.client.set(client);
    }

    /// The table.
    pub fn partitions(&self) -> &'static [Partition] {
        self.partitions
    }

    /// Oldest record and the one that is appended next.
    ///
    /// # Errors
    /// BUSY: not opened yet. OFF: there is no flash. FAIL: it could not be read.
    pub fn range(&self, partition: usize) -> Result<(u32, u32), ErrorCode> {
        if self.step.get() == Step::Off {
            return Err(ErrorCode::OFF);
        }
        self.ring(partition, |ring| match ring.condition {
            Condition::Unknown => Err(ErrorCode::BUSY),
            Condition::Broken => Err(ErrorCode::FAIL),
            Condition::Open => Ok((ring.oldest, ring.next)),
        })
    }

    /// Whether an operation can be started.
    pub fn is_idle(&self) -> bool {
        self.step.get() == Step::Idle
    }

    /// Whether operations will never be possible.
    pub fn is_off(&self) -> bool {
        self.step.get() == Step::Off
    }

    /// Starts to append a record, whose payload the client is asked for.
    ///
    /// # Errors
    /// BUSY: not idle. NOMEM: the last number is used up. FAIL: the partition
    /// could not be opened. Those of the flash. The client does not hear of it.
    pub fn append(&self, partition: usize) -> Result<(), ErrorCode> {
        self.check_idle(partition)?;
        let policy = self.at(partition)?;
        let (next, newest) = self.ring(partition, |ring| Ok((ring.next, ring.newest)))?;
        // Sector sequences below the last one of 32-bit record numbers.
        if policy.sector_of(next) + 1 >= u32::MAX / policy.slots() {
            return Err(ErrorCode::NOMEM);
        }
        self.partition.set(partition);
        let sequence = policy.sector_of(next);
        // What a refused payload left in the buffer is wiped.
        if newest == Some(sequence) {
            self.begin_record()
        } else {
            self.enter_sector(sequence)
        }
        .inspect_err(|_| self.rest())
    }

    /// Starts to read a record.
    ///
    /// # Errors
    /// BUSY: not idle. UNINSTALLED: overwritten or never written. FAIL: the
    /// partition could not be opened. Those of the flash. The client does not
    /// hear of it.
    pub fn read(&self, partition: usize, number: u32) -> Result<(), ErrorCode> {
        self.check_idle(partition)?;
        let policy = self.at(partition)?;
        self.ring(partition, |ring| {
            if number < ring.oldest || number >= ring.next {
                return Err(ErrorCode::UNINSTALLED);
            }
            Ok(())
        })?;
        self.partition.set(partition);
        let length = policy.slot() as usize;
        self.flash_read(policy.slot_address(number), length, Step::Read(number))
    }

    fn check_idle(&self, partition: usize) -> Result<(), ErrorCode> {
        if !self.is_idle() {
            return Err(ErrorCode::BUSY);
        }
        self.range(partition).map(|_| ())
    }

    fn at(&self, partition: usize) -> Result<&'static Partition, ErrorCode> {
        self.partitions.get(partition).ok_or(ErrorCode::INVAL)
    }

    fn ring<T>(
        &self,
        partition: usize,
        f: impl FnOnce(&mut Ring) -> Result<T, ErrorCode>,
    ) -> Result<T, ErrorCode> {
        self.rings.map_or(Err(ErrorCode::FAIL), |rings| {
            f(&mut rings.get_mut(partition).ok_or(ErrorCode::INVAL)?.ring)
        })
    }

    /// The partition at work, its ring and its key.
    fn working<T>(
        &self,
        f: impl FnOnce(&'static Partition, &mut Ring, &[u8; KEY_BYTES]) -> Result<T, ErrorCode>,
    ) -> Result<T, ErrorCode> {
        let partition = self.partition.get();
        let policy = self.at(partition)?;
        self.rings.map_or(Err(ErrorCode::FAIL), |rings| {
            let KeyedRing { key, ring } = rings.get_mut(partition).ok_or(ErrorCode::INVAL)?;
            f(policy, ring, key)
        })
    }

    // --- Operations of the flash. ---

    fn flash_read(&self, address: u32, length: usize, step: Step) -> Result<(), ErrorCode> {
        let buffer = self.buffer.take().ok_or(ErrorCode::BUSY)?;
        self.started(step, self.flash.read(address, buffer, length))
    }

    /// Programs the first `length` bytes of what `fill` puts into the buffer.
    fn flash_program(
        &self,
        address: u32,
        length: usize,
        step: Step,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), ErrorCode> {
        let buffer = self.buffer.take().ok_or(ErrorCode::BUSY)?;
        fill(buffer);
        self.started(step, self.flash.program(address, buffer, length))
    }

    fn started(
        &self,
        step: Step,
        result: Result<(), (ErrorCode, &'static mut [u8])>,
    ) -> Result<(), ErrorCode> {
        match result {
            Ok(()) => {
                self.step.set(step);
                Ok(())
            }
            Err((error, buffer)) => {
                buffer.zeroize();
                self.buffer.replace(buffer);
                Err(error)
            }
        }
    }

    // --- Opening. ---

    fn open(&self, partition: usize) {
        self.partition.set(partition);
        if partition == self.partitions.len() {
            return self.opened(Step::Idle);
        }
        // From the last sector down: in a ring as it was written, the headers
        // descend but for one step, and only the tops need a look at their seal.
        let last = self.partitions[partition].sectors - 1;
        self.read_header(last).unwrap_or_else(|_| self.broken());
    }

    fn opened(&self, step: Step) {
        self.step.set(step);
        self.buffer.map(|buffer| buffer.zeroize());
        self.client.map(|client| client.opened());
    }

    /// This partition cannot be used; the others may be.
    fn broken(&self) {
        let partition = self.partition.get();
        let _ = self.ring(partition, |ring| {
            ring.condition = Condition::Broken;
            Ok(())
        });
        self.open(partition + 1);
    }

    fn read_header(&self, position: u32) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.sector_address(position);
        self.flash_read(address, HEADER_BYTES, Step::ReadHeader(position))
    }

    fn header_read(&self, position: u32) -> Result<(), ErrorCode> {
        let header = self.copy_of_header()?;
        let newest = self.working(|policy, ring, key| {
            let newer = format::claimed_sequence(policy, position, &header)
                .filter(|sequence| ring.newest.is_none_or(|newest| *sequence > newest))
                .filter(|sequence| format::is_authentic(policy, key, *sequence, &header));
            if newer.is_some() {
                ring.newest = newer;
                self.header.set(header);
            }
            Ok(ring.newest)
        })?;
        let policy = self.at(self.partition.get())?;
        match newest {
            _ if position > 0 => self.read_header(position - 1),
            Some(_) => self.read_begin(policy.slots() - 1),
            None => {
                self.ring_found(0, 0);
                Ok(())
            }
        }
    }

    /// Number of a slot in the newest sector.
    fn number_of(&self, slot: u32) -> Result<u32, ErrorCode> {
        self.working(|policy, ring, _| {
            let newest = ring.newest.ok_or(ErrorCode::FAIL)?;
            Ok(newest * policy.slots() + slot)
        })
    }

    fn read_begin(&self, slot: u32) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.slot_address(self.number_of(slot)?);
        self.flash_read(address, MARK_BYTES, Step::ReadBegin(slot))
    }

    fn begin_read(&self, slot: u32) -> Result<(), ErrorCode> {
        let is_set = self.mark()? == MARK;
        if !is_set && slot > 0 {
            return self.read_begin(slot - 1);
        }
        let begun = if is_set { slot + 1 } else { 0 };
        let next = self.number_of(begun)?;
        let policy = self.at(self.partition.get())?;
        let address = policy.sector_address(policy.sector_of(self.number_of(0)?));
        self.ring(self.partition.get(), |ring| {
            ring.next = next;
            Ok(())
        })?;
        // It read well, but power may have failed while it was programmed.
        let header = self.header.get();
        self.flash_program(address, HEADER_BYTES, Step::FirmHeader, |buffer| {
            buffer[..HEADER_BYTES].copy_from_slice(&header);
        })
    }

    /// Number of the newest record that was begun, if any was in its sector.
    fn newest_begun(&self) -> Result<Option<u32>, ErrorCode> {
        let first = self.number_of(0)?;
        self.working(|_, ring, _| Ok(ring.next.checked_sub(1).filter(|number| *number >= first)))
    }

    fn header_firm(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        match self.newest_begun()? {
            Some(number) => {
                let address = policy.end_mark_address(number);
                self.flash_read(address, MARK_BYTES, Step::ReadEnd)
            }
            None => self.ring_open(),
        }
    }

    fn end_read(&self) -> Result<(), ErrorCode> {
        if self.mark()? == ERASED.to_le_bytes() {
            return self.ring_open();
        }
        // Begun, so the record is whole: no later start may find it torn.
        let number = self.newest_begun()?.ok_or(ErrorCode::FAIL)?;
        self.program_end(number, Step::FirmEnd)
    }

    fn ring_open(&self) -> Result<(), ErrorCode> {
        let (oldest, next) = self.working(|policy, ring, _| {
            // The sector that the next record enters may be half erased.
            let last = policy.sector_of(ring.next);
            Ok((oldest_within(policy, last), ring.next))
        })?;
        self.ring_found(oldest, next);
        Ok(())
    }

    fn ring_found(&self, oldest: u32, next: u32) {
        let partition = self.partition.get();
        let _ = self.ring(partition, |ring| {
            ring.oldest = oldest;
            ring.next = next;
            ring.condition = Condition::Open;
            Ok(())
        });
        self.open(partition + 1);
    }

    // --- Appending. ---

    fn enter_sector(&self, sequence: u32) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        self.ring(self.partition.get(), |ring| {
            // Without the newest header, numbers would start again.
            if ring
                .newest
                .is_some_and(|newest| sequence - newest >= policy.sectors)
            {
                return Err(ErrorCode::FAIL);
            }
            ring.oldest = ring.oldest.max(oldest_within(policy, sequence));
            Ok(())
        })?;
        self.flash.erase(policy.sector_address(sequence))?;
        self.step.set(Step::Erase);
        Ok(())
    }

    fn write_header(&self) -> Result<(), ErrorCode> {
        let mut nonce = [0; NONCE_BYTES];
        self.random.fill(&mut nonce)?;
        let (address, header) = self.working(|policy, ring, key| {
            let sequence = policy.sector_of(ring.next);
            let header = format::seal_header(policy, key, sequence, &nonce)?;
            Ok((policy.sector_address(sequence), header))
        })?;
        self.header.set(header);
        self.flash_program(address, HEADER_BYTES, Step::WriteHeader, |buffer| {
            buffer[..HEADER_BYTES].copy_from_slice(&header);
        })
    }

    fn check_header(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let next = self.ring(self.partition.get(), |ring| Ok(ring.next))?;
        let address = policy.sector_address(policy.sector_of(next));
        self.flash_read(address, HEADER_BYTES, Step::CheckHeader)
    }

    fn header_checked(&self) -> Result<(), ErrorCode> {
        let is_right = self.copy_of_header()? == self.header.get();
        self.working(|policy, ring, _| {
            let sequence = policy.sector_of(ring.next);
            if is_right {
                ring.newest = Some(sequence);
                return Ok(());
            }
            // A bad sector costs its numbers, not the partition.
            ring.next = (sequence + 1) * policy.slots();
            Err(ErrorCode::FAIL)
        })?;
        self.begin_record()
    }

    fn begin_record(&self) -> Result<(), ErrorCode> {
        let mut nonce = [0; NONCE_BYTES];
        self.random.fill(&mut nonce)?;
        let client = self.client.get().ok_or(ErrorCode::FAIL)?;
        let address = self.working(|policy, ring, key| {
            let slot = policy.slot() as usize;
            self.buffer.map_or(Err(ErrorCode::BUSY), |buffer| {
                let buffer = &mut buffer[..slot];
                format::seal_record(policy, key, ring.next, &nonce, buffer, |payload| {
                    client.payload(payload)
                })
            })?;
            Ok(policy.slot_address(ring.next))
        })?;
        // The record itself must not follow before this is firm.
        self.flash_program(address, MARK_BYTES, Step::Begin, |_| ())
    }

    fn program_body(&self) -> Result<(), ErrorCode> {
        let (address, length) = self.working(|policy, ring, _| {
            let number = ring.next;
            // Used up, whatever comes of it.
            ring.next += 1;
            Ok((policy.slot_address(number), policy.body_bytes()))
        })?;
        self.flash_program(address, length, Step::Body, |_| ())
    }

    /// Number of the record that is being appended.
    fn appending(&self) -> Result<u32, ErrorCode> {
        self.working(|_, ring, _| ring.next.checked_sub(1).ok_or(ErrorCode::FAIL))
    }

    fn check_record(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.slot_address(self.appending()?);
        self.flash_read(address, policy.slot() as usize, Step::Check)
    }

    fn record_checked(&self) -> Result<(), ErrorCode> {
        let number = self.appending()?;
        self.working(|policy, _, key| {
            self.buffer.map_or(Err(ErrorCode::BUSY), |buffer| {
                let slot = &mut buffer[..policy.slot() as usize];
                if !format::is_set(slot) {
                    return Err(ErrorCode::FAIL);
                }
                format::open_record(policy, key, number, slot).map(|_| ())
            })
        })?;
        self.program_end(number, Step::End)
    }

    fn program_end(&self, number: u32, step: Step) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.end_mark_address(number);
        self.flash_program(address, MARK_BYTES, step, |buffer| {
            buffer[..MARK_BYTES].copy_from_slice(&MARK);
        })
    }

    fn check_end(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.end_mark_address(self.appending()?);
        self.flash_read(address, MARK_BYTES, Step::CheckEnd)
    }

    fn end_checked(&self) -> Result<(), ErrorCode> {
        if self.mark()? != MARK {
            return Err(ErrorCode::FAIL);
        }
        let number = self.appending()?;
        self.appended(Ok(number));
        Ok(())
    }

    fn appended(&self, result: Result<u32, ErrorCode>) {
        self.rest();
        self.client.map(|client| client.appended(result));
    }

    // --- Reading. ---

    fn record_read(&self, number: u32) -> Result<(), ErrorCode> {
        let Some(buffer) = self.buffer.take() else {
            return Err(ErrorCode::BUSY);
        };
        let result = self.working(|policy, _, key| {
            let slot = &mut buffer[..policy.slot() as usize];
            if format::is_torn(policy, slot) {
                return Err(ErrorCode::UNINSTALLED);
            }
            format::open_record(policy, key, number, slot)
        });
        // Still not idle, so that the client cannot start another operation.
        self.client.map(|client| client.payload_read(result));
        self.buffer.replace(buffer);
        self.rest();
        self.client.map(|client| client.read_done());
        Ok(())
    }

    // --- All. ---

    /// No operation runs, and nothing of the last one is left.
    fn rest(&self) {
        self.buffer.map(|buffer| buffer.zeroize());
        self.step.set(Step::Idle);
    }

    fn mark(&self) -> Result<[u8; MARK_BYTES], ErrorCode> {
        self.copy_of::<MARK_BYTES>()
    }

    fn copy_of_header(&self) -> Result<[u8; HEADER_BYTES], ErrorCode> {
        self.copy_of::<HEADER_BYTES>()
    }

    /// The first bytes of the buffer.
    fn copy_of<const BYTES: usize>(&self) -> Result<[u8; BYTES], ErrorCode> {
        self.buffer.map_or(Err(ErrorCode::BUSY), |buffer| {
            buffer.first_chunk().copied().ok_or(ErrorCode::SIZE)
        })
    }

    fn go_on(&self, result: Result<(), ErrorCode>) {
        let step = self.step.get();
        let result = result.and_then(|()| match step {
            Step::Waiting | Step::Off | Step::Idle => Ok(()),
            Step::ReadHeader(position) => self.header_read(position),
            Step::ReadBegin(slot) => self.begin_read(slot),
            Step::FirmHeader => self.header_firm(),
            Step::ReadEnd => self.end_read(),
            Step::FirmEnd => self.ring_open(),
            Step::Erase => self.write_header(),
            Step::WriteHeader => self.check_header(),
            Step::CheckHeader => self.header_checked(),
            Step::Begin => self.program_body(),
            Step::Body => self.check_record(),
            Step::Check => self.record_checked(),
            Step::End => self.check_end(),
            Step::CheckEnd => self.end_checked(),
            Step::Read(number) => self.record_read(number),
        });
        let Err(error) = result else { return };
        match step {
            Step::ReadHeader(_)
            | Step::ReadBegin(_)
            | Step::FirmHeader
            | Step::ReadEnd
            | Step::FirmEnd => self.broken(),
            Step::Read(_) => {
                self.client.map(|client| client.payload_read(Err(error)));
                self.rest();
                self.client.map(|client| client.read_done());
            }
            _ => self.appended(Err(error)),
        }
    }
}

/// The first record that the ring still has once it has entered this sector.
fn oldest_within(policy: &Partition, sequence: u32) -> u32 {
    (sequence + 1).saturating_sub(policy.sectors) * policy.slots()
}

impl<'a, F: SectorFlash<'a>, R: RandomSource> SectorFlashClient for Store<'a, F, R> {
    fn ready(&self, result: Result<(), ErrorCode>) {
        if self.step.get() != Step::Waiting {
            return;
        }
        match result {
            Ok(()) => self.open(0),
            Err(_) => self.opened(Step::Off),
        }
    }

    fn read_done(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>) {
        self.buffer.replace(buffer);
        self.go_on(result);
    }

    fn program_done(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>) {
        self.buffer.replace(buffer);
        self.go_on(result);
    }

    fn erase_done(&self, result: Result<(), ErrorCode>) {
        self.go_on(result);
    }
}
