//! Capsules: isolated drivers between the kernel's HILs and the apps.

#![no_std]
#![forbid(unsafe_code)]
