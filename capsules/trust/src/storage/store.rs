//! The ring of each partition, one operation on the flash after the other.
//!
//! Two properties of the flash carry the guarantees. An operation that has ended
//! is firm, so whatever was begun later says that all before it is whole: a begin
//! mark that is set says that the slot may have been written, a begin mark that is
//! not says that it was not; an end mark says that the record had been read back
//! and was right. And programming the same bits again harms nothing, so what may
//! be half programmed, but reads well, is made firm by doing just that.

mod appending;
mod opening;
mod rings;

use core::cell::Cell;

use kernel::utilities::cells::{MapCell, OptionalCell, TakeCell};
use kernel::ErrorCode;
use zeroize::Zeroize;

use super::format;
use super::layout::{HEADER_BYTES, KEY_BYTES, MARK_BYTES, ROOT_BYTES};
use super::policy::{buffer_size, is_consistent, Partition};
use meter_hil::random_source::RandomSource;
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient};
pub use rings::Memory;
use rings::{Condition, KeyedRing, Ring};

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

    /// Sets who hears of the end of operations.
    pub fn set_client(&self, client: &'a dyn StoreClient) {
        self.client.set(client);
    }

    /// Returns the table of partitions that the store was made for.
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

    /// Returns whether an operation can be started now.
    pub fn is_idle(&self) -> bool {
        self.step.get() == Step::Idle
    }

    /// Returns whether no operation will ever be possible, because the flash is not there.
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
