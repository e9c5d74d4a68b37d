//! The frame that the hardware pushes on a process's stack, and what may be done to it.
//!
//! On every exception the core pushes eight words and pops them on return
//! (DDI 0403, B1.5.6): r0, r1, r2, r3, r12, lr, pc, xPSR. The frame lies in
//! the process's memory, so the process may have changed it (through a buffer
//! that it lent to a driver) and may have put its stack pointer anywhere. A
//! [`Frame`] therefore exists only after its place was checked, and whatever
//! is read from it can harm nobody but the process.

/// Bytes of a frame.
pub(crate) const FRAME_BYTES: usize = 32;
/// xPSR with nothing but the Thumb bit.
const XPSR_THUMB: u32 = 1 << 24;
/// xPSR bit 9: the hardware pushed a word of padding below the frame, and
/// takes it off again on return. The only stacked bit that must survive.
const XPSR_PADDING: u32 = 1 << 9;

/// The words of a frame.
#[derive(Clone, Copy)]
#[repr(usize)]
pub(crate) enum Word {
    R0,
    R1,
    R2,
    R3,
    R12,
    Lr,
    Pc,
    Xpsr,
}

/// A frame that lies wholly within the accessible memory of a process.
pub(crate) struct Frame(*mut u32);

impl Frame {
    /// The frame at `stack_pointer`, if it lies word-aligned within
    /// `memory_start..memory_end`.
    ///
    /// # Safety
    ///
    /// `memory_start..memory_end` is memory of one process that stays valid,
    /// and that nothing else refers to, while the frame is in use.
    #[inline(always)]
    pub(crate) unsafe fn within(
        stack_pointer: usize,
        memory_start: *const u8,
        memory_end: *const u8,
    ) -> Option<Frame> {
        let offset = stack_pointer.wrapping_sub(memory_start as usize);
        let length = (memory_end as usize).wrapping_sub(memory_start as usize);
        if length < FRAME_BYTES || offset > length - FRAME_BYTES {
            return None;
        }
        let frame = memory_start.wrapping_add(offset).cast_mut().cast::<u32>();
        frame.is_aligned().then_some(Frame(frame))
    }

    /// Reads a word.
    #[inline(always)]
    pub(crate) fn get(&self, word: Word) -> u32 {
        // SAFETY: `within` checked that all eight words lie in valid memory.
        unsafe { self.0.add(word as usize).read() }
    }

    /// Writes a word.
    #[inline(always)]
    pub(crate) fn set(&mut self, word: Word, value: u32) {
        // SAFETY: as in `get`; the memory is the process's own and writable.
        unsafe { self.0.add(word as usize).write(value) }
    }

    /// Makes it a frame that starts at address 0 with nothing in its
    /// registers, for a process that has not run yet.
    pub(crate) fn initialize(&mut self) {
        for word in [
            Word::R0,
            Word::R1,
            Word::R2,
            Word::R3,
            Word::R12,
            Word::Lr,
            Word::Pc,
        ] {
            self.set(word, 0);
        }
        self.set(Word::Xpsr, XPSR_THUMB);
    }

    /// Turns the return from a system call into a call of `function` that
    /// will return to where the system call would have.
    ///
    /// The new xPSR is made here, not kept: Thumb state, no flags, no IT
    /// block (the `svc` may have stood in one), and only the padding bit from
    /// the old one, because it belongs to the stack and not to the code.
    pub(crate) fn call(&mut self, function: u32, arguments: [u32; 4]) {
        let [r0, r1, r2, r3] = arguments;
        let return_address = self.get(Word::Pc);
        let padding = self.get(Word::Xpsr) & XPSR_PADDING;
        self.set(Word::R0, r0);
        self.set(Word::R1, r1);
        self.set(Word::R2, r2);
        self.set(Word::R3, r3);
        self.set(Word::Lr, return_address | 1);
        self.set(Word::Pc, function & !1);
        self.set(Word::Xpsr, XPSR_THUMB | padding);
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
