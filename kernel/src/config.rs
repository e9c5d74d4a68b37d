//! Compile-time choices of the kernel.

/// The choices.
pub(crate) struct Config {
    /// Write a line on [`debug!`](crate::debug!) for each object that the loader
    /// finds.
    pub(crate) debug_load_processes: bool,
    /// Write a line on [`debug!`](crate::debug!) for each credential that is
    /// checked.
    pub(crate) debug_process_credentials: bool,
}

/// The choices of this build. Both are off, which takes the text out of the
/// image.
pub(crate) const CONFIG: Config = Config {
    debug_load_processes: false,
    debug_process_credentials: false,
};
