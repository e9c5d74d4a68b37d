//! The meter's front end, which does the next thing when the input says so.

use std::cell::{Cell, RefCell};

use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::front_end::{FilledBlock, MeterFrontEnd, MeterFrontEndClient};

/// Bytes of a block.
pub const BLOCK: usize = 480;

/// The meter's front end. Refuses what hardware would refuse.
#[derive(Default)]
pub struct FrontEnd {
    buffers: RefCell<Vec<&'static mut [u8]>>,
    running: Cell<bool>,
    stopping: Cell<bool>,
    blocks: Cell<u64>,
    client: OptionalCell<&'static dyn MeterFrontEndClient>,
}

impl FrontEnd {
    /// 20 ms pass: a buffer is full, or the hardware has stopped.
    pub fn step(&self) {
        let Some(client) = self.client.get() else {
            return;
        };
        if self.stopping.take() {
            self.running.set(false);
            let mut buffers: Vec<_> = self.buffers.borrow_mut().drain(..).collect();
            client.stopped([buffers.pop(), buffers.pop()]);
            return;
        }
        let blocks = self.blocks.get() + 1;
        self.blocks.set(blocks);
        let next = {
            let mut buffers = self.buffers.borrow_mut();
            (self.running.get() && !buffers.is_empty()).then(|| buffers.remove(0))
        };
        if let Some(buffer) = next {
            buffer.fill(blocks as u8);
            client.block_ready(FilledBlock {
                buffer,
                scans: (BLOCK / 6) as u32,
                last_scan_us: blocks * 20_000,
                missed_blocks: 0,
                saturated: blocks as u8,
            });
        }
    }
}

impl MeterFrontEnd<'static> for FrontEnd {
    fn set_client(&self, client: &'static dyn MeterFrontEndClient) {
        self.client.set(client);
    }

    fn start(
        &self,
        _rate: u32,
        first: &'static mut [u8],
        second: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8], &'static mut [u8])> {
        assert!(!self.running.replace(true), "the capsule starts what runs");
        self.blocks.set(0);
        self.buffers.borrow_mut().extend([first, second]);
        Ok(())
    }

    fn provide_buffer(
        &self,
        buffer: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        let mut buffers = self.buffers.borrow_mut();
        assert!(buffers.len() < 2, "the capsule provides more than fits");
        buffers.push(buffer);
        Ok(())
    }

    fn stop(&self) -> Result<(), ErrorCode> {
        assert!(self.running.get() && !self.stopping.replace(true));
        Ok(())
    }
}
