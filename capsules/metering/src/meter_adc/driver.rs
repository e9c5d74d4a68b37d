//! The system calls of the meter ADC.

use core::cell::Cell;

use decimation::{Decimator, CONVERTED_PERIOD_US};
use drivers::meter_adc::{
    read_write, upcall, Command, Header, NUMBER, SCANS_PER_BLOCK, SCAN_BYTES, SCAN_PERIOD_US,
};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::processbuffer::{WriteableProcessBuffer, WriteableProcessSlice};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::{ErrorCode, ProcessId};

use super::queue::{Arrival, BlockQueue, QueuedBlock, QUEUE_BLOCKS};
use meter_hil::front_end::{MeterFrontEnd, MeterFrontEndClient, ReturnedBuffers, ScanBlock};

/// Driver number.
pub const DRIVER_NUM: usize = NUMBER as usize;
/// Buffers that the hardware fills in turn.
pub const CONVERTED_BUFFERS: usize = 2;
/// Bytes of each of them: as many scans of the converter as make a block.
pub const CONVERTED_BLOCK_BYTES: usize =
    SCANS_PER_BLOCK * decimation::RATIO * decimation::CONVERTED_BYTES;
/// Bytes of the scans of a block as it waits.
pub const BLOCK_BYTES: usize = SCANS_PER_BLOCK * SCAN_BYTES;

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

/// Buffers of the converter's scans that are not in the hardware.
type FreeBuffers = [Option<&'static mut [u8]>; CONVERTED_BUFFERS];
/// Buffers of blocks that do not wait.
type FreeBlocks = [Option<&'static mut [u8]>; QUEUE_BLOCKS];

/// The meter ADC.
pub struct MeterAdc<'a, F: MeterFrontEnd<'a>> {
    front_end: &'a F,
    apps: AppGrant,
    owner: OptionalCell<ProcessId>,
    hardware: Cell<Hardware>,
    free: MapCell<FreeBuffers>,
    free_blocks: MapCell<FreeBlocks>,
    decimator: MapCell<Decimator>,
    queue: MapCell<BlockQueue>,
    last_scan_us: Cell<u64>,
    arrivals_since_take: Cell<u32>,
}

impl<'a, F: MeterFrontEnd<'a>> MeterAdc<'a, F> {
    /// A stopped meter ADC.
    ///
    /// - `converted`: memory that the hardware fills, aligned as it wants it
    /// - `blocks`: memory of the blocks that wait
    pub fn new(
        front_end: &'a F,
        converted: [&'static mut [u8; CONVERTED_BLOCK_BYTES]; CONVERTED_BUFFERS],
        blocks: [&'static mut [u8; BLOCK_BYTES]; QUEUE_BLOCKS],
        apps: AppGrant,
    ) -> Self {
        MeterAdc {
            front_end,
            apps,
            owner: OptionalCell::empty(),
            hardware: Cell::new(Hardware::Idle),
            free: MapCell::new(converted.map(|buffer| Some(&mut buffer[..]))),
            free_blocks: MapCell::new(blocks.map(|buffer| Some(&mut buffer[..]))),
            decimator: MapCell::new(Decimator::new()),
            queue: MapCell::new(BlockQueue::new(SCANS_PER_BLOCK as u32)),
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

    fn start(&self, process_id: ProcessId, period_us: usize) -> Result<(), ErrorCode> {
        if let Some(owner) = self.owner.get() {
            if owner == process_id {
                return Err(ErrorCode::ALREADY);
            }
            if self.is_alive(owner) {
                return Err(ErrorCode::BUSY);
            }
        }
        if period_us != SCAN_PERIOD_US as usize {
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
        match self.front_end.start(CONVERTED_PERIOD_US, first, second) {
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
            self.put_free_block(buffer);
        }
    }

    fn put_free_block(&self, buffer: &'static mut [u8]) {
        self.free_blocks.map(|free| put(free, buffer));
    }

    /// Decimates what the hardware has filled, and queues the result.
    fn take_in(&self, block: &ScanBlock) {
        self.queue.map(|queue| {
            let place = queue
                .make_room()
                .or_else(|| self.free_blocks.map_or(None, take_first));
            let Some(place) = place else { return };
            let reference = self
                .decimator
                .map(|decimator| decimator.process(block.buffer, place));
            let Some(reference) = reference else { return };
            let arrival = Arrival {
                last_scan_us: block.last_scan_us,
                lost_blocks: block.lost_blocks,
                saturated: block.saturated,
                reference,
            };
            queue.push(place, &arrival);
        });
    }

    fn take_free(&self) -> Option<&'static mut [u8]> {
        self.free.map_or(None, take_first)
    }

    fn put_free(&self, buffer: &'static mut [u8]) {
        self.free.map(|free| put(free, buffer));
    }

    /// Gives the hardware a buffer for the next block; its loss would show as
    /// missed blocks.
    fn provide(&self, buffer: &'static mut [u8]) {
        if let Err((_, buffer)) = self.front_end.provide_buffer(buffer) {
            self.put_free(buffer);
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
            self.put_free_block(buffer);
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

/// Takes the first buffer that there is.
fn take_first<const N: usize>(
    places: &mut [Option<&'static mut [u8]>; N],
) -> Option<&'static mut [u8]> {
    places.iter_mut().find_map(Option::take)
}

/// Puts a buffer where there is none.
fn put<const N: usize>(places: &mut [Option<&'static mut [u8]>; N], buffer: &'static mut [u8]) {
    if let Some(place) = places.iter_mut().find(|place| place.is_none()) {
        *place = Some(buffer);
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
            match self.hardware.get() {
                Hardware::Running => self.provide(block.buffer),
                Hardware::Idle | Hardware::Stopping => self.put_free(block.buffer),
            }
            return;
        };
        self.last_scan_us.set(block.last_scan_us);
        self.take_in(&block);
        self.provide(block.buffer);
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
            Command::Geometry => {
                CommandReturn::success_u32_u32(SCAN_PERIOD_US, SCANS_PER_BLOCK as u32)
            }
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
