//! The system calls of the key store, and the turns that apps take.

mod permission;

use core::cell::Cell;

use drivers::key_store::{read_only, read_write, upcall, Command as Number, NUMBER};
use kernel::deferred_call::DeferredCallClient;
use kernel::errorcode::into_statuscode;
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::processbuffer::ReadableProcessBuffer;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::{ErrorCode, ProcessId};

use super::app_versions::{object_of, AppVersions, Raises};
use super::budgets::{Budgets, Ledger, Take};
use super::nonces::Nonces;
use super::operations::command::{Action, Command};
use super::operations::{counter, request, Keys, Turn, Working};
use super::policy::{Kind, Operations, Policy, State};
use super::sessions::{Rights, Sessions, KEY};
use super::vault::{Change, Condition, Generation, Request, Usage, Vault, VaultClient};
use crate::OVER_BUDGET;
use capsules_support::allowance::Earner;
use capsules_support::app_identity::app_of;
use capsules_support::pending_upcall::{Delivery, PendingUpcall, Retry, RetryClient};
use capsules_support::process_buffers::{copy_in, copy_out};
use capsules_support::turns::{Ticket, Turns};
use capsules_system::crash_log::ExitClient;
use capsules_system::step_call::StepCall;
use meter_hil::random_source::RandomSource;
use meter_hil::word_flash::WordFlash;

/// Driver number.
pub const DRIVER_NUM: usize = NUMBER as usize;

/// What the driver keeps for an app.
#[derive(Default)]
pub struct App {
    /// The operation that waits for its turn or runs.
    command: Option<Command>,
    /// When it began to wait.
    ticket: Ticket,
    /// How the last one ended, if the app had no room to hear of it.
    done: PendingUpcall,
}

/// The grant.
pub type AppGrant = Grant<
    App,
    UpcallCount<{ upcall::COUNT }>,
    AllowRoCount<{ read_only::COUNT }>,
    AllowRwCount<{ read_write::COUNT }>,
>;

/// Who has the turn.
#[derive(Clone, Copy)]
enum Running {
    App(ProcessId, Command),
    /// The kernel raises the version of an app.
    Raise,
}

/// The key store.
pub struct KeyStore<'a, F: WordFlash<'a>, S: StepCall> {
    vault: &'a Vault<'a, F>,
    random: &'a dyn RandomSource,
    policy: &'static Policy,
    apps: AppGrant,
    working: MapCell<Working>,
    sessions: MapCell<Sessions<ProcessId>>,
    nonces: Nonces,
    running: OptionalCell<Running>,
    /// The vault is to tell when it is done.
    waiting: Cell<bool>,
    turns: Turns,
    retry: &'a dyn Retry,
    raises: Raises,
    budgets: Budgets,
    /// The app's ledger is being written; then this change of so many bytes follows.
    ledger: OptionalCell<(Ledger, Request, usize)>,
    /// The ledger is durable.
    ledger_written: Cell<bool>,
    over_budget: OptionalCell<fn(app: u32, object: u16)>,
    deferred: S,
}

impl<'a, F: WordFlash<'a>, S: StepCall> KeyStore<'a, F, S> {
    /// A key store over this vault, which does its work in `steps`. The caller
    /// registers it for them and makes it the client of the vault and of `retry`, which
    /// is its own.
    pub fn new(
        vault: &'a Vault<'a, F>,
        random: &'a dyn RandomSource,
        policy: &'static Policy,
        apps: AppGrant,
        steps: S,
        retry: &'a dyn Retry,
    ) -> Self {
        KeyStore {
            vault,
            random,
            policy,
            apps,
            working: MapCell::new(Working::new()),
            sessions: MapCell::new(Sessions::new()),
            nonces: Nonces::new(),
            running: OptionalCell::empty(),
            waiting: Cell::new(false),
            turns: Turns::new(),
            retry,
            raises: Raises::new(),
            budgets: Budgets::new(),
            ledger: OptionalCell::empty(),
            ledger_written: Cell::new(false),
            over_budget: OptionalCell::empty(),
            deferred: steps,
        }
    }

    /// Sets who hears that a change was refused because the app has used up its budget for
    /// the object.
    pub fn set_over_budget(&self, over_budget: fn(app: u32, object: u16)) {
        self.over_budget.set(over_budget);
    }

    /// Returns whether the vault is closed, settling, open or refused.
    pub fn condition(&self) -> Condition {
        self.vault.condition()
    }

    /// Returns how many changes the vault has seen, how many bytes its live records take, and
    /// how often its most erased page has been erased.
    pub fn usage(&self) -> Usage {
        self.vault.usage()
    }

    /// Returns the meter's state.
    ///
    /// # Errors
    /// Fails with `OFF` while the vault is closed, with `BUSY` while it settles, and with
    /// `FAIL` if it is refused.
    pub fn state(&self) -> Result<State, ErrorCode> {
        self.vault.state()
    }

    /// Returns the value of a counter of the policy, for the kernel. It is 0 if the counter
    /// was never raised.
    ///
    /// # Errors
    /// Fails with `NODEVICE` if there is no such counter, with `OFF` while the vault is
    /// closed, with `BUSY` while it settles, and with `FAIL` if it is refused or the record
    /// of the counter was altered.
    pub fn counter(&self, object: u16) -> Result<u32, ErrorCode> {
        self.check_counter(object)?;
        counter(&self.kernel_keys(), object)
    }

    /// Raises a counter of the policy on behalf of the kernel, some time after the call.
    /// Nothing happens if the value is not greater than the counter's.
    ///
    /// # Errors
    /// Fails with `NOMEM` if too many counters wait to be raised, and in the cases of
    /// [`counter`](Self::counter).
    pub fn raise_counter(&self, object: u16, value: u32) -> Result<(), ErrorCode> {
        self.check_counter(object)?;
        self.raise_object(object, value)
    }

    fn check_counter(&self, object: u16) -> Result<(), ErrorCode> {
        let is_counter = self.policy.kind_of(object) == Some(Kind::Counter);
        is_counter.then_some(()).ok_or(ErrorCode::NODEVICE)
    }

    /// Lets an object that counts be raised by the kernel's next turns.
    fn raise_object(&self, object: u16, value: u32) -> Result<(), ErrorCode> {
        if value > counter(&self.kernel_keys(), object)? {
            self.raises.add(object, value)?;
            self.deferred.set_in_background();
        }
        Ok(())
    }

    /// Wipes what belongs to processes that are not there any more. No grant of this
    /// driver may be entered meanwhile.
    fn wipe_ended(&self) {
        self.sessions
            .map(|sessions| sessions.keep(|owner| self.is_alive(owner)));
        if let (Some(Running::App(process, _)), false) = (self.running.get(), self.waiting.get()) {
            if !self.is_alive(process) {
                self.end_turn();
            }
        }
    }

    fn is_alive(&self, process: ProcessId) -> bool {
        self.apps.enter(process, |_, _| ()).is_ok()
    }

    /// Takes a command of an app, if its arguments are good by now.
    fn accept(&self, process: ProcessId, command: Command) -> Result<(), ErrorCode> {
        let permit = self.permit(process, &command)?;
        if let (Action::Advance(value), Some(Kind::Counter)) = (command.action, permit.kind) {
            let before = counter(&self.keys_of(process), command.object)?;
            let most = before.saturating_add(self.policy.step_of(command.object));
            if value <= before || value > most {
                return Err(ErrorCode::INVAL);
            }
        }
        if let Some(object) = command.changes() {
            let app = app_of(process).map(|app| app.get());
            self.budgets
                .check(self.policy, app, object, |object, bytes| {
                    self.read_ledger(object, bytes)
                })
                .inspect_err(|error| self.tell_over_budget(*error, app, object))?;
        }
        self.apps.enter(process, |app, kernel_data| {
            if app.command.is_some() || app.done.is_pending() {
                return Err(ErrorCode::BUSY);
            }
            let (inputs, output) = lengths(&command, kernel_data);
            command.check_sizes(permit.kind, inputs, output)?;
            app.command = Some(command);
            app.ticket = self.turns.ticket();
            Ok(())
        })??;
        self.deferred.set_in_background();
        Ok(())
    }

    /// Gives the turn to the next one.
    fn next_turn(&self) {
        if let Some((object, value)) = self.raises.next() {
            self.begin_raise(object, value);
            return;
        }
        if let Some((process, command)) = self.next_app() {
            self.running.set(Running::App(process, command));
            self.deferred.works_for(process);
            let turn = self.begin(process, command);
            self.follow(process, turn);
        }
    }

    /// The app that has waited longest.
    fn next_app(&self) -> Option<(ProcessId, Command)> {
        let waiting = self.apps.iter().filter_map(|grant| {
            let process = grant.processid();
            let (ticket, command) = grant.enter(|app, _| (app.ticket, app.command));
            Some((ticket, (process, command?)))
        });
        self.turns.oldest(waiting)
    }

    /// Copies the inputs, once, and does the first step.
    fn begin(&self, process: ProcessId, command: Command) -> Result<Turn, ErrorCode> {
        let permit = self.permit(process, &command)?;
        self.working.map_or(Err(ErrorCode::BUSY), |working| {
            self.apps.enter(process, |_, kernel_data| {
                let (inputs, output) = lengths(&command, kernel_data);
                command.check_sizes(permit.kind, inputs, output)?;
                let targets = [
                    (&mut working.data[..], &mut working.length),
                    (&mut working.associated[..], &mut working.associated_length),
                    (&mut working.second[..], &mut working.second_length),
                ];
                for (allow, (bytes, length)) in targets.into_iter().enumerate() {
                    *length = inputs[allow];
                    let target = bytes.get_mut(..*length).ok_or(ErrorCode::SIZE)?;
                    copy_in(kernel_data, allow, target)?;
                }
                Ok::<(), ErrorCode>(())
            })??;
            working.begin(command, permit, &self.keys_of(process), self.random)
        })
    }

    /// Does what a step led to.
    fn follow(&self, process: ProcessId, turn: Result<Turn, ErrorCode>) {
        let finished = match turn {
            Ok(Turn::More) => {
                self.deferred.set_in_background();
                return;
            }
            Ok(Turn::Commit(request, length)) => match self.pay(process, request, length) {
                Ok(()) => return,
                Err(error) => Err(error),
            },
            Ok(Turn::Fill(slot, rights)) => self.fill(process, slot, rights),
            Ok(Turn::Close(slot)) => self.close(process, slot).map(|()| 0),
            Ok(Turn::Finished(length)) => Ok(length),
            Err(error) => Err(error),
        };
        self.finish(finished);
    }

    /// Takes a change out of the app's budget and makes it; or writes the app's ledger first.
    fn pay(&self, process: ProcessId, request: Request, length: usize) -> Result<(), ErrorCode> {
        if matches!(request.change, Change::State(_)) {
            // There are two of them in the meter's life.
            return self.commit(request, length);
        }
        let app = app_of(process).map(|app| app.get());
        let read = |object: u16, bytes: &mut [u8]| self.read_ledger(object, bytes);
        let taken = self.budgets.take(self.policy, app, request.object, read);
        match taken.inspect_err(|error| self.tell_over_budget(*error, app, request.object))? {
            Take::Taken => self.commit(request, length),
            Take::Ledger(ledger) => {
                self.ledger.set((ledger, request, length));
                let entry =
                    super::operations::request(Change::Current, Kind::Counter, ledger.object);
                self.commit_bytes(entry, ledger.bytes())
                    .inspect_err(|_| self.ledger.clear())
            }
        }
    }

    /// Changes an object to the start of the buffer.
    fn commit(&self, request: Request, length: usize) -> Result<(), ErrorCode> {
        self.working.map_or(Err(ErrorCode::FAIL), |working| {
            self.commit_bytes(request, &working.data[..length])
        })
    }

    fn commit_bytes(&self, request: Request, bytes: &[u8]) -> Result<(), ErrorCode> {
        self.waiting.set(true);
        self.vault
            .commit(request, bytes)
            .inspect_err(|_| self.waiting.set(false))
    }

    /// The ledger is durable: the change that waited for it.
    fn commit_paid(&self) {
        self.ledger_written.set(false);
        let Some((ledger, request, length)) = self.ledger.take() else {
            return;
        };
        self.budgets.written(self.policy, &ledger);
        if let Err(error) = self.commit(request, length) {
            self.finish(Err(error));
        }
    }

    fn read_ledger(&self, object: u16, bytes: &mut [u8]) -> Result<usize, ErrorCode> {
        let current = Generation::Current;
        self.vault.read(object, current, Kind::Counter, bytes)
    }

    fn tell_over_budget(&self, error: ErrorCode, app: Option<u32>, object: u16) {
        if let (OVER_BUDGET, Some(app), Some(tell)) = (error, app, self.over_budget.get()) {
            tell(app, object);
        }
    }

    fn fill(&self, process: ProcessId, slot: u16, rights: Rights) -> Result<usize, ErrorCode> {
        self.working.map_or(Err(ErrorCode::FAIL), |working| {
            let key = working.data.first_chunk().ok_or(ErrorCode::FAIL)?;
            let share = self.share_of(process);
            let filled =
                |sessions: &mut Sessions<_>| sessions.fill(slot, process, share, rights, key);
            self.sessions.map_or(Err(ErrorCode::FAIL), filled)?;
            Ok(0)
        })
    }

    fn close(&self, process: ProcessId, slot: u16) -> Result<(), ErrorCode> {
        self.sessions.map_or(Err(ErrorCode::BUSY), |sessions| {
            sessions.close(slot, process)
        })
    }

    /// Ends an app's operation: output, upcall, and nothing of it is left.
    fn finish(&self, result: Result<usize, ErrorCode>) {
        if let Some(Running::App(process, command)) = self.running.get() {
            // An app that is gone needs no answer.
            let _ = self.apps.enter(process, |app, kernel_data| {
                app.command = None;
                let written = result.and_then(|length| self.write_output(kernel_data, length));
                let status = into_statuscode(written.map(|_| ()));
                let arguments = (
                    status,
                    written.unwrap_or(0),
                    command.number.number() as usize,
                );
                let delivery = app
                    .done
                    .schedule(kernel_data, upcall::DONE as usize, arguments);
                if delivery == Delivery::Pending {
                    self.retry.soon();
                }
            });
        }
        self.end_turn();
    }

    fn write_output(
        &self,
        kernel_data: &GrantKernelData,
        length: usize,
    ) -> Result<usize, ErrorCode> {
        if length == 0 {
            return Ok(0);
        }
        self.working.map_or(Err(ErrorCode::FAIL), |working| {
            let output = working.data.get(..length).ok_or(ErrorCode::SIZE)?;
            copy_out(kernel_data, read_write::OUTPUT as usize, output).map(|()| length)
        })
    }

    /// Wipes the buffers; whoever comes next has the turn.
    fn end_turn(&self) {
        self.running.clear();
        self.waiting.set(false);
        self.ledger.clear();
        self.ledger_written.set(false);
        self.working.map(Working::wipe);
        self.deferred.set_in_background();
    }

    fn begin_raise(&self, object: u16, value: u32) {
        let known = counter(&self.kernel_keys(), object);
        if known == Err(ErrorCode::BUSY) {
            return;
        }
        self.raises.remove(object);
        if let Ok(known) = known {
            self.note(object, known);
        }
        if known.is_ok_and(|known| known < value) {
            self.running.set(Running::Raise);
            self.waiting.set(true);
            let request = request(Change::Current, Kind::Counter, object);
            if self.vault.commit(request, &value.to_le_bytes()).is_ok() {
                return;
            }
        }
        self.end_turn();
    }

    /// Takes note of where a counter stands that is about to be raised.
    fn note(&self, counter: u16, value: u32) {
        if self.policy.binds_nonces(counter) {
            self.nonces.note(counter, value);
        }
    }

    fn keys_of(&self, process: ProcessId) -> KeysOf<'_, 'a, F, S> {
        KeysOf {
            store: self,
            process: Some(process),
        }
    }

    fn kernel_keys(&self) -> KeysOf<'_, 'a, F, S> {
        KeysOf {
            store: self,
            process: None,
        }
    }
}

/// The keys as a process reaches them, or the kernel.
struct KeysOf<'k, 'a, F: WordFlash<'a>, S: StepCall> {
    store: &'k KeyStore<'a, F, S>,
    process: Option<ProcessId>,
}

impl<'a, F: WordFlash<'a>, S: StepCall> Keys for KeysOf<'_, 'a, F, S> {
    fn read(
        &self,
        object: u16,
        generation: Generation,
        kind: Kind,
        bytes: &mut [u8],
    ) -> Result<usize, ErrorCode> {
        self.store.vault.read(object, generation, kind, bytes)
    }

    fn holds(&self, object: u16, generation: Generation) -> Result<bool, ErrorCode> {
        self.store.vault.holds(object, generation)
    }

    fn session(&self, slot: u16, key: &mut [u8; KEY]) -> Result<(), ErrorCode> {
        let process = self.process.ok_or(ErrorCode::NODEVICE)?;
        let sessions = &self.store.sessions;
        sessions.map_or(Err(ErrorCode::BUSY), |sessions| {
            key.copy_from_slice(sessions.key(slot, process)?);
            Ok(())
        })
    }

    fn note(&self, counter: u16, value: u32) {
        self.store.note(counter, value);
    }

    fn spend(&self, nonces: u16, value: u32) -> Result<(), ErrorCode> {
        let reserved = counter(self, nonces)?;
        self.store.nonces.spend(nonces, reserved, value)
    }
}

/// Lengths of the inputs that a command reads, and of the output buffer.
fn lengths(command: &Command, kernel_data: &GrantKernelData) -> ([usize; 3], usize) {
    let wanted = command.inputs();
    let length = |allow: usize| {
        let buffer = kernel_data.get_readonly_processbuffer(allow);
        buffer.map_or(0, |buffer| buffer.len())
    };
    let inputs = core::array::from_fn(|allow| if wanted[allow] { length(allow) } else { 0 });
    let output = kernel_data.get_readwrite_processbuffer(read_write::OUTPUT as usize);
    (inputs, output.map_or(0, |buffer| buffer.len()))
}

impl<'a, F: WordFlash<'a>, S: StepCall> VaultClient for KeyStore<'a, F, S> {
    fn committed(&self, result: Result<(), ErrorCode>) {
        self.waiting.set(false);
        if result.is_ok() && self.ledger.is_some() {
            self.ledger_written.set(true);
            self.deferred.set_in_background();
            return;
        }
        if let Some(Running::App(_, command)) = self.running.get() {
            if matches!(command.action, Action::AdvanceState(_)) {
                // Also after a failure: nobody knows whether it took effect.
                self.sessions.map(|sessions| sessions.keep(|_| false));
            }
        }
        self.finish(result.map(|()| 0));
    }

    fn settled(&self) {
        self.deferred.set_in_background();
    }
}

impl<'a, F: WordFlash<'a>, S: StepCall> DeferredCallClient for KeyStore<'a, F, S>
where
    'a: 'static,
{
    /// One step of at most a few milliseconds; in the background, so that the other
    /// processes execute in between.
    fn handle_deferred_call(&self) {
        self.wipe_ended();
        if self.waiting.get() {
            return;
        }
        if let Some(Running::App(process, _)) = self.running.get() {
            self.deferred.works_for(process);
        }
        match self.running.get() {
            Some(Running::App(..)) if self.ledger_written.get() => self.commit_paid(),
            Some(Running::App(process, _)) => {
                let step = self.working.map_or(Err(ErrorCode::FAIL), Working::step);
                self.follow(process, step);
            }
            Some(Running::Raise) => {}
            None => self.next_turn(),
        }
    }

    fn register(&'static self) {
        self.deferred.register(self);
    }
}

impl<'a, F: WordFlash<'a>, S: StepCall> RetryClient for KeyStore<'a, F, S> {
    fn retry(&self) -> Delivery {
        let mut delivery = Delivery::Complete;
        self.apps.each(|_, app, kernel_data| {
            delivery = delivery.and(app.done.retry(kernel_data, upcall::DONE as usize));
        });
        delivery
    }
}

impl<'a, F: WordFlash<'a>, S: StepCall> Earner for KeyStore<'a, F, S> {
    fn earn(&self, seconds: u32) {
        self.budgets.earn(self.policy, seconds);
    }
}

impl<'a, F: WordFlash<'a>, S: StepCall> ExitClient for KeyStore<'a, F, S> {
    /// Once the process has stopped, what was its own here is wiped, without waiting
    /// for the next system call.
    fn process_ended(&self) {
        self.deferred.set();
    }
}

impl<'a, F: WordFlash<'a>, S: StepCall> AppVersions for KeyStore<'a, F, S> {
    fn newest(&self, short_id: u32) -> Result<u32, ErrorCode> {
        counter(&self.kernel_keys(), object_of(short_id)?)
    }

    fn raise(&self, short_id: u32, version: u32) -> Result<(), ErrorCode> {
        self.raise_object(object_of(short_id)?, version)
    }
}

impl<'a, F: WordFlash<'a>, S: StepCall> SyscallDriver for KeyStore<'a, F, S> {
    fn command(
        &self,
        command_number: usize,
        first: usize,
        second: usize,
        process: ProcessId,
    ) -> CommandReturn {
        self.wipe_ended();
        let Some(number) = Number::from_number(command_number) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match number {
            Number::Exists => CommandReturn::success(),
            Number::State => match self.vault.state() {
                Ok(state) => CommandReturn::success_u32(state as u32),
                Err(error) => CommandReturn::failure(error),
            },
            Number::Counter => match self.counter_for(process, first) {
                Ok(value) => CommandReturn::success_u32(value),
                Err(error) => CommandReturn::failure(error),
            },
            Number::Close => u16::try_from(first)
                .map_err(|_| ErrorCode::NODEVICE)
                .and_then(|slot| self.close(process, slot))
                .into(),
            _ => Command::parse(number, first, second)
                .and_then(|command| self.accept(process, command))
                .into(),
        }
    }

    fn allocate_grant(&self, process: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process, |_, _| ())
    }
}

impl<'a, F: WordFlash<'a>, S: StepCall> KeyStore<'a, F, S> {
    fn counter_for(&self, process: ProcessId, object: usize) -> Result<u32, ErrorCode> {
        let object = u16::try_from(object).map_err(|_| ErrorCode::NODEVICE)?;
        let app = app_of(process).map(|app| app.get());
        let state = self.vault.state()?;
        let access = self.policy.access(app, object, Operations::READ, state)?;
        if access.kind != Kind::Counter {
            return Err(ErrorCode::NOSUPPORT);
        }
        counter(&self.keys_of(process), object)
    }
}
