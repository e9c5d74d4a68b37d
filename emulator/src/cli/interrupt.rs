//! Ctrl-C and SIGTERM: the first one asks to end, the second one ends.

use super::failure::Failure;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// What the program exits with on the second signal.
const EXIT_CODE: i32 = 130;

/// Listens to the signals from now on.
pub fn listen() -> Result<(), Failure> {
    let asked = ASKED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, EXIT_CODE, asked.clone())
            .and_then(|_| signal_hook::flag::register(signal, asked.clone()))
            .map_err(Failure::host)?;
    }
    Ok(())
}

/// Returns whether the user asked to end.
pub fn asked() -> bool {
    ASKED
        .get()
        .is_some_and(|asked| asked.load(Ordering::Relaxed))
}
