//! Debug output of the kernel over SEGGER RTT, up-channel 0.
//!
//! A ring in RAM that a debug probe (or the emulator) empties. Nobody there:
//! what does not fit is dropped, and the kernel never waits.
//! Layout of the control block: SEGGER UM08001, section "Real Time Transfer".

use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU8, Ordering};

use kernel::debug::DebugWriter;
use kernel::utilities::io_write::IoWrite;

/// Bytes of the ring; one of them always stays free.
pub const BUFFER_SIZE: usize = 1024;

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

/// What a probe searches RAM for, with its one channel to the host.
///
/// The target itself reads only two of its words, so that a compiler which sees the
/// whole program would drop the rest: [`rtt!`](crate::rtt) makes the one that is kept.
#[repr(C)]
pub struct ControlBlock {
    identifier: [u8; 16],
    up_channels: u32,
    down_channels: u32,
    up: Channel,
}

impl ControlBlock {
    /// Returns a block with one up-channel, "Terminal", over an empty ring.
    pub const fn new(buffer: &'static Buffer) -> Self {
        ControlBlock {
            identifier: *b"SEGGER RTT\0\0\0\0\0\0",
            up_channels: 1,
            down_channels: 0,
            up: Channel::new(&NAME, buffer),
        }
    }
}

impl Channel {
    /// A channel of this name over an empty ring.
    const fn new(name: &'static [u8; 9], buffer: &'static Buffer) -> Self {
        Channel {
            name: AtomicPtr::new(name.as_ptr().cast_mut()),
            buffer: AtomicPtr::new(buffer.as_ptr().cast_mut()),
            size: BUFFER_SIZE as u32,
            write_offset: AtomicU32::new(0),
            read_offset: AtomicU32::new(0),
            mode: 0,
        }
    }
}

/// What the channel's offsets count in; an atomic byte is written without `unsafe`.
pub type Buffer = [AtomicU8; BUFFER_SIZE];

/// Returns a ring of zeros.
pub const fn buffer() -> Buffer {
    [const { AtomicU8::new(0) }; BUFFER_SIZE]
}

static NAME: [u8; 9] = *b"Terminal\0";

/// The target's end of a channel: one byte of the ring stays free, so that full and
/// empty differ.
#[derive(Clone, Copy)]
struct Ring {
    up: &'static Channel,
    buffer: &'static Buffer,
}

impl Ring {
    /// Bytes that fit.
    fn free(self) -> usize {
        let written = self.up.write_offset.load(Ordering::Relaxed) as usize;
        // The probe writes this word: whatever it holds must stay in range.
        let read = self.up.read_offset.load(Ordering::Relaxed) as usize % BUFFER_SIZE;
        (read + BUFFER_SIZE - written - 1) % BUFFER_SIZE
    }

    /// Bytes that the probe has not read.
    fn unread(self) -> usize {
        BUFFER_SIZE - 1 - self.free()
    }

    /// Takes the first bytes, as many as fit, and returns how many it took.
    fn write(self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.free());
        let mut offset = self.up.write_offset.load(Ordering::Relaxed) as usize;
        for byte in &bytes[..taken] {
            self.buffer[offset].store(*byte, Ordering::Relaxed);
            offset = (offset + 1) % BUFFER_SIZE;
        }
        // The bytes must be there before the probe sees the new offset.
        self.up.write_offset.store(offset as u32, Ordering::Release);
        taken
    }
}

/// The writer that the board gives to `kernel::debug`.
pub struct Rtt(Ring);

impl Rtt {
    /// Returns the writer of a control block and the ring that it was made with.
    pub const fn new(block: &'static ControlBlock, buffer: &'static Buffer) -> Self {
        Rtt(Ring {
            up: &block.up,
            buffer,
        })
    }
}

/// Makes the RTT writer of an image: a value for one `static` of the board.
///
/// An image without debug output does not name it, and then has no control block that a
/// probe could find.
#[macro_export]
macro_rules! rtt {
    () => {{
        use $crate::debug_writer::rtt;
        static BUFFER: rtt::Buffer = rtt::buffer();
        // The probe reads what the program never does.
        #[used]
        static CONTROL_BLOCK: rtt::ControlBlock = rtt::ControlBlock::new(&BUFFER);
        rtt::Rtt::new(&CONTROL_BLOCK, &BUFFER)
    }};
}

impl DebugWriter for Rtt {
    fn write(&self, bytes: &[u8], _overflow_message: &[u8]) -> usize {
        self.0.write(bytes)
    }

    fn available_len(&self) -> usize {
        self.0.free()
    }

    fn to_write_len(&self) -> usize {
        self.0.unread()
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::boxed::Box;
    use std::vec::Vec;

    /// A ring of its own, and the probe that reads it.
    fn ring() -> Ring {
        let buffer: &'static Buffer = Box::leak(Box::new(buffer()));
        Ring {
            up: Box::leak(Box::new(Channel::new(&NAME, buffer))),
            buffer,
        }
    }

    impl Ring {
        /// Reads up to `limit` bytes from the ring, as a probe does.
        fn read(self, limit: usize) -> Vec<u8> {
            let end = self.up.write_offset.load(Ordering::Relaxed) as usize;
            let mut at = self.up.read_offset.load(Ordering::Relaxed) as usize;
            let mut bytes = Vec::new();
            while at != end && bytes.len() < limit {
                bytes.push(self.buffer[at].load(Ordering::Relaxed));
                at = (at + 1) % BUFFER_SIZE;
            }
            self.up.read_offset.store(at as u32, Ordering::Relaxed);
            bytes
        }

        fn is_consistent(self) {
            assert_eq!(self.free() + self.unread(), BUFFER_SIZE - 1);
        }
    }

    /// Bytes that differ from their neighbours, far around the ring.
    fn text(from: usize, length: usize) -> Vec<u8> {
        (from..from + length).map(|at| (at % 251) as u8).collect()
    }

    #[test]
    fn what_is_written_is_read_in_its_order_however_often_the_ring_wraps() {
        let ring = ring();
        let mut sent = 0;
        for length in [1, 700, 322, 1_023, 5, 1_000, 0, 999].repeat(5) {
            let bytes = text(sent, length);
            assert_eq!(ring.write(&bytes), length);
            assert_eq!(ring.unread(), length);
            ring.is_consistent();
            // In two parts, the first up to the middle.
            let mut read = ring.read(length / 2);
            assert_eq!(ring.unread(), length - length / 2);
            read.extend(ring.read(usize::MAX));
            assert_eq!(read, bytes);
            sent += length;
        }
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_harms_nothing_that_is_there() {
        for start in [0, 1, 500, BUFFER_SIZE - 1] {
            let ring = ring();
            ring.write(&text(0, start));
            ring.read(usize::MAX);
            let bytes = text(7, 2 * BUFFER_SIZE);
            assert_eq!(ring.write(&bytes[..600]), 600);
            assert_eq!(ring.write(&bytes[600..]), BUFFER_SIZE - 1 - 600);
            assert_eq!(ring.free(), 0);
            ring.is_consistent();
            assert_eq!(ring.write(&bytes), 0);
            assert_eq!(ring.read(usize::MAX), bytes[..BUFFER_SIZE - 1]);
            assert_eq!(ring.free(), BUFFER_SIZE - 1);
        }
    }

    #[test]
    fn a_read_offset_out_of_range_neither_panics_nor_makes_more_room_than_there_is() {
        for offset in [
            BUFFER_SIZE as u32,
            1_025,
            0x8000_0000,
            u32::MAX - 1,
            u32::MAX,
        ] {
            let ring = ring();
            ring.write(&text(0, 100));
            ring.up.read_offset.store(offset, Ordering::Relaxed);
            ring.is_consistent();
            let room = ring.free();
            assert!(room < BUFFER_SIZE);
            assert_eq!(ring.write(&text(0, 4 * BUFFER_SIZE)), room, "{offset:#x}");
            let end = ring.up.write_offset.load(Ordering::Relaxed) as usize;
            assert!(end < BUFFER_SIZE, "{offset:#x}");
        }
    }

    #[test]
    fn the_writer_fills_the_ring_that_a_probe_finds_by_its_identifier() {
        use core::fmt::Write;
        static RTT: Rtt = crate::rtt!();
        let buffer: &'static Buffer = Box::leak(Box::new(buffer()));
        let block: &'static ControlBlock = Box::leak(Box::new(ControlBlock::new(buffer)));
        let up = &block.up;
        assert_eq!(block.identifier, *b"SEGGER RTT\0\0\0\0\0\0");
        assert_eq!((block.up_channels, block.down_channels), (1, 0));
        assert_eq!((up.size, up.mode), (BUFFER_SIZE as u32, 0));
        let ring = up.buffer.load(Ordering::Relaxed);
        assert_eq!(ring.cast_const(), buffer.as_ptr());
        assert_eq!(up.name.load(Ordering::Relaxed).cast_const(), NAME.as_ptr());
        let own = Rtt::new(block, buffer);
        for rtt in [&RTT, &own] {
            assert_eq!(rtt.available_len(), BUFFER_SIZE - 1);
            let mut text = rtt;
            write!(text, "boot {}", 7).expect("it never fails");
            assert_eq!(rtt.to_write_len(), 6);
            assert_eq!(rtt.available_len(), BUFFER_SIZE - 7);
            assert_eq!(rtt.0.read(usize::MAX), b"boot 7");
        }
    }
}
