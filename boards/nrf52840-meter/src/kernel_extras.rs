//! What our kernel does beyond upstream's, as scheduler and loader ask for it, and the power to look at processes.

use capsules_system::scheduler::priority::WakeHint;
use capsules_trust::app_signature::AppSignatures;
use kernel::capabilities::ProcessManagementCapability;
use kernel::process_checker::{
    AcceptedCredential, AppCredentialsPolicy, AppCredentialsPolicyClient, Confirmation,
};
use kernel::{ErrorCode, Kernel, ProcessId};
use tock_tbf::types::TbfFooterV2Credentials;

use crate::wiring::trust::Steps;

/// The policy that looks at credentials.
pub type Signatures = AppSignatures<'static, Steps>;

/// The same, asked a second time when a process is about to be made.
pub struct DecidedTwice(pub &'static Signatures);

impl AppCredentialsPolicy<'static> for DecidedTwice {
    fn set_client(&self, client: &'static dyn AppCredentialsPolicyClient<'static>) {
        self.0.set_client(client);
    }

    fn require_credentials(&self) -> bool {
        self.0.require_credentials()
    }

    fn confirm(&self, credential: Option<AcceptedCredential>, region: &[u8]) -> Confirmation {
        Confirmation::unless(self.0.doubt(credential.is_some(), region))
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        region: &'static [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'static [u8])> {
        self.0.check_credentials(credentials, region)
    }
}

/// The power to look at processes and to restart them, for those who must name its type.
pub struct ProcessManagement;

// SAFETY: only this crate can name the type, and it hands it to the scheduler and to the
// fault policy alone.
unsafe impl ProcessManagementCapability for ProcessManagement {}

/// The kernel's mark that a process may have become ready.
pub struct Woken(pub &'static Kernel);

impl WakeHint for Woken {
    #[inline(always)]
    fn take_background_time(&self) -> Option<(ProcessId, u32)> {
        self.0.take_background_time(&ProcessManagement)
    }

    #[inline(always)]
    fn take_woken(&self) -> bool {
        self.0.take_process_woke(&ProcessManagement)
    }
}
