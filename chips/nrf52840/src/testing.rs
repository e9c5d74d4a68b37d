//! Fake register blocks in the host's memory.

use kernel::utilities::StaticRef;

/// A register block of zeros that lives for the rest of the test run.
pub fn fake_registers<T>() -> StaticRef<T> {
    let layout = std::alloc::Layout::new::<T>();
    // SAFETY: the layout is that of a register block, which is not empty.
    let memory = unsafe { std::alloc::alloc_zeroed(layout) }.cast::<T>();
    assert!(!memory.is_null());
    // SAFETY: the block is aligned, never freed, and made of integers, for which
    // zero is a value.
    unsafe { StaticRef::new(memory) }
}

/// Does what only the hardware can: gives `register` of the block `registers`, a
/// read-only one too, a value.
pub fn poke<T, R>(registers: StaticRef<T>, register: &R, value: u32) {
    let offset = core::ptr::from_ref(register) as usize - registers.get_raw_ptr() as usize;
    assert_eq!(core::mem::size_of::<R>(), 4);
    assert!(offset + 4 <= core::mem::size_of::<T>());
    let memory = registers.get_raw_ptr().cast_mut().cast::<u8>();
    // SAFETY: the word lies within the block that `fake_registers` allocated.
    unsafe { memory.add(offset).cast::<u32>().write_volatile(value) }
}

/// Reads `register`, a write-only one too.
pub fn peek<R>(register: &R) -> u32 {
    assert_eq!(core::mem::size_of::<R>(), 4);
    // SAFETY: a register is one word.
    unsafe { core::ptr::from_ref(register).cast::<u32>().read_volatile() }
}

/// Returns whether the task was triggered since the last look.
pub fn triggered<T, R>(registers: StaticRef<T>, task: &R) -> bool {
    let value = peek(task);
    poke(registers, task, 0);
    value != 0
}
