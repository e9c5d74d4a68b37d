//! Register-level drivers of the nRF52840.

#![no_std]
