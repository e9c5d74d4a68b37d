//! The mailbox in memory, which the test reads and writes while the app has its turn.

use core::arch::asm;
use core::cell::UnsafeCell;

use key_bridge::mailbox::{self, Word};

#[repr(C, align(16))]
struct Mailbox(UnsafeCell<[u8; mailbox::SIZE]>);

// SAFETY: there is one thread, and `Access` is made once.
unsafe impl Sync for Mailbox {}

static MAILBOX: Mailbox = Mailbox(UnsafeCell::new([0; mailbox::SIZE]));

/// Here the test stops the machine.
#[no_mangle]
#[inline(never)]
extern "C" fn bridge_turn() {
    // SAFETY: it does nothing. It may write memory, for all that the compiler
    // knows, which is what the test does.
    unsafe { asm!("nop") };
}

/// The only access to the mailbox.
pub struct Access(());

impl Access {
    /// Prepares the mailbox.
    ///
    /// # Safety
    /// Once.
    pub unsafe fn new() -> Self {
        let mut access = Access(());
        // SAFETY: nobody else refers to the mailbox.
        let bytes = unsafe { &mut *MAILBOX.0.get() };
        bytes[..mailbox::MAGIC.len()].copy_from_slice(&mailbox::MAGIC);
        access.set(Word::Command, mailbox::IDLE);
        access.set(Word::Turn, bridge_turn as *const () as usize as u32 & !1);
        access
    }

    /// Lets the test write.
    pub fn turn(&mut self) {
        bridge_turn();
    }

    fn place(word: Word) -> *mut u32 {
        let start = MAILBOX.0.get().cast::<u8>();
        start.wrapping_add(mailbox::word(word)).cast()
    }

    /// A word.
    pub fn get(&self, word: Word) -> u32 {
        // SAFETY: the place is aligned and in the mailbox, which the methods of
        // the one `Access` alone reach.
        unsafe { Self::place(word).read_volatile() }
    }

    /// Sets a word.
    pub fn set(&mut self, word: Word, value: u32) {
        // SAFETY: as for `get`.
        unsafe { Self::place(word).write_volatile(value) }
    }

    /// The buffers, as long as the test says.
    pub fn buffers(&mut self) -> ([&[u8]; 3], &mut [u8]) {
        let words = [Word::Input, Word::Associated, Word::Nonce, Word::Output];
        let lengths = words.map(|word| self.get(word) as usize);
        let length = |number: usize| lengths[number].min(mailbox::SIZES[number]);
        let start = MAILBOX.0.get().cast::<u8>();
        let place = |number| start.wrapping_add(mailbox::buffer(number));
        // SAFETY: the buffers are apart from each other and from the words, and
        // borrowed from the one `Access`.
        unsafe {
            let input = |number| core::slice::from_raw_parts(place(number), length(number));
            let output = mailbox::OUTPUT;
            (
                [input(0), input(1), input(2)],
                core::slice::from_raw_parts_mut(place(output), length(output)),
            )
        }
    }
}
