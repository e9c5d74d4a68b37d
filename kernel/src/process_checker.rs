//! Credentials of apps: who decides which are accepted, and what identity follows from them.
//!
//! A binary's footers carry credentials. The first [`MOST_FOOTERS`] are offered to the board's
//! [`AppCredentialsPolicy`] in turn, until one is accepted or rejected; that may
//! take as long as the hardware needs. The board's [`AppIdPolicy`] then says
//! which [`ShortId`] the app gets and which two apps are the same.

use core::cell::Cell;
use core::fmt;

use tock_tbf::types::{TbfFooterV2Credentials, TbfFooterV2CredentialsType, TbfParseError};

use crate::config;
use crate::debug;
use crate::process::{Process, ProcessBinary, ShortId};
use crate::utilities::cells::OptionalCell;
use crate::ErrorCode;

pub use crate::process::credential::{AcceptedCredential, CheckResultAcceptMetadata};

/// How many of a binary's footers are looked at, those that are reserved space and those of
/// unknown formats included. Whoever can write footers could else make the check take as long
/// as they like, for a policy may need a tenth of a second for each.
pub const MOST_FOOTERS: u32 = 4;

/// Why a binary may not run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ProcessCheckError {
    /// None of its credentials was accepted, and one is required.
    CredentialsNotAccepted,
    /// The credential of this number (0 is the first) was rejected.
    CredentialsRejected(u32),
    /// A defect of the kernel, or the checker failed.
    InternalError,
}

impl fmt::Debug for ProcessCheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessCheckError::CredentialsNotAccepted => write!(f, "no credential accepted"),
            ProcessCheckError::CredentialsRejected(index) => {
                write!(f, "credential {index} rejected")
            }
            ProcessCheckError::InternalError => write!(f, "credential check failed"),
        }
    }
}

/// What a policy says about one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    /// The binary may run. The number, if any, is for the policy's own use.
    Accept(Option<CheckResultAcceptMetadata>),
    /// No opinion; the next credential decides.
    Pass,
    /// The binary may not run.
    Reject,
}

/// The second decision about a binary, when a process is about to be made of it: two values that
/// differ in every bit, so that neither a lost instruction nor a flipped bit turns one into the
/// other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Confirmation(u32);

impl Confirmation {
    /// It may run.
    pub const YES: Confirmation = Confirmation(0x5A3C_96E1);
    /// It may not.
    pub const NO: Confirmation = Confirmation(!Self::YES.0);

    /// Confirms, unless any bit of doubt is set.
    pub const fn unless(doubt: u32) -> Self {
        Confirmation(Self::YES.0 ^ doubt)
    }

    /// Returns whether it may run.
    #[inline(always)]
    pub fn is_yes(self) -> bool {
        core::hint::black_box(self.0) == Self::YES.0
    }
}

/// Hears what a policy has decided.
pub trait AppCredentialsPolicyClient<'a> {
    /// The check that was started is done.
    fn check_done(
        &self,
        result: Result<CheckResult, ErrorCode>,
        credentials: TbfFooterV2Credentials,
        integrity_region: &'a [u8],
    );
}

/// Decides which credentials are accepted.
pub trait AppCredentialsPolicy<'a> {
    /// Sets the object that is told of each verdict.
    fn set_client(&self, client: &'a dyn AppCredentialsPolicyClient<'a>);

    /// Returns whether a binary needs an accepted credential to run.
    fn require_credentials(&self) -> bool;

    /// Decides a second time, when a process is about to be made of a binary that was accepted
    /// with this credential, or without any; by other means than the first time.
    ///
    /// Upstream's trait does not have it; without it the first decision stands.
    fn confirm(
        &self,
        _credential: Option<AcceptedCredential>,
        _integrity_region: &[u8],
    ) -> Confirmation {
        Confirmation::YES
    }

    /// Starts the check of one credential of the bytes `integrity_region`.
    ///
    /// # Errors
    ///
    /// NOSUPPORT or ALREADY to go on with the next credential, others if the
    /// check cannot be made. What was passed comes back.
    #[allow(clippy::type_complexity)]
    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        integrity_region: &'a [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'a [u8])>;
}

/// Tells apps apart: two that are the same do not run at the same time. `()`
/// takes all for different.
pub trait AppUniqueness {
    /// Returns whether two binaries are different apps.
    fn different_identifier(&self, process_a: &ProcessBinary, process_b: &ProcessBinary) -> bool;

    /// Returns whether a binary and a process are different apps.
    fn different_identifier_process(
        &self,
        process_a: &ProcessBinary,
        process_b: &dyn Process,
    ) -> bool;

    /// Returns whether two processes are different apps.
    fn different_identifier_processes(
        &self,
        process_a: &dyn Process,
        process_b: &dyn Process,
    ) -> bool;
}

impl AppUniqueness for () {
    fn different_identifier(&self, _: &ProcessBinary, _: &ProcessBinary) -> bool {
        true
    }

    fn different_identifier_process(&self, _: &ProcessBinary, _: &dyn Process) -> bool {
        true
    }

    fn different_identifier_processes(&self, _: &dyn Process, _: &dyn Process) -> bool {
        true
    }
}

/// Gives apps their short identifiers. `()` gives none.
pub trait Compress {
    /// The short identifier of a binary; its accepted credential, if any, is in
    /// [`ProcessBinary::credential`].
    fn to_short_id(&self, process: &ProcessBinary) -> ShortId;
}

impl Compress for () {
    fn to_short_id(&self, _process: &ProcessBinary) -> ShortId {
        ShortId::LocallyUnique
    }
}

/// What identity apps have.
pub trait AppIdPolicy: AppUniqueness + Compress {}
impl<T: AppUniqueness + Compress> AppIdPolicy for T {}

/// Hears whether a binary may run.
pub trait ProcessCheckerMachineClient {
    /// The binary may run, with the credential for which it may (if one was
    /// needed); or it may not.
    fn done(
        &self,
        process_binary: ProcessBinary,
        result: Result<Option<AcceptedCredential>, ProcessCheckError>,
    );
}

/// Offers the credentials of one binary at a time to the policy.
pub struct ProcessCheckerMachine {
    client: OptionalCell<&'static dyn ProcessCheckerMachineClient>,
    policy: OptionalCell<&'static dyn AppCredentialsPolicy<'static>>,
    /// The binary whose credential the policy is looking at.
    process_binary: Cell<Option<ProcessBinary>>,
    /// What follows the credential that the policy is looking at.
    remaining_footers: Cell<&'static [u8]>,
    /// The number of the credential that the policy is looking at.
    footer_index: Cell<u32>,
}

/// How looking for the next credential ended.
enum Next {
    /// The policy is looking at one.
    Checking,
    /// There is none.
    NoneLeft,
    /// The policy cannot check.
    Failed,
}

impl ProcessCheckerMachine {
    /// A machine for this policy.
    pub fn new(policy: &'static dyn AppCredentialsPolicy<'static>) -> Self {
        Self {
            client: OptionalCell::empty(),
            policy: OptionalCell::new(policy),
            process_binary: Cell::new(None),
            remaining_footers: Cell::new(&[]),
            footer_index: Cell::new(0),
        }
    }

    /// Sets the object that is told whether a binary may run.
    pub fn set_client(&self, client: &'static dyn ProcessCheckerMachineClient) {
        self.client.set(client);
    }

    /// Replaces the policy.
    pub fn set_policy(&self, policy: &'static dyn AppCredentialsPolicy<'static>) {
        self.policy.set(policy);
    }

    /// Has the policy decide a second time about a binary that was accepted.
    pub(crate) fn confirm(&self, binary: &ProcessBinary) -> Confirmation {
        self.policy.map_or(Confirmation::NO, |policy| {
            let region = binary.get_integrity_region_slice();
            policy.confirm(binary.credential.get(), region)
        })
    }

    /// Starts the check of a binary; the client is told when it is done, which
    /// may be before this returns. Not to be called while a check is under way.
    ///
    /// # Errors
    ///
    /// InternalError without a policy.
    pub fn check(&self, process_binary: ProcessBinary) -> Result<(), ProcessCheckError> {
        if self.policy.is_none() {
            return Err(ProcessCheckError::InternalError);
        }
        self.footer_index.set(0);
        self.remaining_footers.set(process_binary.footers);
        self.check_next(process_binary);
        Ok(())
    }

    /// Offers the next credential to the policy, or reports that none is left.
    fn check_next(&self, process_binary: ProcessBinary) {
        let Some(policy) = self.policy.get() else {
            return self.report(process_binary, Err(ProcessCheckError::InternalError));
        };
        let integrity_region = process_binary.get_integrity_region_slice();
        // The policy may answer at once, and then needs the binary.
        self.process_binary.set(Some(process_binary));
        let result = match self.find_next(policy, integrity_region) {
            Next::Checking => return,
            Next::NoneLeft if policy.require_credentials() => {
                Err(ProcessCheckError::CredentialsNotAccepted)
            }
            Next::NoneLeft => Ok(None),
            Next::Failed => Err(ProcessCheckError::InternalError),
        };
        if let Some(process_binary) = self.process_binary.take() {
            self.report(process_binary, result);
        }
    }

    fn find_next(
        &self,
        policy: &'static dyn AppCredentialsPolicy<'static>,
        integrity_region: &'static [u8],
    ) -> Next {
        while self.footer_index.get() < MOST_FOOTERS {
            let footers = self.remaining_footers.get();
            let (credentials, length) = match tock_tbf::parse::parse_tbf_footer(footers) {
                Ok(footer) => footer,
                Err(TbfParseError::NotEnoughFlash) => return Next::NoneLeft,
                Err(error) => {
                    if config::CONFIG.debug_process_credentials {
                        debug!("Footers end: {:?}", error);
                    }
                    return Next::NoneLeft;
                }
            };
            let element = 4 + length as usize;
            self.remaining_footers
                .set(footers.get(element..).unwrap_or(&[]));
            // Reserved space is no credential.
            if credentials.format() != TbfFooterV2CredentialsType::Reserved {
                match policy.check_credentials(credentials, integrity_region) {
                    Ok(()) => return Next::Checking,
                    Err((ErrorCode::NOSUPPORT | ErrorCode::ALREADY, _, _)) => {}
                    Err(_) => return Next::Failed,
                }
            }
            self.footer_index
                .set(self.footer_index.get().saturating_add(1));
        }
        Next::NoneLeft
    }

    fn report(
        &self,
        process_binary: ProcessBinary,
        result: Result<Option<AcceptedCredential>, ProcessCheckError>,
    ) {
        if config::CONFIG.debug_process_credentials {
            debug!(
                "App {}: {:?}",
                process_binary.header.get_package_name().unwrap_or(""),
                result.map(|_| ())
            );
        }
        if let Some(client) = self.client.get() {
            client.done(process_binary, result);
        }
    }
}

impl AppCredentialsPolicyClient<'static> for ProcessCheckerMachine {
    fn check_done(
        &self,
        result: Result<CheckResult, ErrorCode>,
        credentials: TbfFooterV2Credentials,
        _integrity_region: &'static [u8],
    ) {
        let Some(process_binary) = self.process_binary.take() else {
            return;
        };
        let index = self.footer_index.get();
        match result {
            Ok(CheckResult::Accept(metadata)) => {
                let accepted = AcceptedCredential {
                    credential: credentials,
                    metadata,
                };
                self.report(process_binary, Ok(Some(accepted)));
            }
            Ok(CheckResult::Pass) => {
                self.footer_index.set(index.saturating_add(1));
                self.check_next(process_binary);
            }
            Ok(CheckResult::Reject) => self.report(
                process_binary,
                Err(ProcessCheckError::CredentialsRejected(index)),
            ),
            Err(_) => self.report(process_binary, Err(ProcessCheckError::InternalError)),
        }
    }
}
