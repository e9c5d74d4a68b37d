//! The meter's front end, whose blocks the test fills.

use std::cell::{Cell, RefCell};

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::front_end::{MeterFrontEnd, MeterFrontEndClient, ScanBlock};

/// Bytes of a block: four conversions of two bytes for each scan.
pub const BLOCK: usize = 8 * SCANS as usize;
/// Scans in a block.
pub const SCANS: u32 = 384;
/// Time that a block takes, in microseconds.
pub const BLOCK_US: u64 = 384 * 51;
/// What the reference reads while the channels stand in their places.
pub const REFERENCE: i16 = 13_653;

/// The meter's front end. It panics at what the interface forbids.
#[derive(Default)]
pub struct FakeFrontEnd {
    buffers: RefCell<Vec<&'static mut [u8]>>,
    period_us: Cell<Option<u32>>,
    reference: Cell<Option<i16>>,
    stopping: Cell<bool>,
    blocks: Cell<u64>,
    missed: Cell<u32>,
    /// It cannot be started: FAIL.
    pub refuses: Cell<bool>,
    client: OptionalCell<&'static dyn MeterFrontEndClient>,
}

impl FakeFrontEnd {
    /// The period at which it scans, in microseconds; `None` while it is stopped.
    pub fn period_us(&self) -> Option<u32> {
        self.period_us.get()
    }

    /// From now on the reference reads this, as it does when the channels have changed places.
    pub fn set_reference(&self, code: i16) {
        self.reference.set(Some(code));
    }

    /// How many buffers it holds.
    pub fn buffers(&self) -> usize {
        self.buffers.borrow().len()
    }

    /// A block's time passes, and all channels rest at the block's number, counted from 1.
    /// `saturated` has a bit for each channel that touched an end of its range.
    ///
    /// # Panics
    /// If it has no buffer.
    pub fn fill(&self, saturated: u8) {
        let blocks = self.blocks.get() + 1;
        self.blocks.set(blocks);
        assert!(self.buffers() > 0, "the front end has no buffer");
        let buffer = self.buffers.borrow_mut().remove(0);
        let reference = self.reference.get().unwrap_or(REFERENCE).to_le_bytes();
        let rest = (blocks as u16).to_le_bytes();
        for (at, place) in buffer.chunks_exact_mut(2).enumerate() {
            place.copy_from_slice(if at % 4 == 3 { &reference } else { &rest });
        }
        self.client().block_ready(ScanBlock {
            buffer,
            scans: SCANS,
            last_scan_us: blocks * BLOCK_US,
            lost_blocks: self.missed.take(),
            saturated,
        });
    }

    /// The time of so many blocks passes for which it has no buffer.
    pub fn miss(&self, blocks: u32) {
        self.blocks.set(self.blocks.get() + u64::from(blocks));
        self.missed.set(self.missed.get() + blocks);
    }

    /// It has stopped, and gives its buffers back.
    ///
    /// # Panics
    /// If it was not told to stop.
    pub fn stopped(&self) {
        assert!(self.stopping.take(), "it was told to stop");
        self.period_us.set(None);
        let mut buffers: Vec<_> = self.buffers.take();
        self.client().stopped([buffers.pop(), buffers.pop()]);
    }

    /// A block's time passes, and what follows from it comes: it has stopped, or a buffer
    /// is full, or a block is missed. The block's number says which channels saturate.
    pub fn step(&self) {
        if self.stopping.get() {
            self.stopped();
        } else if self.period_us.get().is_some() {
            match self.buffers() {
                0 => self.miss(1),
                _ => self.fill(self.blocks.get() as u8),
            }
        }
    }

    fn client(&self) -> &'static dyn MeterFrontEndClient {
        self.client.get().expect("a client")
    }
}

impl MeterFrontEnd<'static> for FakeFrontEnd {
    fn set_client(&self, client: &'static dyn MeterFrontEndClient) {
        self.client.set(client);
    }

    fn start(
        &self,
        period_us: u32,
        first: &'static mut [u8],
        second: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8], &'static mut [u8])> {
        if self.refuses.get() {
            return Err((ErrorCode::FAIL, first, second));
        }
        let before = self.period_us.replace(Some(period_us));
        assert!(before.is_none(), "it runs already");
        self.blocks.set(0);
        self.buffers.borrow_mut().extend([first, second]);
        Ok(())
    }

    fn provide_buffer(
        &self,
        buffer: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        assert!(self.period_us.get().is_some(), "it does not run");
        assert!(self.buffers() < 2, "more buffers than fit");
        self.buffers.borrow_mut().push(buffer);
        Ok(())
    }

    fn stop(&self) -> Result<(), ErrorCode> {
        assert!(self.period_us.get().is_some(), "it does not run");
        assert!(!self.stopping.replace(true), "it is stopping already");
        Ok(())
    }
}
