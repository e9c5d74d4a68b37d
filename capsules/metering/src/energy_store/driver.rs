//! The system calls of the energy store.

use drivers::energy_store::{read_only, read_write, upcall, Command, NUMBER, REPAIRED};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::OptionalCell;
use kernel::{ErrorCode, ProcessId};

use super::format::{Kind, MAX_PAYLOAD};
use super::store::{EnergyStore, EnergyStoreClient};
use capsules_support::allowance::{Allowance, Earner, Rate};
use capsules_support::pending_upcall::{Delivery, PendingUpcall, Retry, RetryClient};
use capsules_support::process_buffers::{answer_pair, copy_in, copy_out};
use meter_hil::word_flash::WordFlash;

/// Driver number.
pub const DRIVER_NUM: usize = NUMBER as usize;

/// What an append answers when the budget is used up.
const OVER_BUDGET: ErrorCode = ErrorCode::RESERVE;

const _: () = assert!(
    OVER_BUDGET as usize == drivers::OVER_BUDGET as usize,
    "kernel and definitions number errors alike"
);

/// How many records the store may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records {
    /// How many come in hand in a week, and how many are kept.
    pub rate: Rate,
    /// How many there may be in the flash's life.
    pub lifetime: u32,
}

/// What an app has no room to hear of yet.
#[derive(Default)]
pub struct App {
    /// How its record ended.
    done: PendingUpcall,
    /// That a repair has ended.
    repaired: PendingUpcall,
}

type AppGrant = Grant<
    App,
    UpcallCount<{ upcall::COUNT }>,
    AllowRoCount<{ read_only::COUNT }>,
    AllowRwCount<{ read_write::COUNT }>,
>;

/// Gives apps the energy store.
///
/// Which apps may call which command is the business of their permissions. Of
/// those that may append, the first to do so is the writer until it dies or
/// restarts, so that two apps never interleave their registers.
pub struct EnergyStoreDriver<'a, F: WordFlash<'a>> {
    store: &'a EnergyStore<'a, F>,
    apps: AppGrant,
    writer: OptionalCell<ProcessId>,
    reader: OptionalCell<ProcessId>,
    retry: &'a dyn Retry,
    records: Records,
    /// How many records may be appended now.
    allowance: Allowance,
}

impl<'a, F: WordFlash<'a>> EnergyStoreDriver<'a, F> {
    /// A driver over this store, which takes so many `records`: how many it has been given, its
    /// own sequence tells. A start brings a quarter of what is kept, because what was in hand
    /// before is not known. The caller makes it the client of the store and of `retry`, which
    /// is the driver's own.
    pub fn new(
        store: &'a EnergyStore<'a, F>,
        apps: AppGrant,
        retry: &'a dyn Retry,
        records: Records,
    ) -> Self {
        EnergyStoreDriver {
            records,
            allowance: Allowance::new(records.rate.most.div_ceil(4)),
            store,
            apps,
            writer: OptionalCell::empty(),
            reader: OptionalCell::empty(),
            retry,
        }
    }

    fn is_alive(&self, process_id: ProcessId) -> bool {
        self.apps.enter(process_id, |_, _| ()).is_ok()
    }

    fn append(&self, process_id: ProcessId, kind: usize, length: usize) -> Result<(), ErrorCode> {
        let kind = Kind::from_number(kind).ok_or(ErrorCode::INVAL)?;
        let other = self.writer.get().filter(|writer| *writer != process_id);
        if other.is_some_and(|writer| self.is_alive(writer)) {
            return Err(ErrorCode::BUSY);
        }
        let mut bytes = [0; MAX_PAYLOAD];
        let payload = bytes.get_mut(..length).ok_or(ErrorCode::SIZE)?;
        self.apps
            .enter(process_id, |app, kernel_data| {
                if app.done.is_pending() {
                    return Err(ErrorCode::BUSY);
                }
                copy_in(kernel_data, read_only::RECORD as usize, payload)
            })
            .unwrap_or(Err(ErrorCode::FAIL))?;
        let spent = self.store.wear().records >= self.records.lifetime;
        if spent || self.allowance.level() == 0 {
            return Err(OVER_BUDGET);
        }
        // The end is told to the writer, and can come before `append` returns.
        let before = self.writer.replace(process_id);
        self.store
            .append(kind, payload)
            .inspect_err(|_| match before {
                Some(writer) => self.writer.set(writer),
                None => self.writer.clear(),
            })?;
        self.allowance.take(1);
        Ok(())
    }

    fn newest(&self, process_id: ProcessId, kind: usize) -> Result<(usize, u32), ErrorCode> {
        let kind = Kind::from_number(kind).ok_or(ErrorCode::INVAL)?;
        let mut bytes = [0; MAX_PAYLOAD];
        let found = self.store.newest(kind, &mut bytes);
        if found == Err(ErrorCode::BUSY) {
            self.reader.set(process_id);
        }
        let (length, sequence) = found?;
        self.apps
            .enter(process_id, |_, kernel_data| {
                copy_out(kernel_data, read_write::RECORD as usize, &bytes[..length])
            })
            .unwrap_or(Err(ErrorCode::FAIL))?;
        Ok((length, sequence))
    }

    /// Schedules the app's upcall that `which` picks. An app that is gone hears of nothing.
    fn tell(
        &self,
        process_id: ProcessId,
        which: fn(&mut App) -> &mut PendingUpcall,
        arguments: (usize, usize, usize),
    ) {
        let _ = self.apps.enter(process_id, |app, kernel_data| {
            let delivery = which(app).schedule(kernel_data, upcall::DONE as usize, arguments);
            if delivery == Delivery::Pending {
                self.retry.soon();
            }
        });
    }
}

impl<'a, F: WordFlash<'a>> EnergyStoreClient for EnergyStoreDriver<'a, F> {
    fn appended(&self, kind: Kind, result: Result<u32, ErrorCode>) {
        let status = kernel::errorcode::into_statuscode(result.map(|_| ()));
        if let Some(writer) = self.writer.get() {
            let arguments = (status, kind.index(), result.unwrap_or(0) as usize);
            self.tell(writer, |app| &mut app.done, arguments);
        }
        self.repaired();
    }

    fn repaired(&self) {
        if let Some(reader) = self.reader.take() {
            self.tell(reader, |app| &mut app.repaired, (0, REPAIRED as usize, 0));
        }
    }
}

impl<'a, F: WordFlash<'a>> Earner for EnergyStoreDriver<'a, F> {
    fn earn(&self, seconds: u32) {
        self.allowance.earn(self.records.rate, seconds);
    }
}

impl<'a, F: WordFlash<'a>> RetryClient for EnergyStoreDriver<'a, F> {
    fn retry(&self) -> Delivery {
        let mut delivery = Delivery::Complete;
        self.apps.each(|_, app, kernel_data| {
            let App { done, repaired } = &mut **app;
            for pending in [done, repaired] {
                delivery = delivery.and(pending.retry(kernel_data, upcall::DONE as usize));
            }
        });
        delivery
    }
}

impl<'a, F: WordFlash<'a>> SyscallDriver for EnergyStoreDriver<'a, F> {
    fn command(
        &self,
        command_number: usize,
        kind: usize,
        length: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(command_number) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Append => self.append(process_id, kind, length).into(),
            Command::Newest => answer_pair(
                self.newest(process_id, kind)
                    .map(|(length, sequence)| (length as u32, sequence)),
            ),
            Command::Wear => {
                let wear = self.store.wear();
                CommandReturn::success_u32_u32(wear.records, wear.most_erases)
            }
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process_id, |_, _| ())
    }
}
