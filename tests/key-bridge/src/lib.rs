//! How a test on the host has the key store's system calls made.
//!
//! The bridge is an app whose RAM holds a [mailbox]. It calls a function
//! of its own, the turn, whose address stands in the mailbox; there the test stops
//! the machine, takes the answer and writes the next request. So the bridge never
//! has to wait for the test, and no instruction runs in vain. A bridge that finds
//! [`mailbox::IDLE`] sleeps for a while and has its turn again.

#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

pub mod mailbox;
