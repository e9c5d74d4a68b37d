//! Which application of the policy tables a process is.

use core::num::NonZeroU32;

use kernel::process::ShortId;
use kernel::ProcessId;

/// ShortId that a verified signature gave the process; none if nobody vouches for
/// it, and then it is no application of any table.
pub fn app_of(process_id: ProcessId) -> Option<NonZeroU32> {
    match process_id.short_app_id() {
        ShortId::Fixed(app) => Some(app),
        ShortId::LocallyUnique => None,
    }
}

/// Whether the process is the application `app` of a table.
pub fn is_app(process_id: ProcessId, app: u32) -> bool {
    app_of(process_id).is_some_and(|verified| verified.get() == app)
}
