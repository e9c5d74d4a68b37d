//! Numbers of the system-call ABI (TRD 104, section 4).

/// System-call classes: the immediate of the `svc` instruction.
pub mod syscall_class {
    /// Wait for, or run, an upcall.
    pub const YIELD: usize = 0;
    /// Register an upcall.
    pub const SUBSCRIBE: usize = 1;
    /// Ask a driver to do something.
    pub const COMMAND: usize = 2;
    /// Share a buffer that a driver may write.
    pub const ALLOW_RW: usize = 3;
    /// Share a buffer that a driver may read.
    pub const ALLOW_RO: usize = 4;
    /// Ask about, or move the end of, the process's memory.
    pub const MEMOP: usize = 5;
    /// End or restart the process.
    pub const EXIT: usize = 6;
}

/// Variants of yield, in r0.
pub mod yield_id {
    /// Run one pending upcall or return at once.
    pub const NO_WAIT: u32 = 0;
    /// Sleep until an upcall has run.
    pub const WAIT: u32 = 1;
    /// Sleep until one given upcall is due and return its arguments.
    pub const WAIT_FOR: u32 = 2;
}

/// Variants of exit, in r0.
pub mod exit_id {
    /// End the process.
    pub const TERMINATE: u32 = 0;
    /// Start the process anew.
    pub const RESTART: u32 = 1;
}

/// Memop operations, in r0.
pub mod memop_id {
    /// Move the app break to an address.
    pub const BRK: u32 = 0;
    /// Move the app break by a distance.
    pub const SBRK: u32 = 1;
    /// First address of the process's RAM.
    pub const RAM_START: u32 = 2;
    /// End of the process's RAM block, grants included.
    pub const RAM_END: u32 = 3;
    /// First address of the process's flash: its TBF header.
    pub const FLASH_START: u32 = 4;
    /// End of the process's flash.
    pub const FLASH_END: u32 = 5;
    /// Lowest address of the process's grants.
    pub const GRANT_START: u32 = 6;
    /// Number of writeable flash regions in the TBF header.
    pub const FLASH_REGIONS: u32 = 7;
    /// First address of a writeable flash region.
    pub const FLASH_REGION_START: u32 = 8;
    /// End of a writeable flash region.
    pub const FLASH_REGION_END: u32 = 9;
    /// Debugger's hint: top of the stack.
    pub const DEBUG_STACK_START: u32 = 10;
    /// Debugger's hint: start of the heap.
    pub const DEBUG_HEAP_START: u32 = 11;
}
