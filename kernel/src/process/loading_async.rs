//! The loader with credential checks: one binary may come before all others; then every one is found and checked, and the accepted ones become processes.

use core::cell::Cell;

use crate::capabilities::ProcessManagementCapability;
use crate::config;
use crate::debug;
use crate::deferred_call::{DeferredCall, DeferredCallClient};
use crate::kernel::Kernel;
use crate::platform::chip::Chip;
use crate::process::free_memory::FreeMemory;
use crate::process::loading::{discover_process_binary, load_process};
use crate::process::standard::Surroundings;
use crate::process::{
    Process, ProcessBinary, ProcessBinaryError, ProcessFaultPolicy, ProcessLoadError,
    ProcessStandardStoragePermissionsPolicy, ShortId,
};
use crate::process_checker::{
    AcceptedCredential, AppIdPolicy, ProcessCheckError, ProcessCheckerMachine,
    ProcessCheckerMachineClient,
};
use crate::utilities::cells::{MapCell, OptionalCell};

/// Hears how loading goes.
pub trait ProcessLoadingAsyncClient {
    /// A process was loaded, or an app was left out.
    fn process_loaded(&self, result: Result<(), ProcessLoadError>);

    /// Every app has been dealt with.
    fn process_loading_finished(&self);
}

/// A loader that takes its time.
pub trait ProcessLoadingAsync<'a> {
    /// Sets the object that is told how loading goes.
    fn set_client(&self, client: &'a dyn ProcessLoadingAsyncClient);

    /// Sets the policy that decides about identities.
    fn set_policy(&self, policy: &'a dyn AppIdPolicy);

    /// Starts loading.
    fn start(&self);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Not started, or finished.
    Idle,
    /// Have the binary checked that comes before all others.
    First,
    /// Find the next binary and have it checked.
    Discover,
    /// Make processes of the accepted binaries.
    Create,
}

/// Loads the apps of one list in flash, one step for each deferred call, so that
/// interrupts are served in between.
pub struct SequentialProcessLoaderMachine<'a, C: 'static + Chip> {
    deferred_call: DeferredCall,
    checker: &'static ProcessCheckerMachine,
    client: OptionalCell<&'a dyn ProcessLoadingAsyncClient>,
    policy: OptionalCell<&'a dyn AppIdPolicy>,
    surroundings: Surroundings<C>,
    /// Binaries that were accepted and are not processes yet.
    accepted: &'static [MapCell<ProcessBinary>],
    /// What of the list has not been looked at.
    flash: Cell<&'static [u8]>,
    /// Where the object stands that comes before all others.
    first: Cell<Option<usize>>,
    /// What of the RAM has not been given out.
    memory: MapCell<FreeMemory>,
    step: Cell<Step>,
}

impl<'a, C: Chip> SequentialProcessLoaderMachine<'a, C> {
    /// A loader for the list at the start of `flash`. `binaries` has a place for
    /// each app that may be in flash.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        checker: &'static ProcessCheckerMachine,
        binaries: &'static [MapCell<ProcessBinary>],
        kernel: &'static Kernel,
        chip: &'static C,
        flash: &'static [u8],
        memory: &'static mut [u8],
        fault_policy: &'static dyn ProcessFaultPolicy,
        storage_policy: &'static dyn ProcessStandardStoragePermissionsPolicy<C>,
        policy: &'a dyn AppIdPolicy,
        _capability_management: &dyn ProcessManagementCapability,
    ) -> Self {
        Self {
            deferred_call: DeferredCall::new(),
            checker,
            client: OptionalCell::empty(),
            policy: OptionalCell::new(policy),
            surroundings: Surroundings {
                kernel,
                chip,
                fault_policy,
                storage_policy,
            },
            accepted: binaries,
            flash: Cell::new(flash),
            first: Cell::new(None),
            memory: MapCell::new(FreeMemory::new(memory)),
            step: Cell::new(Step::Idle),
        }
    }

    /// Has the object at this address checked before all others, and made a process as soon as
    /// it is accepted, wherever it comes in the list and whatever stands before it; for an app
    /// that others must not keep waiting. It is for an app at a fixed address of which there is
    /// one version in flash. To be called before [`start`](ProcessLoadingAsync::start).
    pub fn load_first(&self, address: usize) {
        self.first.set(Some(address));
    }

    fn report(&self, result: Result<(), ProcessLoadError>) {
        if let (true, Err(error)) = (config::CONFIG.debug_load_processes, &result) {
            debug!("App not loaded: {:?}", error);
        }
        self.client.map(|client| client.process_loaded(result));
    }

    /// Has the first binary checked, or goes on with the list if there is none.
    fn discover_first(&self) {
        let flash = self.flash.get();
        let binary = self
            .first
            .get()
            .and_then(|address| address.checked_sub(flash.as_ptr().addr()))
            .and_then(|offset| flash.get(offset..))
            .and_then(|object| discover_process_binary(object).1.ok());
        match binary {
            Some(binary) => self.check(binary),
            None => {
                // What stands there instead is dealt with in its turn.
                self.first.set(None);
                self.step.set(Step::Discover);
                self.deferred_call.set();
            }
        }
    }

    /// The checker tells when it is done.
    fn check(&self, binary: ProcessBinary) {
        if let Err(error) = self.checker.check(binary) {
            self.done_with(Err(ProcessLoadError::CheckError(error)));
        }
    }

    /// Goes on after the check of a binary that becomes no process, or none yet.
    fn done_with(&self, result: Result<(), ProcessLoadError>) {
        if result.is_err() {
            self.report(result);
        }
        self.step.set(Step::Discover);
        self.deferred_call.set();
    }

    fn discover(&self) {
        let object = self.flash.get();
        let (rest, discovered) = discover_process_binary(object);
        self.flash.set(rest);
        match discovered {
            Ok(_) if self.first.get() == Some(object.as_ptr().addr()) => self.deferred_call.set(),
            Ok(binary) => self.check(binary),
            Err(ProcessBinaryError::TbfHeaderNotFound | ProcessBinaryError::NotEnoughFlash) => {
                self.step.set(Step::Create);
                self.deferred_call.set();
            }
            Err(error) => {
                // Padding and disabled apps are no failure.
                if !matches!(
                    error,
                    ProcessBinaryError::Padding | ProcessBinaryError::NotEnabledProcess
                ) {
                    self.report(Err(ProcessLoadError::BinaryError(error)));
                }
                self.deferred_call.set();
            }
        }
    }

    /// Apps that were linked for an address come first, so that no other gets it.
    fn create_processes(&self) {
        for with_address in [true, false] {
            for (position, place) in self.accepted.iter().enumerate() {
                let turn = place.map_or(false, |binary| {
                    binary.header.get_fixed_address_ram().is_some() == with_address
                });
                // Asked first, because taking nothing costs as much as taking one.
                if !turn {
                    continue;
                }
                if let Some(binary) = place.take() {
                    self.create_process(&binary, position);
                }
            }
        }
        self.step.set(Step::Idle);
        self.client.map(|client| client.process_loading_finished());
    }

    fn create_process(&self, binary: &ProcessBinary, position: usize) {
        if self.is_superseded(binary, position) || self.is_running_already(binary) {
            return;
        }
        self.load(binary);
    }

    fn load(&self, binary: &ProcessBinary) {
        binary.confirmation.set(self.checker.confirm(binary));
        if !binary.confirmation.get().is_yes() {
            let error = ProcessCheckError::CredentialsNotAccepted;
            return self.report(Err(ProcessLoadError::CheckError(error)));
        }
        let app_id = self
            .policy
            .map_or(ShortId::LocallyUnique, |policy| policy.to_short_id(binary));
        let loaded = self
            .memory
            .map_or(Err(ProcessLoadError::InternalError), |memory| {
                load_process(&self.surroundings, binary, memory, app_id).map(|_| ())
            });
        self.report(loaded);
    }

    /// Returns whether another binary of the same app, which is no process yet, has a
    /// higher version, or the same and comes first in flash.
    fn is_superseded(&self, binary: &ProcessBinary, position: usize) -> bool {
        let version = binary.header.get_binary_version();
        self.accepted.iter().enumerate().any(|(index, place)| {
            place.map_or(false, |other| {
                let other_version = other.header.get_binary_version();
                (other_version > version || (other_version == version && index < position))
                    && self.is_same_app(binary, other)
            })
        })
    }

    fn is_same_app(&self, a: &ProcessBinary, b: &ProcessBinary) -> bool {
        self.policy.map_or(false, |policy| {
            !policy.different_identifier(a, b) || policy.to_short_id(a) == policy.to_short_id(b)
        })
    }

    fn is_running_already(&self, binary: &ProcessBinary) -> bool {
        self.policy.map_or(false, |policy| {
            let short_id = policy.to_short_id(binary);
            let same = |process: &dyn Process| {
                (!policy.different_identifier_process(binary, process)
                    || short_id == process.short_app_id())
                .then_some(())
            };
            self.surroundings.kernel.process_until(same).is_some()
        })
    }
}

impl<'a, C: Chip> ProcessLoadingAsync<'a> for SequentialProcessLoaderMachine<'a, C> {
    fn set_client(&self, client: &'a dyn ProcessLoadingAsyncClient) {
        self.client.set(client);
    }

    fn set_policy(&self, policy: &'a dyn AppIdPolicy) {
        self.policy.set(policy);
    }

    fn start(&self) {
        if self.step.get() == Step::Idle {
            self.step.set(Step::First);
            self.deferred_call.set();
        }
    }
}

impl<C: Chip> DeferredCallClient for SequentialProcessLoaderMachine<'_, C> {
    fn handle_deferred_call(&self) {
        match self.step.get() {
            Step::Idle => {}
            Step::First => self.discover_first(),
            Step::Discover => self.discover(),
            Step::Create => self.create_processes(),
        }
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}

impl<C: Chip> ProcessCheckerMachineClient for SequentialProcessLoaderMachine<'_, C> {
    fn done(
        &self,
        process_binary: ProcessBinary,
        result: Result<Option<AcceptedCredential>, ProcessCheckError>,
    ) {
        let result = match result {
            Ok(credential) => {
                process_binary.credential.insert(credential);
                if self.step.get() == Step::First {
                    self.load(&process_binary);
                    Ok(())
                } else if let Some(place) = self.accepted.iter().find(|place| place.is_none()) {
                    place.put(process_binary);
                    Ok(())
                } else {
                    Err(ProcessLoadError::NoProcessSlot)
                }
            }
            Err(error) => Err(ProcessLoadError::CheckError(error)),
        };
        self.done_with(result);
    }
}
