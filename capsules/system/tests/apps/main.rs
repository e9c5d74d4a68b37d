//! Apps of a manifest on the real kernel: what they may call, when they run, what is kept of their faults.

mod calls;
mod crash_log;
mod faults;
mod levels;
mod loading;
mod setup;
