//! Tokens for what only trusted code may do.
//!
//! A function that could break isolation asks for a value whose type implements
//! one of these traits. They are `unsafe` to implement, so a crate that forbids
//! unsafe code cannot make the value; the board mints it with
//! [`create_capability!`](crate::create_capability) and hands it on.

/// May create, restart, stop and inspect processes.
///
/// # Safety
///
/// Implement only in code that is trusted with every process.
pub unsafe trait ProcessManagementCapability {}

/// May start a process.
///
/// # Safety
///
/// Implement only in code that is trusted to decide what runs.
pub unsafe trait ProcessStartCapability {}

/// May enter the kernel's main loop.
///
/// # Safety
///
/// Implement only in the board's start-up code.
pub unsafe trait MainLoopCapability {}

/// May allocate memory in processes, that is, create grants.
///
/// # Safety
///
/// Implement only in the board's start-up code.
pub unsafe trait MemoryAllocationCapability {}

/// May implement a process that is not a TBF app.
///
/// # Safety
///
/// Implement only in code that upholds every invariant of a process itself.
pub unsafe trait ExternalProcessCapability {}

/// May use the storage that the kernel itself owns.
///
/// # Safety
///
/// Implement only in code that acts for the kernel.
pub unsafe trait KerneluserStorageCapability {}

/// May give out the storage permissions of apps.
///
/// # Safety
///
/// Implement only in code that decides which app owns which data.
pub unsafe trait ApplicationStorageCapability {}

/// May send UDP without owning a port, for a driver that checks ports itself.
///
/// # Safety
///
/// Implement only in a driver that keeps apps to their ports.
pub unsafe trait UdpDriverCapability {}

/// May create the one table of UDP ports.
///
/// # Safety
///
/// Implement only in the board's start-up code.
pub unsafe trait CreatePortTableCapability {}

/// May create network capabilities.
///
/// # Safety
///
/// Implement only in code that decides who talks to whom.
pub unsafe trait NetworkCapabilityCreationCapability {}

/// May choose where debug output goes.
///
/// # Safety
///
/// Implement only in the board's start-up code.
pub unsafe trait SetDebugWriterCapability {}
