//! The energy store over split-phase flash.

use core::cell::Cell;

use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::ErrorCode;

use super::format::{Kind, MAX_PAYLOAD};
use super::log::{Log, Outcome, Step};
use meter_hil::word_flash::{WordFlash, WordFlashClient};

/// Hears of the store's work.
pub trait EnergyStoreClient {
    /// The record that was asked for is durable, or has failed.
    fn appended(&self, kind: Kind, result: Result<u32, ErrorCode>);

    /// What the last power cut left half written is firm: the store answers.
    fn repaired(&self);
}

/// How worn the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wear {
    /// Records written in the store's life.
    pub records: u32,
    /// Erase count of the most erased page.
    pub most_erases: u32,
}

/// The energy store.
///
/// Nothing is read before the first call of a method: the store costs a boot
/// nothing. That call takes one pass over the active page.
pub struct EnergyStore<'a, F: WordFlash<'a>> {
    flash: &'a F,
    client: OptionalCell<&'a dyn EnergyStoreClient>,
    log: MapCell<Option<Log>>,
    writing: Cell<bool>,
    appending: OptionalCell<Kind>,
}

impl<'a, F: WordFlash<'a>> EnergyStore<'a, F> {
    /// A store over this flash: eight pages of 4,096 bytes. The caller makes
    /// it the flash's client.
    pub fn new(flash: &'a F) -> Self {
        EnergyStore {
            flash,
            client: OptionalCell::empty(),
            log: MapCell::new(None),
            writing: Cell::new(false),
            appending: OptionalCell::empty(),
        }
    }

    /// Sets who hears when a record is durable and when a repair has ended.
    pub fn set_client(&self, client: &'a dyn EnergyStoreClient) {
        self.client.set(client);
    }

    /// Appends a record of `payload`, at most [`MAX_PAYLOAD`] bytes.
    /// [`EnergyStoreClient::appended`] tells when it is durable.
    ///
    /// # Errors
    /// Fails with `BUSY` while another record is on its way, and with `SIZE` if the payload
    /// is empty or longer than [`MAX_PAYLOAD`].
    pub fn append(&self, kind: Kind, payload: &[u8]) -> Result<(), ErrorCode> {
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return Err(ErrorCode::SIZE);
        }
        if !self
            .with_log(|log| log.append(kind, payload))
            .unwrap_or(false)
        {
            return Err(ErrorCode::BUSY);
        }
        self.appending.set(kind);
        self.run();
        Ok(())
    }

    /// Copies the newest record of a kind to the start of `payload`, and returns its length
    /// in bytes and its sequence.
    ///
    /// # Errors
    /// Fails with `BUSY` while a repair runs, whose end [`EnergyStoreClient::repaired`] or
    /// [`EnergyStoreClient::appended`] tells; with `UNINSTALLED` if there is no record of the
    /// kind; with `SIZE` if `payload` is too short.
    pub fn newest(&self, kind: Kind, payload: &mut [u8]) -> Result<(usize, u32), ErrorCode> {
        let answer = self.with_log(|log| {
            if log.needs_repair() {
                return Err(ErrorCode::BUSY);
            }
            let record = log.newest(kind).ok_or(ErrorCode::UNINSTALLED)?;
            let length = record.copy_payload(payload).ok_or(ErrorCode::SIZE)?;
            Ok((length, record.sequence))
        });
        let result = answer.unwrap_or(Err(ErrorCode::BUSY));
        // Nothing else: starts without a record, however many, wear no page.
        if result == Err(ErrorCode::BUSY) {
            self.run();
        }
        result
    }

    /// Returns how many records were written in the store's life, and how often its most
    /// erased page has been erased.
    pub fn wear(&self) -> Wear {
        self.with_log(|log| Wear {
            records: log.last_sequence(),
            most_erases: log.most_erases(),
        })
        .unwrap_or(Wear {
            records: 0,
            most_erases: 0,
        })
    }

    /// Works on the log, reading the flash first if that has not been done yet.
    fn with_log<T>(&self, work: impl FnOnce(&mut Log) -> T) -> Option<T> {
        self.mount();
        self.log.map(|log| log.as_mut().map(work)).flatten()
    }

    /// Reads the flash, once. Apart, because every use of the log calls it.
    #[inline(never)]
    fn mount(&self) {
        self.log.map(|log| {
            if log.is_none() {
                *log = Some(Log::mount(&|word| self.flash.read(word)));
            }
        });
    }

    /// Starts the next write, and an erase beside it, unless a write runs.
    fn run(&self) {
        while !self.writing.get() {
            let Some(step) = self.with_log(|log| log.next(&|word| self.flash.read(word))) else {
                return;
            };
            match step {
                Step::Write { word, value } => match self.flash.write(word, value) {
                    Ok(()) => self.writing.set(true),
                    Err(_) => return self.report_failure(|log| Some(log.failed())),
                },
                Step::Erase { page } => {
                    if self.flash.erase(page).is_err() {
                        return self.report_failure(Log::erase_failed);
                    }
                }
                Step::Waiting | Step::Finished(Outcome::Idle) => return,
                // Tried again when somebody asks: it would wear the pages without end.
                Step::Finished(Outcome::Failed) => return self.report(Outcome::Failed),
                Step::Finished(outcome) => self.report(outcome),
            }
        }
    }

    /// Has the log take note of what failed, and reports what that ends.
    #[inline(never)]
    fn report_failure(&self, failed: fn(&mut Log) -> Option<Outcome>) {
        if let Some(outcome) = self.with_log(failed).flatten() {
            self.report(outcome);
        }
    }

    fn report(&self, outcome: Outcome) {
        match outcome {
            Outcome::Idle => {}
            Outcome::Repaired => {
                self.client.map(|client| client.repaired());
            }
            Outcome::Appended { kind, sequence } => {
                self.appending.clear();
                self.client
                    .map(|client| client.appended(kind, Ok(sequence)));
            }
            Outcome::Failed => {
                if let Some(kind) = self.appending.take() {
                    self.client
                        .map(|client| client.appended(kind, Err(ErrorCode::FAIL)));
                }
            }
        }
    }
}

impl<'a, F: WordFlash<'a>> WordFlashClient for EnergyStore<'a, F> {
    fn written(&self, result: Result<(), ErrorCode>) {
        self.writing.set(false);
        match result {
            Ok(()) => self.run(),
            Err(_) => self.report_failure(|log| Some(log.failed())),
        }
    }

    fn erased(&self, result: Result<(), ErrorCode>) {
        match result {
            Ok(()) => {
                self.with_log(|log| log.erased(&|word| self.flash.read(word)));
                self.run();
            }
            Err(_) => self.report_failure(Log::erase_failed),
        }
    }
}
