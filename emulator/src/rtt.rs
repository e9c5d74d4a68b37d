//! SEGGER RTT: finds the control block in RAM and reads up-buffer 0 as text.

use crate::bus::map::{RAM_BASE, RAM_SIZE};
use crate::machine::Machine;

/// What the control block begins with.
const IDENTIFICATION: &[u8; 16] = b"SEGGER RTT\0\0\0\0\0\0";
/// From its start to the descriptor of up-buffer 0.
const FIRST_BUFFER: u32 = 24;
/// No target has a larger buffer than its RAM.
const MOST: u32 = RAM_SIZE;

/// A reader of one machine's RTT output.
#[derive(Clone, Debug, Default)]
pub struct Rtt {
    /// Where the control block was last.
    at: Option<u32>,
}

impl Rtt {
    /// A reader that has yet to find the control block.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the control block is, if the firmware has set one up.
    pub fn address(&self) -> Option<u32> {
        self.at
    }

    /// The bytes that firmware wrote since the last call. The read offset in
    /// RAM moves on, as with a debug probe.
    pub fn read(&mut self, machine: &mut Machine) -> Vec<u8> {
        if !self.find(machine) {
            return Vec::new();
        }
        self.read_buffer(machine).unwrap_or_default()
    }

    fn find(&mut self, machine: &mut Machine) -> bool {
        let is_here = |machine: &mut Machine, at: u32| {
            machine
                .read_memory(at, IDENTIFICATION.len())
                .is_some_and(|bytes| bytes == IDENTIFICATION)
        };
        if self.at.is_some_and(|at| is_here(machine, at)) {
            return true;
        }
        let ram = machine
            .read_memory(RAM_BASE, RAM_SIZE as usize)
            .unwrap_or_default();
        self.at = ram
            .chunks_exact(4)
            .enumerate()
            .filter(|(_, word)| *word == &IDENTIFICATION[..4])
            .map(|(index, _)| index * 4)
            .find(|start| ram[*start..].starts_with(IDENTIFICATION))
            .map(|start| RAM_BASE + start as u32);
        self.at.is_some()
    }

    fn read_buffer(&self, machine: &mut Machine) -> Option<Vec<u8>> {
        let descriptor = self.at? + FIRST_BUFFER;
        let mut field = |index: u32| machine.read_word(descriptor + 4 * index);
        let (buffer, size, written, read) = (field(1)?, field(2)?, field(3)?, field(4)?);
        if size == 0 || size > MOST || written >= size || read >= size || written == read {
            return None;
        }
        let mut bytes = Vec::new();
        if written < read {
            bytes = machine.read_memory(buffer.checked_add(read)?, (size - read) as usize)?;
            bytes.extend(machine.read_memory(buffer, written as usize)?);
        } else {
            bytes
                .extend(machine.read_memory(buffer.checked_add(read)?, (written - read) as usize)?);
        }
        machine.write_memory(descriptor + 16, &written.to_le_bytes());
        Some(bytes)
    }
}
