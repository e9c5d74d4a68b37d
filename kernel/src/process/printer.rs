//! How a description of a process is written where not everything fits at once.

use crate::process::Process;
use crate::utilities::binary_write::BinaryWrite;

/// Where a description goes on: how many bytes of it have been written.
#[derive(PartialEq, Eq, Copy, Clone, Debug)]
pub struct ProcessPrinterContext {
    /// Bytes written so far.
    pub offset: usize,
}

/// Describes processes.
pub trait ProcessPrinter {
    /// Writes an overview of a process, or goes on where `context` says. Returns
    /// `None` when all is written, else where to go on.
    fn print_overview(
        &self,
        process: &dyn Process,
        writer: &mut dyn BinaryWrite,
        context: Option<ProcessPrinterContext>,
    ) -> Option<ProcessPrinterContext>;
}
