//! Interior-mutability cells of the kernel, with the names of Tock's crate of the same name.

#![no_std]
