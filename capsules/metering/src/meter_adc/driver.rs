//! The system calls of the meter ADC.

use core::cell::Cell;

use drivers::meter_adc::{read_write, upcall, Command, Header, NUMBER, SCAN_BYTES};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::processbuffer::{WriteableProcessBuffer, WriteableProcessSlice};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::{ErrorCode, ProcessId};

use super::queue::{BlockQueue, QueuedBlock, QUEUE_BLOCKS};
use meter_hil::front_end::{MeterFrontEnd, MeterFrontEndClient, ReturnedBuffers, ScanBlock};

/// Driver number.
pub const DRIVER_NUM: usize = NUMBER as usize;
/// Buffers that the capsule needs: those that wait and two in the hardware.
pub const BUFFERS: usize = QUEUE_BLOCKS + 2;

/// Arrivals after which an app that has taken nothing is told again.
const REMINDER: u32 = 50;

/// The grant, which holds nothing but the upcall and the allowed buffer.
type AppGrant =
    Grant<(), UpcallCount<{ upcall::COUNT }>, AllowRoCount<0>, AllowRwCount<{ read_write::COUNT }>>;

/// What the hardware is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hardware {
    Idle,
    Running,
    Stopping,
}

/// Buffers that neither wait nor are in the hardware.
type FreeBuffers = [Option<&'static mut [u8]>; BUFFERS];

/// The meter ADC.
pub struct MeterAdc<'a, F: MeterFrontEnd<'a>> {
    front_end: &'a F,
    rate: u32,
    scans_per_block: u32,
    apps: AppGrant,
    owner: OptionalCell<ProcessId>,
    hardware: Cell<Hardware>,
    free: MapCell<FreeBuffers>,
    queue: MapCell<BlockQueue>,
    last_scan_us: Cell<u64>,
    arrivals_since_take: Cell<u32>,
}

impl<'a, F: MeterFrontEnd<'a>> MeterAdc<'a, F> {
    /// A stopped meter ADC.
    ///
    /// - `rate`: scans per second, the only one that apps may ask for
    /// - `buffers`: memory of the blocks, all of one length: a whole number of
    ///   scans of six bytes
    pub fn new(
        front_end: &'a F,
        rate: u32,
        buffers: [&'static mut [u8]; BUFFERS],
        apps: AppGrant,
    ) -> Self {
        let scans_per_block = (buffers[0].len() / SCAN_BYTES) as u32;
        MeterAdc {
            front_end,
            rate,
            scans_per_block,
            apps,
            owner: OptionalCell::empty(),
            hardware: Cell::new(Hardware::Idle),
            free: MapCell::new(buffers.map(Some)),
            queue: MapCell::new(BlockQueue::new(scans_per_block)),
            last_scan_us: Cell::new(0),
            arrivals_since_take: Cell::new(0),
        }
    }

    fn owns(&self, process_id: ProcessId) -> bool {
        self.owner.get() == Some(process_id)
    }

    /// Whether the process still is the run that it was.
    fn is_alive(&self, process_id: ProcessId) -> bool {
        self.apps.enter(process_id, |_, _| ()).is_ok()
    }

    fn start(&self, process_id: ProcessId, rate: usize) -> Result<(), ErrorCode> {
        if let Some(owner) = self.owner.get() {
            if owner == process_id {
                return Err(ErrorCode::ALREADY);
            }
            if self.is_alive(owner) {
                return Err(ErrorCode::BUSY);
            }
        }
        if rate != self.rate as usize {
            return Err(ErrorCode::INVAL);
        }
        self.owner.clear();
        self.drop_waiting();
        match self.hardware.get() {
            Hardware::Idle => self.start_hardware()?,
            Hardware::Running => self.restart_count(self.last_scan_us.get()),
            // `stopped` sees the owner and starts the hardware again.
            Hardware::Stopping => {}
        }
        self.owner.set(process_id);
        Ok(())
    }

    fn start_hardware(&self) -> Result<(), ErrorCode> {
        let (first, second) = (self.take_free(), self.take_free());
        let (Some(first), Some(second)) = (first, second) else {
            return Err(ErrorCode::NOMEM);
        };
        self.restart_count(0);
        match self.front_end.start(self.rate, first, second) {
            Ok(()) => {
                self.hardware.set(Hardware::Running);
                Ok(())
            }
            Err((error, first, second)) => {
                self.put_free(first);
                self.put_free(second);
                Err(error)
            }
        }
    }

    fn restart_count(&self, epoch_us: u64) {
        self.queue.map(|queue| queue.restart(epoch_us));
        self.last_scan_us.set(epoch_us);
        self.arrivals_since_take.set(0);
    }

    /// Ends the ownership, whoever has it, and stops the hardware.
    fn release(&self) {
        self.owner.clear();
        self.drop_waiting();
        if self.hardware.get() == Hardware::Running && self.front_end.stop().is_ok() {
            self.hardware.set(Hardware::Stopping);
        }
    }

    fn drop_waiting(&self) {
        while let Some(buffer) = self.queue.map_or(None, BlockQueue::pop) {
            self.put_free(buffer);
        }
    }

    fn take_free(&self) -> Option<&'static mut [u8]> {
        self.free
            .map_or(None, |free| free.iter_mut().find_map(Option::take))
    }

    fn put_free(&self, buffer: &'static mut [u8]) {
        self.free.map(|free| {
            if let Some(place) = free.iter_mut().find(|place| place.is_none()) {
                *place = Some(buffer);
            }
        });
    }

    /// Gives the hardware a buffer for the next block; its loss would show as
    /// missed blocks.
    fn provide(&self, buffer: Option<&'static mut [u8]>) {
        if let Some(buffer) = buffer.or_else(|| self.take_free()) {
            if let Err((_, buffer)) = self.front_end.provide_buffer(buffer) {
                self.put_free(buffer);
            }
        }
    }

    /// Copies the oldest block out; the number of bytes written.
    fn take(&self, process_id: ProcessId) -> Result<usize, ErrorCode> {
        let written = self.queue.map_or(Err(ErrorCode::FAIL), |queue| {
            let block = queue.front().ok_or(ErrorCode::NOMEM)?;
            self.apps
                .enter(process_id, |_, kernel_data| {
                    kernel_data
                        .get_readwrite_processbuffer(read_write::BLOCK as usize)
                        .and_then(|buffer| buffer.mut_enter(|slice| copy_out(block, slice)))
                        .unwrap_or(Err(ErrorCode::SIZE))
                })
                .unwrap_or(Err(ErrorCode::FAIL))
        })?;
        if let Some(buffer) = self.queue.map_or(None, BlockQueue::pop) {
            self.put_free(buffer);
        }
        self.arrivals_since_take.set(0);
        Ok(written)
    }

    /// Tells the owner of a new block. Whether it is still there.
    fn notify(&self, owner: ProcessId) -> bool {
        let arrivals = self.arrivals_since_take.get().saturating_add(1);
        self.arrivals_since_take.set(arrivals);
        // An app that is late must not find its queue of upcalls full of ours.
        let due = matches!(arrivals, 1 | 4 | 8) || arrivals.is_multiple_of(REMINDER);
        let arguments = self.queue.map_or(None, |queue| {
            let waiting = queue.waiting();
            queue
                .newest()
                .map(|newest| (waiting, newest.sequence() as usize, newest.flags() as usize))
        });
        self.apps
            .enter(owner, |_, kernel_data| {
                if let Some(arguments) = arguments.filter(|_| due) {
                    // A full queue of upcalls is the app's own lateness: the
                    // block waits, and the next reminder tells.
                    let _ = kernel_data.schedule_upcall(upcall::BLOCK as usize, arguments);
                }
            })
            .is_ok()
    }
}

fn copy_out(block: &QueuedBlock, slice: &WriteableProcessSlice) -> Result<usize, ErrorCode> {
    let length = Header::BYTES + block.scans().len();
    let header = slice.get(0..Header::BYTES).ok_or(ErrorCode::SIZE)?;
    let scans = slice.get(Header::BYTES..length).ok_or(ErrorCode::SIZE)?;
    header.copy_from_slice_or_err(&block.header().encode())?;
    scans.copy_from_slice_or_err(block.scans())?;
    Ok(length)
}

impl<'a, F: MeterFrontEnd<'a>> MeterFrontEndClient for MeterAdc<'a, F> {
    fn block_ready(&self, block: ScanBlock) {
        let Some(owner) = self.owner.get() else {
            // Between stop and the last block, or the hardware refused to stop:
            // then it goes on, so that the next owner finds it running.
            self.put_free(block.buffer);
            if self.hardware.get() == Hardware::Running {
                self.provide(None);
            }
            return;
        };
        self.last_scan_us.set(block.last_scan_us);
        let freed = self.queue.map_or(None, |queue| queue.push(block));
        self.provide(freed);
        if !self.notify(owner) {
            self.release();
        }
    }

    fn stopped(&self, buffers: ReturnedBuffers) {
        buffers
            .into_iter()
            .flatten()
            .for_each(|buffer| self.put_free(buffer));
        self.hardware.set(Hardware::Idle);
        if self.owner.is_some() && self.start_hardware().is_err() {
            self.owner.clear();
        }
    }
}

impl<'a, F: MeterFrontEnd<'a>> SyscallDriver for MeterAdc<'a, F> {
    fn command(
        &self,
        command_number: usize,
        argument: usize,
        _: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(command_number) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Start => self.start(process_id, argument).into(),
            Command::Stop => {
                if !self.owns(process_id) {
                    return CommandReturn::failure(ErrorCode::RESERVE);
                }
                self.release();
                CommandReturn::success()
            }
            Command::Geometry => CommandReturn::success_u32_u32(self.rate, self.scans_per_block),
            Command::TakeBlock => {
                if !self.owns(process_id) {
                    return CommandReturn::failure(ErrorCode::RESERVE);
                }
                match self.take(process_id) {
                    Ok(written) => CommandReturn::success_u32(written as u32),
                    Err(error) => CommandReturn::failure(error),
                }
            }
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process_id, |_, _| ())
    }
}
