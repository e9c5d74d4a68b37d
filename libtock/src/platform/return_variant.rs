//! The tag in r0 that says which shape a system call's answer has.

/// Shape of an answer. Any number is possible, because kernels newer than this
/// library may answer in shapes that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnVariant(u32);

impl From<u32> for ReturnVariant {
    fn from(value: u32) -> Self {
        ReturnVariant(value)
    }
}

impl From<ReturnVariant> for u32 {
    fn from(variant: ReturnVariant) -> u32 {
        variant.0
    }
}

/// Failure with an error code.
pub const FAILURE: ReturnVariant = ReturnVariant(0);
/// Failure with an error code and one value.
pub const FAILURE_U32: ReturnVariant = ReturnVariant(1);
/// Failure with an error code and two values.
pub const FAILURE_2_U32: ReturnVariant = ReturnVariant(2);
/// Failure with an error code and a 64-bit value.
pub const FAILURE_U64: ReturnVariant = ReturnVariant(3);
/// Success without a value.
pub const SUCCESS: ReturnVariant = ReturnVariant(128);
/// Success with one value.
pub const SUCCESS_U32: ReturnVariant = ReturnVariant(129);
/// Success with two values.
pub const SUCCESS_2_U32: ReturnVariant = ReturnVariant(130);
/// Success with a 64-bit value.
pub const SUCCESS_U64: ReturnVariant = ReturnVariant(131);
/// Success with three values.
pub const SUCCESS_3_U32: ReturnVariant = ReturnVariant(132);
/// Success with one value and a 64-bit value.
pub const SUCCESS_U32_U64: ReturnVariant = ReturnVariant(133);

impl ReturnVariant {
    /// Whether this is one of the four failure shapes.
    pub fn is_any_failure(self) -> bool {
        self.0 <= FAILURE_U64.0
    }
}
