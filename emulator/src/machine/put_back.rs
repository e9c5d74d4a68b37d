//! Replaces the content of a memory, and says which of its bytes have changed.

use super::memory::Memory;
use crate::bus::absent::AbsentCores;
use rigless::emulator::Queued;

/// The grain at which memories are compared.
const CHUNK: usize = 1024;

/// Puts `bytes` into `memory`; the core forgets what it translated of those
/// that changed.
pub(super) fn put_back(
    memory: &mut Memory,
    bytes: &[u8],
    base: u32,
    absent: &mut AbsentCores,
    changed: &mut Vec<Queued>,
) {
    let mut current = [0; CHUNK];
    for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
        let offset = index * CHUNK;
        let current = &mut current[..chunk.len()];
        memory.read(offset, current);
        if current != chunk {
            memory.write(offset, chunk);
            absent.changed(base + offset as u32, chunk.len() as u32);
            let start = u64::from(base) + offset as u64;
            changed.push(Queued::Invalidate(start, start + chunk.len() as u64));
        }
    }
}
