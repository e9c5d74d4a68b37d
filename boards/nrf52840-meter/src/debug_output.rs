//! Kernel debug output over RTT, in an image whose manifest has it.

use core::panic::PanicInfo;

/// What a debug probe reads.
#[cfg(debug_rtt)]
static RTT: capsules_system::debug_writer::rtt::Rtt = capsules_system::rtt!();

/// Has `debug!` write there from now on.
pub fn begin() {
    #[cfg(debug_rtt)]
    kernel::debug::set_debug_writer_wrapper(
        &RTT,
        kernel::create_capability!(kernel::capabilities::SetDebugWriterCapability),
    );
}

/// Writes what a panic says.
#[cfg_attr(not(debug_rtt), allow(unused_variables))]
pub fn panicked(info: &PanicInfo) {
    #[cfg(debug_rtt)]
    {
        use core::fmt::Write;
        // It never fails: what does not fit is dropped.
        let _ = writeln!(&RTT, "{info}");
    }
}
