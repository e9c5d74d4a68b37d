//! Who may run and call, who runs next, what a fault leads to, and what is kept of it.
//!
//! Schedulers, fault policies and the system-call filter have upstream Tock's names
//! and places; the rest is this project's.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod app_rules;
pub mod apps;
pub mod crash_log;
pub mod crc32;
pub mod debug_writer;
pub mod fault_by_app;
pub mod load_failures;
pub mod loading_report;
pub mod process_policies;
pub mod restart_backoff;
pub mod scheduler;
pub mod step_call;
pub mod syscall_filter;
pub mod tbf_objects;
pub mod virtual_word_flash;
