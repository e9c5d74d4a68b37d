//! Which application of the policy tables a process is.

use core::num::NonZeroU32;

use kernel::process::ShortId;
use kernel::ProcessId;

/// The ShortId that a verified signature gave the process. It is `None` for a process
/// that nobody vouches for, which is no application of any table.
pub fn app_of(process_id: ProcessId) -> Option<NonZeroU32> {
    match process_id.short_app_id() {
        ShortId::Fixed(app) => Some(app),
        ShortId::LocallyUnique => None,
    }
}

/// Whether the process is the application of a table whose ShortId is `app`.
pub fn is_app(process_id: ProcessId, app: u32) -> bool {
    app_of(process_id).is_some_and(|verified| verified.get() == app)
}
