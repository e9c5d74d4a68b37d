//! The kernel's credential policy: one check at a time, one step for each call in the background.

use core::cell::Cell;

use kernel::deferred_call::DeferredCallClient;
use kernel::process_checker::{
    AcceptedCredential, AppCredentialsPolicy, AppCredentialsPolicyClient, CheckResult,
    CheckResultAcceptMetadata, Confirmation,
};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::ErrorCode;
use stepped_p256::{Evidence, Progress};
use tock_tbf::types::{TbfFooterV2Credentials, TbfFooterV2CredentialsType};

use capsules_system::app_rules::{AppRules, Outcomes, Refusal, SignedApp};
use capsules_system::step_call::StepCall;
use capsules_system::tbf_objects::Objects;

use super::check::Check;
use super::Signer;

/// Objects whose check is remembered.
const REMEMBERED: usize = 16;

/// Address of an object, and whether it was accepted.
type Outcome = (usize, Result<(), Refusal>);

/// Accepts binaries that a signer of the table has signed and the rules admit.
/// The metadata of an accepted credential is the signer's number in the table.
///
/// The steps of a check come in the background, so that an app that runs already is not kept
/// waiting by the checks of the others.
pub struct AppSignatures<'a, S: StepCall> {
    signers: &'static [Signer],
    rules: &'a dyn AppRules,
    required: bool,
    client: OptionalCell<&'static dyn AppCredentialsPolicyClient<'static>>,
    credentials: Cell<Option<TbfFooterV2Credentials>>,
    region: Cell<&'static [u8]>,
    check: MapCell<Check<'static>>,
    /// Addresses of objects, and what came of the last credential of each.
    outcomes: [Cell<Option<Outcome>>; REMEMBERED],
    /// Addresses of objects that were accepted, and the evidence of their signatures.
    evidence: [Cell<(usize, Evidence)>; REMEMBERED],
    steps: S,
}

impl<'a, S: StepCall> AppSignatures<'a, S> {
    /// Makes the kernel's policy for credentials of these signers, with the board's rules for
    /// what they sign. If `required` is true, a binary that no credential vouches for does
    /// not run at all; otherwise it runs without being any app. `steps` calls it again for the
    /// next step of a check.
    pub fn new(
        signers: &'static [Signer],
        rules: &'a dyn AppRules,
        required: bool,
        steps: S,
    ) -> Self {
        Self {
            signers,
            rules,
            required,
            client: OptionalCell::empty(),
            credentials: Cell::new(None),
            region: Cell::new(&[]),
            check: MapCell::empty(),
            outcomes: [const { Cell::new(None) }; REMEMBERED],
            evidence: [const { Cell::new((0, Evidence::NONE)) }; REMEMBERED],
            steps,
        }
    }

    fn remember(&self, flash_start: usize, outcome: Result<(), Refusal>) {
        let known = |place: &&Cell<Option<Outcome>>| {
            place
                .get()
                .is_some_and(|(address, _)| address == flash_start)
        };
        let free = |place: &&Cell<Option<Outcome>>| place.get().is_none();
        let place = self.outcomes.iter().find(known);
        if let Some(place) = place.or_else(|| self.outcomes.iter().find(free)) {
            place.set(Some((flash_start, outcome)));
        }
    }

    /// Keeps the evidence of the signature of the object at this address.
    fn keep_evidence(&self, address: usize, evidence: Evidence) {
        let at = |wanted| move |place: &&Cell<(usize, Evidence)>| place.get().0 == wanted;
        let known = self.evidence.iter().find(at(address));
        if let Some(place) = known.or_else(|| self.evidence.iter().find(at(0))) {
            place.set((address, evidence));
        }
    }

    /// What follows from the signer that was found, or that none was.
    fn verdict(&self, signer: Option<usize>, region: &'static [u8]) -> CheckResult {
        let judged = self.judge(signer, region);
        self.remember(region.as_ptr().addr(), judged.map(|_| ()));
        match judged {
            Ok(signer) => CheckResult::Accept(Some(CheckResultAcceptMetadata { metadata: signer })),
            Err(Refusal::WrongPlace | Refusal::OldVersion) => CheckResult::Reject,
            Err(_) => CheckResult::Pass,
        }
    }

    fn judge(&self, signer: Option<usize>, region: &'static [u8]) -> Result<usize, Refusal> {
        let number = signer.ok_or(Refusal::WrongSignature)?;
        let app = signed_app(region).ok_or(Refusal::NotTheSignersApp)?;
        let allowed = self
            .signers
            .get(number)
            .is_some_and(|signer| signer.may_sign_for(app.short_id));
        if !allowed {
            return Err(Refusal::NotTheSignersApp);
        }
        self.rules.admit(&app)?;
        Ok(number)
    }
}

/// What the header at the start of a region claims; none if it claims no app.
fn signed_app(region: &'static [u8]) -> Option<SignedApp> {
    let object = Objects::of(region).next()?;
    // The region ends before the signatures, so only the first object is whole in it.
    if object.address != region.as_ptr().addr() {
        return None;
    }
    let header = object.header()?;
    Some(SignedApp {
        short_id: header.get_fixed_short_id()?.get(),
        version: header.get_binary_version(),
        flash_start: object.address,
        flash_size: object.size,
        ram_start: header.get_fixed_address_ram().map(|start| start as usize),
        ram_size: header.get_minimum_app_ram_size() as usize,
    })
}

impl<S: StepCall> Outcomes for AppSignatures<'_, S> {
    fn outcome_of(&self, flash_start: usize) -> Option<Result<(), Refusal>> {
        self.outcomes
            .iter()
            .filter_map(Cell::get)
            .find_map(|(address, outcome)| (address == flash_start).then_some(outcome))
    }
}

impl<S: StepCall> AppCredentialsPolicy<'static> for AppSignatures<'_, S> {
    fn set_client(&self, client: &'static dyn AppCredentialsPolicyClient<'static>) {
        self.client.set(client);
    }

    fn require_credentials(&self) -> bool {
        self.required
    }

    /// Not by the verdict, which a lost instruction may have turned, but by the evidence.
    fn confirm(&self, credential: Option<AcceptedCredential>, region: &[u8]) -> Confirmation {
        let address = region.as_ptr().addr();
        let kept = self.evidence.iter().map(Cell::get);
        let evidence = kept
            .filter(|(object, _)| *object == address)
            .fold(Evidence::NONE, |_, (_, evidence)| evidence);
        let guest = credential.is_none() && !self.required;
        let doubt = if guest { 0 } else { evidence.doubt() };
        Confirmation::unless(doubt)
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        integrity_region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        if self.check.is_some() {
            return Err((ErrorCode::BUSY, credentials, integrity_region));
        }
        let signature = match credentials.format() {
            TbfFooterV2CredentialsType::EcdsaNistP256 => credentials.data().try_into().ok(),
            _ => None,
        };
        let Some(signature) = signature else {
            return Err((ErrorCode::NOSUPPORT, credentials, integrity_region));
        };
        self.credentials.set(Some(credentials));
        self.region.set(integrity_region);
        self.check
            .put(Check::new(integrity_region, signature, self.signers));
        self.steps.set_in_background();
        Ok(())
    }
}

impl<S: StepCall> DeferredCallClient for AppSignatures<'_, S> {
    fn handle_deferred_call(&self) {
        let progress = self.check.map_or(Progress::More, Check::step);
        let signer = match progress {
            Progress::Done(signer) => signer,
            Progress::More => {
                if self.check.is_some() {
                    self.steps.set_in_background();
                }
                return;
            }
        };
        let evidence = self.check.map_or(Evidence::NONE, |check| check.evidence());
        self.check.take();
        let Some(credentials) = self.credentials.take() else {
            return;
        };
        let region = self.region.replace(&[]);
        let result = self.verdict(signer, region);
        if let CheckResult::Accept(_) = result {
            self.keep_evidence(region.as_ptr().addr(), evidence);
        }
        // The client may offer the next credential within this call.
        self.client
            .map(|client| client.check_done(Ok(result), credentials, region));
    }

    fn register(&'static self) {
        self.steps.register(self);
    }
}
