//! Why an app does not become a process, for the loaders and their clients.

use core::fmt;

use crate::process::ProcessBinaryError;
use crate::process_checker::ProcessCheckError;

/// Why a process could not be loaded.
pub enum ProcessLoadError {
    /// The RAM left is too little for what it asks.
    NotEnoughMemory,
    /// The MPU has no region of its length in flash.
    MpuInvalidFlashLength,
    /// The MPU cannot be configured for it.
    MpuConfigurationError,
    /// It was linked for RAM that it cannot have: behind what is left, taken, or
    /// not aligned as the MPU needs.
    MemoryAddressMismatch {
        /// Where its RAM would start.
        actual_address: u32,
        /// Where it must start.
        expected_address: u32,
    },
    /// The table of processes is full.
    NoProcessSlot,
    /// Its binary is wrong.
    BinaryError(ProcessBinaryError),
    /// Its credentials were not accepted.
    CheckError(ProcessCheckError),
    /// A defect of the kernel.
    InternalError,
}

impl fmt::Debug for ProcessLoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessLoadError::NotEnoughMemory => write!(f, "not enough RAM for the app"),
            ProcessLoadError::MpuInvalidFlashLength => {
                write!(f, "the MPU has no region of the app's length in flash")
            }
            ProcessLoadError::MpuConfigurationError => write!(f, "the MPU has no regions left"),
            ProcessLoadError::MemoryAddressMismatch {
                actual_address,
                expected_address,
            } => write!(
                f,
                "the app is linked for RAM at {expected_address:#x}, could have {actual_address:#x}"
            ),
            ProcessLoadError::NoProcessSlot => write!(f, "the table of processes is full"),
            ProcessLoadError::BinaryError(error) => write!(f, "bad binary: {error:?}"),
            ProcessLoadError::CheckError(error) => write!(f, "bad credentials: {error:?}"),
            ProcessLoadError::InternalError => write!(f, "defect of the kernel"),
        }
    }
}
