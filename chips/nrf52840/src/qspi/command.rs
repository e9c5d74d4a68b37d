//! Instructions of serial NOR flash, and the values that make the QSPI send them.

use crate::registers::qspi::Instruction;

/// Bytes that are erased at once.
pub const SECTOR_SIZE: u32 = 4096;

/// Bytes that are programmed at once, within an aligned page of that size.
pub const PROGRAM_SIZE: u32 = 256;

/// What the MX25R6435F answers to RDID: Macronix, low-power serial NOR, 2^23 bytes.
pub const MX25R6435F: [u8; 3] = [0xC2, 0x28, 0x17];

/// Bytes of the MX25R6435F.
pub const CAPACITY: u32 = 8 * 1024 * 1024;

const WRITE_IN_PROGRESS: u8 = 1 << 0;
const QUAD_ENABLE: u8 = 1 << 6;

/// An instruction of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// RDP: leave deep power-down.
    Wake,
    /// RDID: three bytes of identification.
    ReadId,
    /// RDSR: the status register.
    ReadStatus,
    /// WRSR: sets quad enable, clears all protection. A write enable goes before it.
    EnableQuad,
}

impl Command {
    /// CINSTRCONF: opcode, bytes in all, IO2 and IO3 high (write protect and hold
    /// are active low), write enable first where it is needed.
    pub fn configuration(self) -> u32 {
        let (opcode, length, write_enable) = match self {
            Command::Wake => (0xAB, 1, false),
            Command::ReadId => (0x9F, 4, false),
            Command::ReadStatus => (0x05, 2, false),
            Command::EnableQuad => (0x01, 2, true),
        };
        (Instruction::OPCODE.val(opcode)
            + Instruction::LENGTH.val(length)
            + Instruction::LIO2.val(1)
            + Instruction::LIO3.val(1)
            + Instruction::WREN.val(u32::from(write_enable)))
        .value
    }

    /// CINSTRDAT0: the bytes to send.
    pub fn data(self) -> u32 {
        match self {
            Command::EnableQuad => u32::from(QUAD_ENABLE),
            Command::Wake | Command::ReadId | Command::ReadStatus => 0,
        }
    }
}

/// The identification in CINSTRDAT0 after RDID.
pub fn identification(data: u32) -> [u8; 3] {
    let [manufacturer, kind, density, _] = data.to_le_bytes();
    [manufacturer, kind, density]
}

/// Returns whether the status in CINSTRDAT0 after RDSR says that the memory is at work.
pub fn is_busy(data: u32) -> bool {
    data as u8 & WRITE_IN_PROGRESS != 0
}

/// Returns whether that status says that all four lines are in use.
pub fn is_quad(data: u32) -> bool {
    data as u8 & QUAD_ENABLE != 0
}

/// Length of the next piece of a programming of `length` bytes at `address`, of
/// which `done` are done: to the end of the page at most.
pub fn piece(address: u32, length: u32, done: u32) -> u32 {
    let at = address + done;
    (PROGRAM_SIZE - at % PROGRAM_SIZE).min(length - done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_those_of_the_memory() {
        assert_eq!(Command::Wake.configuration(), 0x31AB);
        assert_eq!(Command::ReadId.configuration(), 0x349F);
        assert_eq!(Command::ReadStatus.configuration(), 0x3205);
        assert_eq!(Command::EnableQuad.configuration(), 0xB201);
        assert_eq!(Command::EnableQuad.data(), 0x40);
    }

    #[test]
    fn answers_are_read_low_byte_first() {
        assert_eq!(identification(0xAA17_28C2), MX25R6435F);
        assert!(is_busy(0x41) && is_quad(0x41));
        assert!(!is_busy(0x40) && !is_quad(0x03));
    }

    #[test]
    fn pieces_end_with_their_page() {
        assert_eq!(piece(0, 4096, 0), 256);
        assert_eq!(piece(0x1F0, 100, 0), 16);
        assert_eq!(piece(0x1F0, 100, 16), 84);
        assert_eq!(piece(0x100, 8, 4), 4);
    }
}
