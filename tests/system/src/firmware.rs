//! The images that only tests and measurements use.

use audit::specimen::firmware::Firmware;

/// Returns the meter with a kernel that also runs guests, which nobody has signed.
///
/// # Panics
/// When the image is not built.
pub fn bring_up() -> Firmware {
    Firmware::variant("bring-up")
}

/// Returns the kernel of [`bring_up`] alone, without any app.
///
/// # Panics
/// When the image is not built.
pub fn kernel_only() -> Firmware {
    bring_up().without_apps()
}

/// Returns the meter with the key bridge in the place of the app dlms.
///
/// # Panics
/// When the image is not built.
pub fn key_bridge() -> Firmware {
    Firmware::variant("key-bridge")
}

/// Returns the meter of [`key_bridge()`] with a kernel that spaces the steps of long work by
/// an alarm.
///
/// # Panics
/// When the image is not built.
pub fn key_bridge_by_alarm() -> Firmware {
    Firmware::variant("key-bridge-by-alarm")
}
