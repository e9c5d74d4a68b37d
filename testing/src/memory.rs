//! Memory of the host that stands for a chip's: what lives for ever, RAM for processes, bytes at addresses.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Puts a value where it lives as long as the test program, as what boards declare
/// statically does.
pub fn forever<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// So many bytes of RAM at a multiple of 64, filled with 0xA5.
pub fn ram(len: usize) -> &'static mut [u8] {
    let memory = Box::leak(vec![0xA5u8; len + 64].into_boxed_slice());
    let skip = memory.as_ptr().align_offset(64);
    &mut memory[skip..skip + len]
}

/// Reads the byte at an address of a process's memory.
pub fn peek(address: usize) -> u8 {
    let pointer: *const u8 = core::ptr::with_exposed_provenance(address);
    // SAFETY: tests pass addresses in blocks that live for ever.
    unsafe { pointer.read_volatile() }
}

/// Writes the byte at an address of a process's memory, as the process would.
pub fn poke(address: usize, value: u8) {
    let pointer: *mut u8 = core::ptr::with_exposed_provenance_mut(address);
    // SAFETY: tests pass addresses in blocks that live for ever.
    unsafe { pointer.write_volatile(value) }
}

/// A number that this function has not returned before in this program.
pub fn unique() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
