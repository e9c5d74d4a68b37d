//! Processes: identity, states, memory, loading, and what happens when they fail.

mod array;
mod binary;
pub(crate) mod credential;
mod free_memory;
mod id;
mod load_error;
mod loading;
mod loading_async;
mod policies;
mod printer;
mod process_trait;
mod standard;
mod types;

pub use self::array::{ProcessArray, ProcessSlot};
pub use self::binary::{ProcessBinary, ProcessBinaryError};
pub use self::credential::AcceptedCredential;
pub use self::id::{BinaryVersion, ProcessId, ShortId};
pub use self::load_error::ProcessLoadError;
pub use self::loading::load_processes;
pub use self::loading_async::{
    ProcessLoadingAsync, ProcessLoadingAsyncClient, SequentialProcessLoaderMachine,
};
pub use self::policies::{ProcessFaultPolicy, ProcessStandardStoragePermissionsPolicy};
pub use self::printer::{ProcessPrinter, ProcessPrinterContext};
pub use self::process_trait::Process;
pub(crate) use self::standard::Exit;
pub use self::standard::{ProcessStandard, ProcessStandardDebug, ProcessStandardDebugFull};
pub use self::types::{
    Error, FaultAction, FunctionCall, FunctionCallSource, ProcessAddresses,
    ProcessCustomGrantIdentifier, ProcessSizes, ReturnArguments, State, StoppedExecutingReason,
    StoppedState, Task,
};
