//! What is kept of a process while another one or the kernel runs.

/// What is kept of a process while it does not run: the registers that the
/// hardware does not put on its stack.
///
/// The handlers load and store the fields in this order.
#[derive(Default, Debug, Clone, PartialEq, Eq)]
#[repr(C)]
pub struct CortexMStoredState {
    /// r4 to r11.
    pub(crate) regs: [u32; 8],
    /// The process stack pointer; the process chooses it freely.
    pub(crate) psp: usize,
}
