//! Answers for fake drivers to give.

use crate::platform::{return_variant as variant, CommandReturn, ErrorCode};

/// Failure.
pub fn failure(error: ErrorCode) -> CommandReturn {
    CommandReturn::new(variant::FAILURE, error as u32, 0, 0)
}

/// Failure with a value.
pub fn failure_u32(error: ErrorCode, r2: u32) -> CommandReturn {
    CommandReturn::new(variant::FAILURE_U32, error as u32, r2, 0)
}

/// Failure with two values.
pub fn failure_2_u32(error: ErrorCode, r2: u32, r3: u32) -> CommandReturn {
    CommandReturn::new(variant::FAILURE_2_U32, error as u32, r2, r3)
}

/// Failure with a 64-bit value.
pub fn failure_u64(error: ErrorCode, value: u64) -> CommandReturn {
    CommandReturn::new(
        variant::FAILURE_U64,
        error as u32,
        value as u32,
        (value >> 32) as u32,
    )
}

/// Success.
pub fn success() -> CommandReturn {
    CommandReturn::new(variant::SUCCESS, 0, 0, 0)
}

/// Success with a value.
pub fn success_u32(r1: u32) -> CommandReturn {
    CommandReturn::new(variant::SUCCESS_U32, r1, 0, 0)
}

/// Success with two values.
pub fn success_2_u32(r1: u32, r2: u32) -> CommandReturn {
    CommandReturn::new(variant::SUCCESS_2_U32, r1, r2, 0)
}

/// Success with a 64-bit value.
pub fn success_u64(value: u64) -> CommandReturn {
    CommandReturn::new(variant::SUCCESS_U64, value as u32, (value >> 32) as u32, 0)
}

/// Success with three values.
pub fn success_3_u32(r1: u32, r2: u32, r3: u32) -> CommandReturn {
    CommandReturn::new(variant::SUCCESS_3_U32, r1, r2, r3)
}

/// Success with a value and a 64-bit value.
pub fn success_u32_u64(r1: u32, value: u64) -> CommandReturn {
    CommandReturn::new(
        variant::SUCCESS_U32_U64,
        r1,
        value as u32,
        (value >> 32) as u32,
    )
}
