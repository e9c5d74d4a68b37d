//! Userspace library of the apps, with libtock-rs's API.

#![no_std]
