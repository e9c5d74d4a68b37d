//! Opening: finding the newest record of each ring after a start, and making firm what power may have cut.

use kernel::ErrorCode;
use zeroize::Zeroize;

use super::super::format::{self, MARK};
use super::super::layout::{HEADER_BYTES, MARK_BYTES};
use super::rings::Condition;
use super::{Step, Store};
use meter_hil::random_source::RandomSource;
use meter_hil::sector_flash::{SectorFlash, ERASED};

impl<'a, F: SectorFlash<'a>, R: RandomSource> Store<'a, F, R> {
    pub(super) fn open(&self, partition: usize) {
        self.partition.set(partition);
        if partition == self.partitions.len() {
            return self.opened(Step::Idle);
        }
        // From the last sector down: in a ring as it was written, the headers
        // descend but for one step, and only the tops need a look at their seal.
        let last = self.partitions[partition].sectors - 1;
        self.read_header(last).unwrap_or_else(|_| self.broken());
    }

    pub(super) fn opened(&self, step: Step) {
        self.step.set(step);
        self.buffer.map(|buffer| buffer.zeroize());
        self.client.map(|client| client.opened());
    }

    /// This partition cannot be used; the others may be.
    pub(super) fn broken(&self) {
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

    pub(super) fn header_read(&self, position: u32) -> Result<(), ErrorCode> {
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

    pub(super) fn begin_read(&self, slot: u32) -> Result<(), ErrorCode> {
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

    pub(super) fn header_firm(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        match self.newest_begun()? {
            Some(number) => {
                let address = policy.end_mark_address(number);
                self.flash_read(address, MARK_BYTES, Step::ReadEnd)
            }
            None => self.ring_open(),
        }
    }

    pub(super) fn end_read(&self) -> Result<(), ErrorCode> {
        if self.mark()? == ERASED.to_le_bytes() {
            return self.ring_open();
        }
        // Begun, so the record is whole: no later start may find it torn.
        let number = self.newest_begun()?.ok_or(ErrorCode::FAIL)?;
        self.program_end(number, Step::FirmEnd)
    }

    pub(super) fn ring_open(&self) -> Result<(), ErrorCode> {
        let (oldest, next) = self.working(|policy, ring, _| {
            // The sector that the next record enters may be half erased.
            let last = policy.sector_of(ring.next);
            Ok((policy.oldest_within(last), ring.next))
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
}
