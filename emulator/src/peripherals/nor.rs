//! The external NOR flash of the development kit: MX25R6435F, 8 MB.

use crate::chance::Chance;
use crate::time::{Cycles, MICROSECOND, MILLISECOND};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Bytes of the memory.
pub const NOR_SIZE: u32 = 8 * 1024 * 1024;
/// Bytes of the smallest erase.
pub const SECTOR_SIZE: u32 = 4096;
/// Bytes of one program operation.
pub const PROGRAM_SIZE: u32 = 256;
const SECTORS: usize = (NOR_SIZE / SECTOR_SIZE) as usize;

/// Manufacturer, type and density as RDID gives them.
pub const IDENTIFICATION: [u8; 3] = [0xC2, 0x28, 0x17];

const PROGRAM_TIME: Cycles = 850 * MICROSECOND;
const SECTOR_ERASE_TIME: Cycles = 40 * MILLISECOND;
const HALF_BLOCK_ERASE_TIME: Cycles = 240 * MILLISECOND;
const BLOCK_ERASE_TIME: Cycles = 480 * MILLISECOND;
const CHIP_ERASE_TIME: Cycles = 50_000 * MILLISECOND;
const STATUS_WRITE_TIME: Cycles = 30 * MILLISECOND;

const STATUS_BUSY: u8 = 1 << 0;
const STATUS_WRITE_ENABLED: u8 = 1 << 1;
/// Quad enable and block protection are kept in the status register.
const STATUS_KEPT: u8 = 0xFC;
/// Block protection bits: any of them set protects; here all of it.
const STATUS_PROTECTED: u8 = 0x3C;

/// A sector's bytes; a blank one has none.
type Sector = Option<Arc<Vec<u8>>>;

/// What an erase changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Erase {
    /// 4 KB.
    Sector,
    /// 32 KB.
    HalfBlock,
    /// 64 KB.
    Block,
    /// Everything.
    Chip,
}

/// The memory and its state. Cloning shares the sectors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nor {
    sectors: Vec<Sector>,
    status: u8,
    configuration: [u8; 2],
    write_enabled: bool,
    deep_power_down: bool,
    busy_until: Cycles,
    /// The sectors that the operation going on changes, as they were.
    before: Vec<(u32, Sector)>,
    /// Erases of each sector.
    pub sector_erases: Vec<u32>,
    /// Bytes programmed.
    pub bytes_programmed: u64,
}

impl Nor {
    /// A blank memory.
    pub fn new() -> Self {
        Nor {
            sectors: vec![None; SECTORS],
            status: 0,
            configuration: [0; 2],
            write_enabled: false,
            deep_power_down: false,
            busy_until: 0,
            before: Vec::new(),
            sector_erases: vec![0; SECTORS],
            bytes_programmed: 0,
        }
    }

    /// A memory that holds `bytes` (at most its size) from its start on.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut nor = Nor::new();
        for (sector, chunk) in nor
            .sectors
            .iter_mut()
            .zip(bytes.chunks(SECTOR_SIZE as usize))
        {
            if chunk.iter().any(|byte| *byte != 0xFF) {
                let mut full = chunk.to_vec();
                full.resize(SECTOR_SIZE as usize, 0xFF);
                *sector = Some(Arc::new(full));
            }
        }
        nor
    }

    /// All bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0xFF; NOR_SIZE as usize];
        self.fill_from(0, &mut bytes);
        bytes
    }

    /// Returns whether every byte is blank.
    pub fn is_blank(&self) -> bool {
        self.sectors.iter().all(Option::is_none)
    }

    /// Returns whether an operation is going on.
    pub fn busy(&self, now: Cycles) -> bool {
        now < self.busy_until
    }

    /// Returns whether it is in deep power-down, where it hears one command only.
    pub fn is_asleep(&self) -> bool {
        self.deep_power_down
    }

    /// Returns when the operation going on ends.
    pub fn busy_until(&self) -> Cycles {
        self.busy_until
    }

    /// Reads bytes; the address wraps at the end of the memory. Asleep or
    /// busy it drives nothing: ones.
    pub fn read(&self, address: u32, into: &mut [u8], now: Cycles) {
        if self.deep_power_down || self.busy(now) {
            into.fill(0xFF);
        } else {
            self.fill_from(address, into);
        }
    }

    /// Reads bytes as a programmer would, whatever the memory does.
    pub fn fill_from(&self, address: u32, into: &mut [u8]) {
        let mut at = address % NOR_SIZE;
        let mut rest = into;
        while !rest.is_empty() {
            let offset = (at % SECTOR_SIZE) as usize;
            let length = rest.len().min(SECTOR_SIZE as usize - offset);
            let (now, later) = rest.split_at_mut(length);
            match &self.sectors[(at / SECTOR_SIZE) as usize] {
                Some(sector) => now.copy_from_slice(&sector[offset..offset + length]),
                None => now.fill(0xFF),
            }
            rest = later;
            at = (at + length as u32) % NOR_SIZE;
        }
    }

    fn ready_to_write(&mut self, now: Cycles) -> bool {
        let ready = self.write_enabled
            && !self.busy(now)
            && !self.deep_power_down
            && self.status & STATUS_PROTECTED == 0;
        if ready {
            self.write_enabled = false;
            self.before.clear();
        }
        ready
    }

    fn sector_mut(&mut self, number: u32) -> &mut Vec<u8> {
        let sector = &mut self.sectors[number as usize];
        self.before.push((number, sector.clone()));
        Arc::make_mut(sector.get_or_insert_with(|| Arc::new(vec![0xFF; SECTOR_SIZE as usize])))
    }

    /// Programs up to a page; beyond its end the address wraps to its start.
    pub fn program(&mut self, address: u32, bytes: &[u8], now: Cycles) {
        if !self.ready_to_write(now) {
            return;
        }
        let page = (address % NOR_SIZE) & !(PROGRAM_SIZE - 1);
        let sector = self.sector_mut(page / SECTOR_SIZE);
        for (index, byte) in bytes.iter().enumerate() {
            let within = (address as usize + index) % PROGRAM_SIZE as usize;
            sector[(page % SECTOR_SIZE) as usize + within] &= byte;
        }
        self.bytes_programmed += bytes.len() as u64;
        self.busy_until = now + PROGRAM_TIME;
    }

    /// Begins to erase what `what` says at `address`.
    pub fn erase(&mut self, address: u32, what: Erase, now: Cycles) {
        if !self.ready_to_write(now) {
            return;
        }
        let (size, time) = match what {
            Erase::Sector => (SECTOR_SIZE, SECTOR_ERASE_TIME),
            Erase::HalfBlock => (32 * 1024, HALF_BLOCK_ERASE_TIME),
            Erase::Block => (64 * 1024, BLOCK_ERASE_TIME),
            Erase::Chip => (NOR_SIZE, CHIP_ERASE_TIME),
        };
        let first = ((address % NOR_SIZE) & !(size - 1)) / SECTOR_SIZE;
        for number in first..first + size / SECTOR_SIZE {
            let before = self.sectors[number as usize].take();
            self.before.push((number, before));
            self.sector_erases[number as usize] += 1;
        }
        self.busy_until = now + time;
    }

    /// Sends an instruction with `data` after it; what comes back (as many
    /// bytes as `data` has) is put in its place.
    pub fn instruct(&mut self, opcode: u8, data: &mut [u8], now: Cycles) {
        if self.deep_power_down && opcode != 0xAB {
            data.fill(0xFF);
            return;
        }
        let address = |data: &[u8]| {
            data.iter()
                .take(3)
                .fold(0u32, |address, byte| address << 8 | u32::from(*byte))
        };
        match opcode {
            0x9F => Self::answer(data, &IDENTIFICATION),
            0x05 => {
                let status = self.status_register(now);
                data.fill(status);
            }
            0x15 => Self::answer(data, &self.configuration),
            0x06 => self.write_enabled = true,
            0x04 => self.write_enabled = false,
            0x01 => {
                if self.write_enabled && !self.busy(now) {
                    self.write_enabled = false;
                    self.status = data.first().map_or(0, |status| status & STATUS_KEPT);
                    for (register, byte) in self.configuration.iter_mut().zip(data.iter().skip(1)) {
                        *register = *byte;
                    }
                    self.busy_until = now + STATUS_WRITE_TIME;
                    self.before.clear();
                }
            }
            0x20 => self.erase(address(data), Erase::Sector, now),
            0x52 => self.erase(address(data), Erase::HalfBlock, now),
            0xD8 => self.erase(address(data), Erase::Block, now),
            0x60 | 0xC7 => self.erase(0, Erase::Chip, now),
            0xB9 => self.deep_power_down = true,
            0xAB => {
                self.deep_power_down = false;
                Self::answer(data, &[0, 0, 0, IDENTIFICATION[2]]);
            }
            0x99 => self.write_enabled = false,
            0x66 => {}
            _ => data.fill(0xFF),
        }
    }

    fn answer(data: &mut [u8], bytes: &[u8]) {
        for (to, from) in data.iter_mut().zip(bytes.iter().cycle()) {
            *to = *from;
        }
    }

    /// Returns the status register, as the command RDSR reads it.
    pub fn status_register(&self, now: Cycles) -> u8 {
        self.status
            | if self.busy(now) { STATUS_BUSY } else { 0 }
            | if self.write_enabled {
                STATUS_WRITE_ENABLED
            } else {
                0
            }
    }

    /// The power fails: an operation going on is left half done.
    pub fn power_fails(&mut self, now: Cycles, chance: &mut Chance) {
        if self.busy(now) {
            let progress = chance.word() as u8;
            for (number, before) in std::mem::take(&mut self.before) {
                let blank = || Arc::new(vec![0xFF; SECTOR_SIZE as usize]);
                let old = before.unwrap_or_else(blank);
                let sector = &mut self.sectors[number as usize];
                let new = Arc::make_mut(sector.get_or_insert_with(blank));
                for (new, old) in new.iter_mut().zip(old.iter()) {
                    let done = chance.bits(progress) as u8;
                    *new = *new & done | old & !done;
                }
            }
        }
        self.before.clear();
        self.busy_until = 0;
        self.write_enabled = false;
        self.deep_power_down = false;
        self.configuration = [0; 2];
    }
}

impl Default for Nor {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_only_clear_until_an_erase() {
        let mut nor = Nor::new();
        let mut byte = [0];
        nor.program(5, &[0x0F], 0);
        nor.read(5, &mut byte, 0);
        assert_eq!(byte, [0xFF], "not write-enabled");
        nor.instruct(0x06, &mut [], 0);
        nor.program(5, &[0x0F], 0);
        assert!(nor.busy(PROGRAM_TIME - 1));
        nor.instruct(0x06, &mut [], PROGRAM_TIME);
        nor.program(5, &[0xF1], PROGRAM_TIME);
        nor.fill_from(5, &mut byte);
        assert_eq!(byte, [0x01]);
        nor.instruct(0x06, &mut [], 2 * PROGRAM_TIME);
        nor.erase(4095, Erase::Sector, 2 * PROGRAM_TIME);
        nor.fill_from(5, &mut byte);
        assert_eq!(byte, [0xFF]);
        assert_eq!(nor.sector_erases[0], 1);
    }

    #[test]
    fn a_page_wraps_and_identifies() {
        let mut nor = Nor::new();
        nor.instruct(0x06, &mut [], 0);
        nor.program(0x1FF, &[1, 2], 0);
        let mut bytes = [0; 2];
        nor.fill_from(0x1FF, &mut bytes[..1]);
        nor.fill_from(0x100, &mut bytes[1..]);
        assert_eq!(bytes, [1, 2]);
        let mut identification = [0; 3];
        nor.instruct(0x9F, &mut identification, 0);
        assert_eq!(identification, IDENTIFICATION);
    }

    #[test]
    fn a_cut_leaves_an_erase_half_done() {
        let mut nor = Nor::from_bytes(&[0; 4096]);
        nor.instruct(0x06, &mut [], 0);
        nor.erase(0, Erase::Sector, 0);
        nor.power_fails(1, &mut Chance::new(3));
        let mut bytes = vec![0; 4096];
        nor.fill_from(0, &mut bytes);
        let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        assert!(ones > 0 && ones < 8 * 4096, "{ones} bits set");
    }
}
