//! Where the results go: a buffer at a fixed place in RAM, and semihosting
//! where somebody has promised to serve it.
//!
//! Without a debugger a semihosting call is a fault, so the firmware makes
//! none unless the word at `conformance_semihosting` says so. QEMU's generic
//! loader writes it before the start.

use core::cell::UnsafeCell;
use core::fmt::{self, Write};

/// First word of the log, "CLOG".
const MAGIC: u32 = 0x474F_4C43;
/// What the word at `conformance_semihosting` holds where it is served.
const SEMIHOSTING: u32 = 0x5E31_4057;
/// Bytes of text that the log holds; more is dropped.
const CAPACITY: usize = 24 * 1024;

/// The layout that a reader of RAM finds at `conformance_log`.
#[repr(C)]
struct Buffer {
    magic: u32,
    length: u32,
    text: [u8; CAPACITY],
}

struct Shared(UnsafeCell<Buffer>);

// SAFETY: only thread mode writes the log, and there is one thread.
unsafe impl Sync for Shared {}

#[link_section = ".log"]
#[used]
static LOG: Shared = Shared(UnsafeCell::new(Buffer {
    magic: 0,
    length: 0,
    text: [0; CAPACITY],
}));

extern "C" {
    static conformance_semihosting: u32;
}

fn has_semihosting() -> bool {
    // SAFETY: a word of RAM that nobody writes.
    unsafe { (&raw const conformance_semihosting).read_volatile() == SEMIHOSTING }
}

/// Writes to the log. Thread mode only.
pub struct Log;

/// Empties the log and marks it as one.
pub fn begin() {
    let log = LOG.0.get();
    // SAFETY: nobody else has a reference; volatile for the reader outside.
    unsafe {
        (&raw mut (*log).length).write_volatile(0);
        (&raw mut (*log).magic).write_volatile(MAGIC);
    }
}

impl Write for Log {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let log = LOG.0.get();
        // SAFETY: nobody else has a reference; every index is below CAPACITY;
        // volatile for the reader outside, who may look at any time.
        unsafe {
            for byte in text.bytes() {
                let length = (&raw const (*log).length).read_volatile();
                if length as usize >= CAPACITY {
                    break;
                }
                (&raw mut (*log).text[length as usize]).write_volatile(byte);
                (&raw mut (*log).length).write_volatile(length + 1);
            }
        }
        if has_semihosting() {
            semihosting::print(text);
        }
        Ok(())
    }
}

/// Writes one result.
pub fn check(name: &str, pass: bool, value: u32) {
    let verdict = if pass { "PASS" } else { "FAIL" };
    let _ = writeln!(Log, "check {name}: {verdict} value={value:#x}");
}

/// Writes the last line and ends: through semihosting, or by going to sleep.
pub fn end(checks: u32) -> ! {
    let _ = writeln!(Log, "done {checks}");
    if has_semihosting() {
        semihosting::exit();
    }
    loop {
        // SAFETY: waiting for an interrupt changes nothing.
        unsafe { core::arch::asm!("wfi", options(nomem, nostack)) };
    }
}

mod semihosting {
    //! The two calls of ARM semihosting that are needed.

    const SYS_WRITE0: u32 = 0x04;
    const SYS_EXIT: u32 = 0x18;
    const APPLICATION_EXIT: usize = 0x2_0026;

    fn call(operation: u32, argument: usize) {
        // SAFETY: the debugger (QEMU) reads at most the text that the argument
        // points to.
        unsafe {
            core::arch::asm!(
                "bkpt #0xAB",
                inout("r0") operation => _,
                in("r1") argument,
                options(nostack),
            );
        }
    }

    /// Prints `text`, a piece at a time because the call wants a final zero.
    pub fn print(text: &str) {
        for piece in text.as_bytes().chunks(31) {
            let mut buffer = [0u8; 32];
            buffer[..piece.len()].copy_from_slice(piece);
            call(SYS_WRITE0, buffer.as_ptr() as usize);
        }
    }

    /// Ends the run with success.
    pub fn exit() {
        call(SYS_EXIT, APPLICATION_EXIT);
    }
}
