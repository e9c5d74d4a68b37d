//! A Tock 2 compatible kernel.

#![no_std]
