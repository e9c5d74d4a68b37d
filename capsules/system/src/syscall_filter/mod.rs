//! Filters of system calls: what a process may ask at all.

pub mod app_filter;
pub mod tbf_header_filter;
