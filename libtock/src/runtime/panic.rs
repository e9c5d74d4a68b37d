//! What happens to an app that panics: an alert, then the end of the process.

use super::TockSyscalls;
use crate::apis::low_level_debug::{AlertCode, LowLevelDebug};
use crate::platform::Syscalls;

/// Completion code of an app that panicked.
const PANICKED: u32 = 1;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // No message: formatting one would cost every app kilobytes of flash.
    LowLevelDebug::<TockSyscalls>::print_alert_code(AlertCode::Panic);
    TockSyscalls::exit_terminate(PANICKED)
}
