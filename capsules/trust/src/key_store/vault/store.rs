//! The vault over split-phase flash.

use core::cell::Cell;

use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::ErrorCode;
use zeroize::Zeroize;

use super::index::Generation;
use super::log::{Log, Outcome, Request, Step};
use super::scan::Read;
use crate::key_store::policy::{Kind, State};
use meter_hil::random_source::RandomSource;
use meter_hil::word_flash::{WordFlash, WordFlashClient};

/// Hears of the vault's work.
pub trait VaultClient {
    /// The change that was asked for is durable, or has failed. After a failure
    /// the next start knows whether it took effect.
    fn committed(&self, result: Result<(), ErrorCode>);

    /// What a power cut left in doubt is settled: the vault answers. Or it cannot
    /// be settled: the vault refuses all until the next start.
    fn settled(&self);
}

/// What the vault is fit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It has not got its root yet.
    Closed,
    /// It makes firm what a power cut left in doubt; takes half a second at most.
    Settling,
    /// It answers.
    Open,
    /// The flash holds something that this vault did not leave so: altered, an
    /// older image, or another device's; or what a power cut left in doubt could
    /// not be settled. All is refused, nothing is written.
    Refused,
}

/// How full and how worn the vault is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Number of the newest change.
    pub changes: u32,
    /// Bytes that live records take, of 8,192.
    pub live_bytes: u32,
    /// Erase count of the most erased page.
    pub most_erases: u32,
}

/// The vault.
pub struct Vault<'a, F: WordFlash<'a>> {
    flash: &'a F,
    random: &'a dyn RandomSource,
    client: OptionalCell<&'a dyn VaultClient>,
    log: MapCell<Log>,
    running: Cell<bool>,
    committing: Cell<bool>,
    settling: Cell<bool>,
}

impl<'a, F: WordFlash<'a>> Vault<'a, F> {
    /// A closed vault over this flash, eight pages of 4,096 bytes. The caller
    /// makes it the flash's client.
    pub fn new(flash: &'a F, random: &'a dyn RandomSource) -> Self {
        Vault {
            flash,
            random,
            client: OptionalCell::empty(),
            log: MapCell::empty(),
            running: Cell::new(false),
            committing: Cell::new(false),
            settling: Cell::new(false),
        }
    }

    /// Sets who hears when the vault has settled and when a change is durable or has failed.
    pub fn set_client(&self, client: &'a dyn VaultClient) {
        self.client.set(client);
    }

    /// Opens the vault with its root, once: reads the flash, and starts on what the last
    /// power cut left to be done. The caller wipes its own copy of the root.
    ///
    /// # Errors
    /// Fails with `ALREADY` if the vault has been opened.
    #[inline(never)]
    pub fn open(&self, root: &[u8; 32]) -> Result<(), ErrorCode> {
        if self.log.is_some() {
            return Err(ErrorCode::ALREADY);
        }
        self.log.put(Log::closed());
        let has_work = self.log.map_or(false, |log| {
            log.derive_keys(root);
            log.open(&|word| self.flash.read(word));
            self.settling.set(log.needs_settling());
            log.has_work()
        });
        stepped_p256::wipe_stack();
        if has_work {
            self.run();
        }
        Ok(())
    }

    /// Returns whether the vault is closed, settling, open or refused.
    pub fn condition(&self) -> Condition {
        self.log.map_or(Condition::Closed, |log| {
            if log.is_refused() {
                Condition::Refused
            } else if log.needs_settling() {
                Condition::Settling
            } else {
                Condition::Open
            }
        })
    }

    /// Returns how many changes the vault has seen, how many bytes its live records take, and
    /// how often its most erased page has been erased; all 0 before it is opened.
    pub fn usage(&self) -> Usage {
        self.log.map_or(Usage::default(), |log| Usage {
            changes: log.newest(),
            live_bytes: (log.live_slots() * 4 * super::format::SLOT_WORDS) as u32,
            most_erases: log.most_erases(),
        })
    }

    /// Returns the meter's state.
    ///
    /// # Errors
    /// Fails with `OFF` while the vault is closed, with `BUSY` while it settles, and with
    /// `FAIL` if it is refused.
    pub fn state(&self) -> Result<State, ErrorCode> {
        self.with_log(|log, _| Ok(log.state()))
    }

    /// Returns whether the object has current content, or a successor of it.
    ///
    /// # Errors
    /// Fails in the cases of [`state`](Self::state).
    pub fn holds(&self, object: u16, generation: Generation) -> Result<bool, ErrorCode> {
        self.with_log(|log, _| Ok(log.find(object, generation).is_some()))
    }

    /// Copies the content of an object to the start of `bytes`, and returns its length in
    /// bytes.
    ///
    /// # Errors
    /// Fails with `UNINSTALLED` if there is none; with `FAIL` if this record was altered, or
    /// is of another kind; with `SIZE` if it is longer than `bytes`; and in the cases of
    /// [`state`](Self::state).
    pub fn read(
        &self,
        object: u16,
        generation: Generation,
        kind: Kind,
        bytes: &mut [u8],
    ) -> Result<usize, ErrorCode> {
        let result = self.with_log(|log, read| log.read(object, generation, kind, bytes, read));
        if result.is_err() {
            bytes.zeroize();
        }
        result
    }

    /// Asks for a change of an object to `content`. [`VaultClient::committed`] tells when it
    /// is durable.
    ///
    /// # Errors
    /// Fails with `BUSY` while another change is on its way, with `SIZE` if `content` has
    /// more than 1,024 bytes, with `NOMEM` if the vault is full, and with `OFF` and `FAIL` in
    /// the cases of [`state`](Self::state).
    pub fn commit(&self, request: Request, content: &[u8]) -> Result<(), ErrorCode> {
        self.log
            .map_or(Err(ErrorCode::OFF), |log| log.commit(request, content))?;
        self.committing.set(true);
        self.run();
        Ok(())
    }

    fn with_log<T>(
        &self,
        work: impl FnOnce(&Log, Read<'_>) -> Result<T, ErrorCode>,
    ) -> Result<T, ErrorCode> {
        match self.condition() {
            Condition::Closed => Err(ErrorCode::OFF),
            Condition::Settling => Err(ErrorCode::BUSY),
            Condition::Refused => Err(ErrorCode::FAIL),
            Condition::Open => self.log.map_or(Err(ErrorCode::BUSY), |log| {
                work(log, &|word| self.flash.read(word))
            }),
        }
    }

    /// Starts the next operation unless one runs.
    fn run(&self) {
        if self.running.get() {
            return;
        }
        let step = self
            .log
            .map(|log| log.next(&|word| self.flash.read(word), self.random));
        let Some(step) = step else {
            return;
        };
        // Set before the flash is called: it may be done at once.
        self.running.set(true);
        let started = match step {
            Step::Write { word, value } => self.flash.write(word, value),
            Step::Erase { page } => self.flash.erase(page),
            Step::Finished(outcome) => {
                self.running.set(false);
                return self.report(outcome);
            }
        };
        if let Err(error) = started {
            self.fail(error);
        }
    }

    fn fail(&self, error: ErrorCode) {
        self.running.set(false);
        if let Some(outcome) = self.log.map(|log| log.failed(error)) {
            self.report(outcome);
        }
    }

    fn report(&self, outcome: Outcome) {
        let settled = self.condition() != Condition::Settling && self.settling.take();
        let result = match outcome {
            Outcome::Idle => None,
            Outcome::Committed => Some(Ok(())),
            Outcome::Failed(error) => Some(Err(error)),
        };
        if settled {
            self.client.map(|client| client.settled());
        }
        if let Some(result) = result.filter(|_| self.committing.take()) {
            self.client.map(|client| client.committed(result));
        }
    }
}

impl<'a, F: WordFlash<'a>> WordFlashClient for Vault<'a, F> {
    fn written(&self, result: Result<(), ErrorCode>) {
        self.running.set(false);
        match result {
            Ok(()) => self.run(),
            Err(error) => self.fail(error),
        }
    }

    fn erased(&self, result: Result<(), ErrorCode>) {
        // One operation at a time, whichever it is.
        self.written(result);
    }
}
