//! The credential for which an app was allowed to run.
//!
//! It stands apart from the machine that checks credentials, because binaries and processes
//! keep one. Its public name is in [`crate::process_checker`].

use tock_tbf::types::TbfFooterV2Credentials;

/// What a policy wants to remember about a credential that it accepted.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub struct CheckResultAcceptMetadata {
    /// Opaque to the kernel.
    pub metadata: usize,
}

/// A credential that was accepted.
#[derive(Copy, Clone, Debug)]
pub struct AcceptedCredential {
    /// The credential.
    pub credential: TbfFooterV2Credentials,
    /// What the policy wants to remember.
    pub metadata: Option<CheckResultAcceptMetadata>,
}
