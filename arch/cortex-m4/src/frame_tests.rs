//! Frames in a piece of memory that stands for a process's RAM.

use super::*;

/// Memory of a process, word-aligned.
fn memory() -> [u32; 64] {
    core::array::from_fn(|word| 0xA000_0000 | word as u32)
}

fn bounds(memory: &mut [u32]) -> (*const u8, *const u8) {
    let range = memory.as_mut_ptr_range();
    (range.start.cast(), range.end.cast())
}

#[test]
fn only_frames_wholly_inside_exist() {
    let mut memory = memory();
    let (start, end) = bounds(&mut memory);
    let low = start as usize;
    let high = end as usize;
    let exists = |psp: usize, start: *const u8, end: *const u8| {
        // SAFETY: `memory` outlives the frame.
        unsafe { Frame::within(psp, start, end) }.is_some()
    };
    for psp in (low - 64)..=(high + 64) {
        let wanted = psp >= low && psp + FRAME_BYTES <= high && psp % 4 == 0;
        assert_eq!(exists(psp, start, end), wanted, "{}", psp.wrapping_sub(low));
    }
    for psp in [0, 4, usize::MAX, usize::MAX - 31, usize::MAX - 3, !31] {
        assert!(!exists(psp, start, end));
    }
    // Too little memory for any frame, down to less than none.
    for length in 0..FRAME_BYTES {
        assert!(!exists(low, start, start.wrapping_add(length)));
    }
    assert!(!exists(low, end, start));
}

#[test]
fn upcall_is_a_call_from_behind_the_svc() {
    let mut memory = memory();
    let (start, end) = bounds(&mut memory);
    // SAFETY: `memory` outlives the frame.
    let mut frame = unsafe { Frame::within(start as usize + 64, start, end) }.unwrap();
    frame.set(Word::Pc, 0x4_1234);
    // Flags, IT state (bits 26:25 and 15:10), exception number and padding.
    frame.set(Word::Xpsr, 0xFFFF_FFFF);
    frame.set(Word::R12, 0x1212_1212);
    frame.call(0x4_2001, [1, 2, 3, 4]);
    assert_eq!(memory[16..20], [1, 2, 3, 4]);
    assert_eq!(memory[20], 0x1212_1212);
    assert_eq!(memory[21], 0x4_1235, "lr: behind the svc, Thumb");
    assert_eq!(memory[22], 0x4_2000, "pc: the function");
    assert_eq!(memory[23], 0x0100_0200, "Thumb and padding, nothing else");
    assert_eq!(memory[15], 0xA000_000F, "below the frame");
    assert_eq!(memory[24], 0xA000_0018, "above the frame");
}

#[test]
fn upcall_without_padding_gets_none() {
    let mut memory = memory();
    let (start, end) = bounds(&mut memory);
    // SAFETY: `memory` outlives the frame.
    let mut frame = unsafe { Frame::within(start as usize, start, end) }.unwrap();
    frame.set(Word::Xpsr, 0x0600_FC00);
    frame.call(0x4_2000, [0; 4]);
    assert_eq!(memory[7], 0x0100_0000);
}
