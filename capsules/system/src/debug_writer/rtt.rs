//! Debug output of the kernel over SEGGER RTT, up-channel 0.
//!
//! A ring in RAM that a debug probe (or the emulator) empties. Nobody there:
//! what does not fit is dropped, and the kernel never waits.
//! Layout of the control block: SEGGER UM08001, section "Real Time Transfer".

use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU8, Ordering};

use kernel::debug::DebugWriter;
use kernel::utilities::io_write::IoWrite;

const BUFFER_SIZE: usize = 1024;

/// One channel as the probe reads it.
#[repr(C)]
struct Channel {
    name: AtomicPtr<u8>,
    buffer: AtomicPtr<AtomicU8>,
    size: u32,
    /// Where the target writes next.
    write_offset: AtomicU32,
    /// Where the probe reads next.
    read_offset: AtomicU32,
    /// 0: skip what does not fit.
    mode: u32,
}

/// What a probe searches RAM for.
#[repr(C)]
struct ControlBlock {
    identifier: [u8; 16],
    up_channels: u32,
    down_channels: u32,
    up: Channel,
}

static BUFFER: [AtomicU8; BUFFER_SIZE] = [const { AtomicU8::new(0) }; BUFFER_SIZE];
static NAME: [u8; 9] = *b"Terminal\0";

static CONTROL_BLOCK: ControlBlock = ControlBlock {
    identifier: *b"SEGGER RTT\0\0\0\0\0\0",
    up_channels: 1,
    down_channels: 0,
    up: Channel {
        name: AtomicPtr::new(NAME.as_ptr().cast_mut()),
        buffer: AtomicPtr::new(BUFFER.as_ptr().cast_mut()),
        size: BUFFER_SIZE as u32,
        write_offset: AtomicU32::new(0),
        read_offset: AtomicU32::new(0),
        mode: 0,
    },
};

/// The writer that the board gives to `kernel::debug`.
pub struct Rtt;

/// The one instance.
pub static RTT: Rtt = Rtt;

impl Rtt {
    fn free(&self) -> usize {
        let up = &CONTROL_BLOCK.up;
        let written = up.write_offset.load(Ordering::Relaxed) as usize;
        // The probe writes this word: whatever it holds must stay in range.
        let read = up.read_offset.load(Ordering::Relaxed) as usize % BUFFER_SIZE;
        (read + BUFFER_SIZE - written - 1) % BUFFER_SIZE
    }
}

impl DebugWriter for Rtt {
    fn write(&self, bytes: &[u8], _overflow_message: &[u8]) -> usize {
        let up = &CONTROL_BLOCK.up;
        let taken = bytes.len().min(self.free());
        let mut offset = up.write_offset.load(Ordering::Relaxed) as usize;
        for byte in &bytes[..taken] {
            BUFFER[offset].store(*byte, Ordering::Relaxed);
            offset = (offset + 1) % BUFFER_SIZE;
        }
        // The bytes must be there before the probe sees the new offset.
        up.write_offset.store(offset as u32, Ordering::Release);
        taken
    }

    fn available_len(&self) -> usize {
        self.free()
    }

    fn to_write_len(&self) -> usize {
        BUFFER_SIZE - 1 - self.free()
    }

    fn publish(&self) -> usize {
        0
    }

    fn flush(&self, _writer: &mut dyn IoWrite) {}
}

impl core::fmt::Write for &Rtt {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.write(text.as_bytes(), b"");
        Ok(())
    }
}
