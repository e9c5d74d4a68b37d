//! The system calls of the storage.

use drivers::storage::{read_only, read_write, upcall, Command, NUMBER};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::processbuffer::ReadableProcessBuffer;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::OptionalCell;
use kernel::{ErrorCode, ProcessId};

use super::policy::{Partition, PLACES};
use super::store::{Store, StoreClient};
use crate::OVER_BUDGET;
use capsules_support::allowance::{Allowance, Earner};
use capsules_support::app_identity::app_of;
use capsules_support::pending_upcall::{Delivery, PendingUpcall, Retry, RetryClient};
use capsules_support::process_buffers::{answer_pair, copy_in, copy_out};
use capsules_support::turns::{Ticket, Turns};
use meter_hil::random_source::RandomSource;
use meter_hil::sector_flash::SectorFlash;

/// Driver number.
pub const DRIVER_NUM: usize = NUMBER as usize;

/// What an app has asked for; partitions by their index.
#[derive(Clone, Copy)]
enum Operation {
    Append { partition: usize, length: usize },
    Read { partition: usize, number: u32 },
}

impl Operation {
    fn partition(self) -> usize {
        match self {
            Operation::Append { partition, .. } | Operation::Read { partition, .. } => partition,
        }
    }
}

/// What the driver remembers of an app.
#[derive(Default)]
pub struct App {
    /// Waits, or is under way.
    operation: Option<Operation>,
    /// When it began to wait.
    ticket: Ticket,
    /// How the last one ended, if the app had no room to hear of it.
    done: PendingUpcall,
}

type AppGrant = Grant<
    App,
    UpcallCount<{ upcall::COUNT }>,
    AllowRoCount<{ read_only::COUNT }>,
    AllowRwCount<{ read_write::COUNT }>,
>;

/// Gives apps the partitions of a policy: one operation of each app waits, and
/// they take turns.
pub struct StorageDriver<'a, F: SectorFlash<'a>, R: RandomSource> {
    store: &'a Store<'a, F, R>,
    apps: AppGrant,
    /// Whose operation is under way.
    current: OptionalCell<(ProcessId, Operation)>,
    turns: Turns,
    retry: &'a dyn Retry,
    /// How the read that is under way went.
    read: OptionalCell<Result<usize, ErrorCode>>,
    /// Of each partition, how many records its owner may append now.
    allowances: [Allowance; PLACES],
}

impl<'a, F: SectorFlash<'a>, R: RandomSource> StorageDriver<'a, F, R> {
    /// A driver over this store. The caller makes it the client of the store and
    /// of `retry`, which is the driver's own.
    pub fn new(store: &'a Store<'a, F, R>, apps: AppGrant, retry: &'a dyn Retry) -> Self {
        let allowances = [const { Allowance::new(0) }; PLACES];
        for (allowance, partition) in allowances.iter().zip(store.partitions()) {
            // A start brings a quarter: what was in hand before it is not kept.
            allowance.set_level(partition.rate.most.div_ceil(4));
        }
        StorageDriver {
            allowances,
            store,
            apps,
            current: OptionalCell::empty(),
            turns: Turns::new(),
            retry,
            read: OptionalCell::empty(),
        }
    }

    /// Index of the partition, if the caller is its owner.
    fn owned(&self, process_id: ProcessId, number: usize) -> Result<usize, ErrorCode> {
        self.find(process_id, number, |partition, app| partition.owner == app)
    }

    /// Index of the partition, if the caller may read it.
    fn readable(&self, process_id: ProcessId, number: usize) -> Result<usize, ErrorCode> {
        self.find(process_id, number, |partition, app| {
            partition.owner == app || partition.readers.contains(&app)
        })
    }

    fn find(
        &self,
        process_id: ProcessId,
        number: usize,
        may: impl Fn(&Partition, u32) -> bool,
    ) -> Result<usize, ErrorCode> {
        let app = app_of(process_id).ok_or(ErrorCode::NODEVICE)?.get();
        self.store
            .partitions()
            .iter()
            .position(|partition| usize::from(partition.number) == number && may(partition, app))
            .ok_or(ErrorCode::NODEVICE)
    }

    fn append(&self, process_id: ProcessId, number: usize, length: usize) -> Result<(), ErrorCode> {
        let partition = self.owned(process_id, number)?;
        if length > usize::from(self.store.partitions()[partition].record) {
            return Err(ErrorCode::SIZE);
        }
        let allowance = self.allowances.get(partition);
        if allowance.is_none_or(|allowance| allowance.level() == 0) {
            return Err(OVER_BUDGET);
        }
        let operation = Operation::Append { partition, length };
        self.enqueue(process_id, operation, |kernel_data| {
            kernel_data
                .get_readonly_processbuffer(read_only::RECORD as usize)
                .is_ok_and(|buffer| buffer.len() >= length)
        })?;
        allowance.map(|allowance| allowance.take(1));
        Ok(())
    }

    fn read(&self, process_id: ProcessId, number: usize, record: usize) -> Result<(), ErrorCode> {
        let partition = self.readable(process_id, number)?;
        let operation = Operation::Read {
            partition,
            // No record has the last number.
            number: u32::try_from(record).unwrap_or(u32::MAX),
        };
        self.enqueue(process_id, operation, |_| true)
    }

    fn enqueue(
        &self,
        process_id: ProcessId,
        operation: Operation,
        has_buffer: impl Fn(&kernel::grant::GrantKernelData) -> bool,
    ) -> Result<(), ErrorCode> {
        if self.store.is_off() {
            return Err(ErrorCode::OFF);
        }
        self.apps
            .enter(process_id, |app, kernel_data| {
                if app.operation.is_some() || app.done.is_pending() {
                    return Err(ErrorCode::BUSY);
                }
                if !has_buffer(kernel_data) {
                    return Err(ErrorCode::SIZE);
                }
                app.operation = Some(operation);
                app.ticket = self.turns.ticket();
                Ok(())
            })
            .unwrap_or(Err(ErrorCode::FAIL))?;
        self.serve();
        Ok(())
    }

    /// Starts the operations that wait until one is under way.
    fn serve(&self) {
        while self.current.is_none() && (self.store.is_idle() || self.store.is_off()) {
            let Some((process_id, operation)) = self.next_waiting() else {
                return;
            };
            self.current.set((process_id, operation));
            let started = match operation {
                _ if self.store.is_off() => Err(ErrorCode::OFF),
                Operation::Append { partition, .. } => self.store.append(partition),
                Operation::Read { partition, number } => self.store.read(partition, number),
            };
            if let Err(error) = started {
                self.finish(Err(error));
            }
        }
    }

    /// The one that has waited longest.
    fn next_waiting(&self) -> Option<(ProcessId, Operation)> {
        let waiting = self.apps.iter().filter_map(|app| {
            let process_id = app.processid();
            let (ticket, operation) = app.enter(|app, _| (app.ticket, app.operation));
            Some((ticket, (process_id, operation?)))
        });
        self.turns.oldest(waiting)
    }

    /// Tells the app whose operation was under way.
    fn finish(&self, result: Result<usize, ErrorCode>) {
        let Some((process_id, operation)) = self.current.take() else {
            return;
        };
        let number = self.store.partitions()[operation.partition()].number;
        let status = kernel::errorcode::into_statuscode(result.map(|_| ()));
        let arguments = (status, number.into(), result.unwrap_or(0));
        // One that has ended meanwhile hears of nothing.
        let _ = self.apps.enter(process_id, |app, kernel_data| {
            app.operation = None;
            let delivery = app
                .done
                .schedule(kernel_data, upcall::DONE as usize, arguments);
            if delivery == Delivery::Pending {
                self.retry.soon();
            }
        });
    }
}

impl<'a, F: SectorFlash<'a>, R: RandomSource> StoreClient for StorageDriver<'a, F, R> {
    fn opened(&self) {
        self.serve();
    }

    fn payload(&self, payload: &mut [u8]) -> Result<usize, ErrorCode> {
        let Some((process_id, Operation::Append { length, .. })) = self.current.get() else {
            return Err(ErrorCode::CANCEL);
        };
        let payload = payload.get_mut(..length).ok_or(ErrorCode::SIZE)?;
        self.apps
            .enter(process_id, |_, kernel_data| {
                copy_in(kernel_data, read_only::RECORD as usize, payload)
            })
            .unwrap_or(Err(ErrorCode::CANCEL))?;
        Ok(length)
    }

    fn appended(&self, result: Result<u32, ErrorCode>) {
        self.finish(result.map(|number| number as usize));
        self.serve();
    }

    fn payload_read(&self, result: Result<&[u8], ErrorCode>) {
        let Some((process_id, _)) = self.current.get() else {
            return;
        };
        let copied = result.and_then(|payload| {
            self.apps
                .enter(process_id, |_, kernel_data| {
                    copy_out(kernel_data, read_write::RECORD as usize, payload)
                })
                .unwrap_or(Err(ErrorCode::CANCEL))
                .map(|()| payload.len())
        });
        self.read.set(copied);
    }

    fn read_done(&self) {
        let result = self.read.take().unwrap_or(Err(ErrorCode::FAIL));
        self.finish(result);
        self.serve();
    }
}

impl<'a, F: SectorFlash<'a>, R: RandomSource> Earner for StorageDriver<'a, F, R> {
    fn earn(&self, seconds: u32) {
        for (allowance, partition) in self.allowances.iter().zip(self.store.partitions()) {
            allowance.earn(partition.rate, seconds);
        }
    }
}

impl<'a, F: SectorFlash<'a>, R: RandomSource> RetryClient for StorageDriver<'a, F, R> {
    fn retry(&self) -> Delivery {
        let mut delivery = Delivery::Complete;
        self.apps.each(|_, app, kernel_data| {
            delivery = delivery.and(app.done.retry(kernel_data, upcall::DONE as usize));
        });
        delivery
    }
}

impl<'a, F: SectorFlash<'a>, R: RandomSource> SyscallDriver for StorageDriver<'a, F, R> {
    fn command(
        &self,
        command_number: usize,
        partition: usize,
        argument: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(command_number) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Append => self.append(process_id, partition, argument).into(),
            Command::Read => self.read(process_id, partition, argument).into(),
            Command::Range => answer_pair(
                self.readable(process_id, partition)
                    .and_then(|partition| self.store.range(partition)),
            ),
            Command::Capacity => {
                answer_pair(self.readable(process_id, partition).map(|partition| {
                    let partition = &self.store.partitions()[partition];
                    (partition.capacity(), partition.record.into())
                }))
            }
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process_id, |_, _| ())
    }
}
