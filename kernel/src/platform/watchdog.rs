//! The watchdog that resets the part when the kernel loop stops turning.

/// A hardware watchdog. `()` is a board without one.
pub trait WatchDog {
    /// Starts it; called once before the kernel loop.
    fn setup(&self) {}

    /// Called in every turn of the kernel loop.
    fn tickle(&self) {}

    /// Called before the part sleeps.
    fn suspend(&self) {
        self.tickle();
    }

    /// Called after the part woke.
    fn resume(&self) {
        self.tickle();
    }
}

impl WatchDog for () {}
