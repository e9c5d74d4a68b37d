//! The external flash as a master of SPI sees it: one command while it is selected, a byte
//! out for each byte in. On the kit its pins are those of QSPI: P0.17 selects, P0.19 is
//! the clock, P0.20 goes to the memory, P0.21 comes from it.

use super::nor::{Erase, Nor, IDENTIFICATION, PROGRAM_SIZE};
use crate::time::Cycles;
use serde::{Deserialize, Serialize};

/// What selects the memory while it is low.
pub const SELECT_PIN: u8 = 17;
/// The clock.
pub const CLOCK_PIN: u8 = 19;
/// To the memory.
pub const TO_MEMORY_PIN: u8 = 20;
/// From the memory.
pub const FROM_MEMORY_PIN: u8 = 21;

/// What is on a line that nobody drives.
pub const IDLE: u8 = 0xFF;

const READ: u8 = 0x03;
const FAST_READ: u8 = 0x0B;
const PROGRAM: u8 = 0x02;
const READ_STATUS: u8 = 0x05;
const READ_CONFIGURATION: u8 = 0x15;
const READ_IDENTIFICATION: u8 = 0x9F;
const READ_MANUFACTURER: u8 = 0x90;
const WAKE: u8 = 0xAB;
const WRITE_STATUS: u8 = 0x01;
const ERASES: [(u8, Erase); 5] = [
    (0x20, Erase::Sector),
    (0x52, Erase::HalfBlock),
    (0xD8, Erase::Block),
    (0x60, Erase::Chip),
    (0xC7, Erase::Chip),
];
/// Bytes of an address.
const ADDRESS: usize = 3;

/// The command going on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Transaction {
    /// The bytes that came, the command first; of the data of a program, the last page.
    received: Vec<u8>,
    /// Bytes clocked, the command among them.
    clocked: u64,
}

impl Transaction {
    /// Returns whether a command has begun.
    pub fn is_open(&self) -> bool {
        self.clocked > 0
    }

    /// Clocks one byte in and one out.
    pub fn exchange(&mut self, nor: &mut Nor, byte: u8, now: Cycles) -> u8 {
        let position = self.clocked;
        self.clocked += 1;
        let answer = self.answer(nor, position, now);
        if position <= ADDRESS as u64 || self.received.first() == Some(&PROGRAM) {
            self.received.push(byte);
            // Only the last page of too much data is programmed.
            let most = 1 + ADDRESS + PROGRAM_SIZE as usize;
            if self.received.len() > most {
                self.received.remove(1 + ADDRESS);
            }
        }
        answer
    }

    /// What the memory drives in the byte at `position`, by what came before it.
    fn answer(&self, nor: &mut Nor, position: u64, now: Cycles) -> u8 {
        let Some(command) = self.received.first().copied() else {
            return IDLE;
        };
        // The byte after the command has number 0.
        let after = position - 1;
        let (first, period) = match command {
            READ_IDENTIFICATION => (0, IDENTIFICATION.len() as u64),
            READ_STATUS => (0, 1),
            READ_CONFIGURATION => (0, 2),
            WAKE => (ADDRESS as u64, 1),
            READ_MANUFACTURER => {
                let bytes = [IDENTIFICATION[0], IDENTIFICATION[2]];
                let Some(index) = after.checked_sub(ADDRESS as u64) else {
                    return IDLE;
                };
                let swapped = u64::from(self.received.get(ADDRESS).is_some_and(|at| at & 1 != 0));
                return match nor.is_asleep() {
                    true => IDLE,
                    false => bytes[((index + swapped) % 2) as usize],
                };
            }
            READ | FAST_READ => {
                let dummy = u64::from(command == FAST_READ);
                let Some(index) = after.checked_sub(ADDRESS as u64 + dummy) else {
                    return IDLE;
                };
                let mut byte = [IDLE];
                // Both wrap at the end of the memory.
                nor.read(self.address().wrapping_add(index as u32), &mut byte, now);
                return byte[0];
            }
            _ => return IDLE,
        };
        let Some(index) = after.checked_sub(first) else {
            return IDLE;
        };
        let length = (index % period + 1 + first) as usize;
        let mut data = [IDLE; 8];
        nor.instruct(command, &mut data[..length], now);
        data[length - 1]
    }

    fn address(&self) -> u32 {
        self.received.get(1..=ADDRESS).map_or(0, number)
    }

    /// The memory is no longer selected: what the command asks for happens.
    pub fn deselect(&mut self, nor: &mut Nor, now: Cycles) {
        let Transaction { received, clocked } = std::mem::take(self);
        let Some((command, data)) = received.split_first() else {
            return;
        };
        match *command {
            PROGRAM => {
                let Some((address, bytes)) = data.split_at_checked(ADDRESS) else {
                    return;
                };
                if bytes.is_empty() {
                    return;
                }
                let address = number(address);
                // Too much data has gone round in its page.
                let before = clocked - received.len() as u64;
                let within = (u64::from(address) + before) % u64::from(PROGRAM_SIZE);
                let page = address & !(PROGRAM_SIZE - 1);
                nor.program(page | within as u32, bytes, now);
            }
            // They have been answered; a write of nothing writes nothing.
            READ | FAST_READ | READ_STATUS | READ_CONFIGURATION | READ_IDENTIFICATION
            | READ_MANUFACTURER => {}
            WRITE_STATUS if data.is_empty() => {}
            command => {
                let is_whole = ERASES.iter().all(|(erase, what)| {
                    let bytes = match what {
                        Erase::Chip => 1,
                        _ => 1 + ADDRESS as u64,
                    };
                    command != *erase || clocked == bytes
                });
                if is_whole {
                    nor.instruct(command, &mut data.to_vec(), now);
                }
            }
        }
    }
}

/// The number in bytes, the highest first.
fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The wires of one master while it transfers: which of them lead to the memory.
pub struct Wires<'a> {
    /// The memory.
    pub nor: &'a mut Nor,
    /// Its command going on.
    pub transaction: &'a mut Transaction,
    /// It is selected by a pin.
    pub selected: bool,
}

impl Wires<'_> {
    /// Clocks one byte, from and to a master with these pins: what the master reads.
    /// `selects` says that the master drives the select pin itself.
    pub fn exchange(&mut self, pins: [Option<u8>; 3], selects: bool, byte: u8, now: Cycles) -> u8 {
        let [clock, out, input] = pins;
        if clock != Some(CLOCK_PIN) || !(self.selected || selects) {
            return IDLE;
        }
        let byte = if out == Some(TO_MEMORY_PIN) {
            byte
        } else {
            IDLE
        };
        let answer = self.transaction.exchange(self.nor, byte, now);
        if input == Some(FROM_MEMORY_PIN) {
            answer
        } else {
            IDLE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{MICROSECOND, MILLISECOND};

    fn command(nor: &mut Nor, bytes: &[u8], more: usize, now: Cycles) -> Vec<u8> {
        let mut transaction = Transaction::default();
        let bytes = bytes.iter().copied().chain(vec![0; more]);
        let answers = bytes
            .map(|byte| transaction.exchange(nor, byte, now))
            .collect();
        transaction.deselect(nor, now);
        answers
    }

    #[test]
    fn it_says_what_it_is() {
        let mut nor = Nor::new();
        assert_eq!(
            command(&mut nor, &[0x9F], 4, 0),
            [0xFF, 0xC2, 0x28, 0x17, 0xC2]
        );
        assert_eq!(command(&mut nor, &[0x90, 0, 0, 0], 2, 0)[4..], [0xC2, 0x17]);
        assert_eq!(command(&mut nor, &[0x90, 0, 0, 1], 2, 0)[4..], [0x17, 0xC2]);
        assert_eq!(command(&mut nor, &[0xB9], 0, 0), [0xFF]);
        assert_eq!(command(&mut nor, &[0x9F], 3, 0)[1..], [0xFF; 3], "asleep");
        assert_eq!(command(&mut nor, &[0xAB, 0, 0, 0], 1, 0)[4], 0x17);
        assert_eq!(command(&mut nor, &[0x9F], 1, 0)[1], 0xC2);
    }

    #[test]
    fn a_page_is_programmed_when_it_is_deselected_and_read_back() {
        let mut nor = Nor::new();
        let mut page = vec![0x02, 0x01, 0x00, 0xFE];
        page.extend([1, 2, 3, 4]);
        command(&mut nor, &page, 0, 0);
        assert_eq!(command(&mut nor, &[0x05], 2, 0)[1..], [0, 0], "no enable");
        command(&mut nor, &[0x06], 0, 0);
        assert_eq!(command(&mut nor, &[0x05], 1, 0)[1], 0x02);
        command(&mut nor, &page, 0, 0);
        assert_eq!(command(&mut nor, &[0x05], 1, 0)[1], 0x01, "busy");
        let later = MILLISECOND;
        assert_eq!(command(&mut nor, &[0x05], 1, later)[1], 0);
        // It wraps within its page.
        let read = |nor: &mut Nor, at: u8| command(nor, &[0x03, 1, 0, at], 2, later)[4..].to_vec();
        assert_eq!(read(&mut nor, 0xFE), [1, 2]);
        assert_eq!(read(&mut nor, 0), [3, 4]);
        assert_eq!(
            command(&mut nor, &[0x0B, 1, 0, 0xFE, 0], 2, later)[5..],
            [1, 2]
        );
    }

    #[test]
    fn a_sector_is_erased_and_half_a_command_does_nothing() {
        let mut nor = Nor::from_bytes(&[0; 8192]);
        command(&mut nor, &[0x06], 0, 0);
        command(&mut nor, &[0x20, 0, 0x10], 0, 0);
        assert!(!nor.busy(1));
        command(&mut nor, &[0x20, 0, 0x10, 0], 0, 0);
        assert!(nor.busy(1));
        let later = 41 * MILLISECOND;
        assert_eq!(command(&mut nor, &[0x03, 0, 0x10, 0], 1, later)[4], 0xFF);
        assert_eq!(command(&mut nor, &[0x03, 0, 0x0F, 0xFF], 1, later)[4], 0);
    }

    #[test]
    fn too_much_data_leaves_its_last_page() {
        let mut nor = Nor::new();
        command(&mut nor, &[0x06], 0, 0);
        let mut data = vec![0x02, 0, 0, 0];
        data.extend((0..300).map(|n| (n % 251) as u8));
        command(&mut nor, &data, 0, 0);
        let later = 900 * MICROSECOND;
        // Byte 44 of the data is the first of the last 256.
        assert_eq!(command(&mut nor, &[0x03, 0, 0, 44], 1, later)[4], 44);
        assert_eq!(
            command(&mut nor, &[0x03, 0, 0, 43], 1, later)[4],
            (299 % 251) as u8
        );
    }
}
