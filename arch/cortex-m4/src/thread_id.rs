//! Which thread of execution is running: the kernel's, or an exception's.

use kernel::platform::chip::ThreadIdProvider;

use crate::support::active_exception;

/// Tells thread mode (0) from the exceptions (their number).
pub enum CortexMThreadIdProvider {}

// SAFETY: there is one core. What runs is either the one thread of the kernel
// (IPSR = 0) or the exception whose number is in IPSR, and an exception cannot
// be active twice. The number is constant while the same one runs.
unsafe impl ThreadIdProvider for CortexMThreadIdProvider {
    fn running_thread_id() -> usize {
        active_exception()
    }
}
