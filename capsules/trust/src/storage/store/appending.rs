//! Appending: entering a sector, and a record between its two marks.

use kernel::ErrorCode;

use super::super::format::{self, MARK};
use super::super::layout::{HEADER_BYTES, MARK_BYTES, NONCE_BYTES};
use super::{Step, Store};
use meter_hil::random_source::RandomSource;
use meter_hil::sector_flash::SectorFlash;

impl<'a, F: SectorFlash<'a>, R: RandomSource> Store<'a, F, R> {
    pub(super) fn enter_sector(&self, sequence: u32) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        self.ring(self.partition.get(), |ring| {
            // Without the newest header, numbers would start again.
            if ring
                .newest
                .is_some_and(|newest| sequence - newest >= policy.sectors)
            {
                return Err(ErrorCode::FAIL);
            }
            ring.oldest = ring.oldest.max(policy.oldest_within(sequence));
            Ok(())
        })?;
        self.flash.erase(policy.sector_address(sequence))?;
        self.step.set(Step::Erase);
        Ok(())
    }

    pub(super) fn write_header(&self) -> Result<(), ErrorCode> {
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

    pub(super) fn check_header(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let next = self.ring(self.partition.get(), |ring| Ok(ring.next))?;
        let address = policy.sector_address(policy.sector_of(next));
        self.flash_read(address, HEADER_BYTES, Step::CheckHeader)
    }

    pub(super) fn header_checked(&self) -> Result<(), ErrorCode> {
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

    pub(super) fn begin_record(&self) -> Result<(), ErrorCode> {
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

    pub(super) fn program_body(&self) -> Result<(), ErrorCode> {
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

    pub(super) fn check_record(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.slot_address(self.appending()?);
        self.flash_read(address, policy.slot() as usize, Step::Check)
    }

    pub(super) fn record_checked(&self) -> Result<(), ErrorCode> {
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

    pub(super) fn program_end(&self, number: u32, step: Step) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.end_mark_address(number);
        self.flash_program(address, MARK_BYTES, step, |buffer| {
            buffer[..MARK_BYTES].copy_from_slice(&MARK);
        })
    }

    pub(super) fn check_end(&self) -> Result<(), ErrorCode> {
        let policy = self.at(self.partition.get())?;
        let address = policy.end_mark_address(self.appending()?);
        self.flash_read(address, MARK_BYTES, Step::CheckEnd)
    }

    pub(super) fn end_checked(&self) -> Result<(), ErrorCode> {
        if self.mark()? != MARK {
            return Err(ErrorCode::FAIL);
        }
        let number = self.appending()?;
        self.appended(Ok(number));
        Ok(())
    }

    pub(super) fn appended(&self, result: Result<u32, ErrorCode>) {
        self.rest();
        self.client.map(|client| client.appended(result));
    }
}
