//! The answer to a command, and its reading as a `Result`.

use super::return_variant::{self, ReturnVariant};
use super::ErrorCode;

/// Answer to a command: a shape and up to three registers.
///
/// A driver's interface fixes one success and one failure shape for each of
/// its commands; [`CommandReturn::to_result`] checks both.
#[must_use = "a command may have failed"]
#[derive(Clone, Copy, Debug)]
pub struct CommandReturn {
    variant: ReturnVariant,
    registers: [u32; 3],
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

impl CommandReturn {
    /// An answer from its registers r0 (the shape) to r3.
    pub fn new(return_variant: ReturnVariant, r1: u32, r2: u32, r3: u32) -> Self {
        CommandReturn {
            variant: return_variant,
            registers: [r1, r2, r3],
        }
    }

    /// Returns the shape of the answer: success or failure, and with which values.
    pub fn return_variant(&self) -> ReturnVariant {
        self.variant
    }

    /// Shape and registers r1 to r3 as they came.
    pub fn raw_values(&self) -> (ReturnVariant, u32, u32, u32) {
        let [r1, r2, r3] = self.registers;
        (self.variant, r1, r2, r3)
    }

    /// Reads the answer as success data `T` or failure data `E`.
    ///
    /// # Errors
    /// The driver's error, or [`ErrorCode::BadRVal`] with zero values when the
    /// answer has neither of the two shapes.
    pub fn to_result<T: SuccessData, E: FailureData>(self) -> Result<T, E> {
        let [r1, r2, r3] = self.registers;
        if self.variant == T::RETURN_VARIANT {
            Ok(T::from_raw_values(r1, r2, r3))
        } else if self.variant == E::RETURN_VARIANT {
            Err(E::from_raw_values(ErrorCode::from_kernel(r1), r2, r3))
        } else {
            Err(E::from_raw_values(ErrorCode::BadRVal, 0, 0))
        }
    }

    fn success<T: SuccessData>(&self) -> Option<T> {
        let [r1, r2, r3] = self.registers;
        (self.variant == T::RETURN_VARIANT).then(|| T::from_raw_values(r1, r2, r3))
    }

    fn failure<E: FailureData>(&self) -> Option<E> {
        let [r1, r2, r3] = self.registers;
        (self.variant == E::RETURN_VARIANT)
            .then(|| E::from_raw_values(ErrorCode::from_kernel(r1), r2, r3))
    }
}

macro_rules! shape_queries {
    ($($(#[$doc:meta])* $is:ident, $get:ident, $reader:ident: $data:ty, $variant:ident;)*) => {
        impl CommandReturn {
            $(
                /// Whether the answer has exactly this shape.
                pub fn $is(&self) -> bool {
                    self.variant == return_variant::$variant
                }

                $(#[$doc])*
                pub fn $get(&self) -> Option<$data> {
                    self.$reader()
                }
            )*
        }
    };
}

shape_queries! {
    /// The error of a plain failure.
    is_failure, get_failure, failure: ErrorCode, FAILURE;
    /// The error and value of a failure with one value.
    is_failure_u32, get_failure_u32, failure: (ErrorCode, u32), FAILURE_U32;
    /// The error and values of a failure with two values.
    is_failure_2_u32, get_failure_2_u32, failure: (ErrorCode, u32, u32), FAILURE_2_U32;
    /// The error and value of a failure with a 64-bit value.
    is_failure_u64, get_failure_u64, failure: (ErrorCode, u64), FAILURE_U64;
    /// The value of a success with one value.
    is_success_u32, get_success_u32, success: u32, SUCCESS_U32;
    /// The values of a success with two values.
    is_success_2_u32, get_success_2_u32, success: (u32, u32), SUCCESS_2_U32;
    /// The value of a success with a 64-bit value.
    is_success_u64, get_success_u64, success: u64, SUCCESS_U64;
    /// The values of a success with three values.
    is_success_3_u32, get_success_3_u32, success: (u32, u32, u32), SUCCESS_3_U32;
    /// The values of a success with one value and a 64-bit value.
    is_success_u32_u64, get_success_u32_u64, success: (u32, u64), SUCCESS_U32_U64;
}

impl CommandReturn {
    /// Whether the answer is a success without a value.
    pub fn is_success(&self) -> bool {
        self.variant == return_variant::SUCCESS
    }
}

mod sealed {
    pub trait Sealed {}
}

/// What a success carries. Implemented for the shapes of TRD 104 only.
pub trait SuccessData: sealed::Sealed {
    /// The shape that carries this data.
    const RETURN_VARIANT: ReturnVariant;

    /// The data from registers r1 to r3.
    fn from_raw_values(r1: u32, r2: u32, r3: u32) -> Self;
}

/// What a failure carries. Implemented for the shapes of TRD 104 only.
pub trait FailureData: sealed::Sealed {
    /// The shape that carries this data.
    const RETURN_VARIANT: ReturnVariant;

    /// The data from the error and registers r2 and r3.
    fn from_raw_values(error: ErrorCode, r2: u32, r3: u32) -> Self;
}

macro_rules! data_shapes {
    ($role:ident, $first:ty: $($data:ty, $variant:ident, |$a:pat_param, $b:pat_param, $c:pat_param| $value:expr;)*) => {
        $(
            impl sealed::Sealed for $data {}
            impl $role for $data {
                const RETURN_VARIANT: ReturnVariant = return_variant::$variant;

                fn from_raw_values($a: $first, $b: u32, $c: u32) -> Self {
                    $value
                }
            }
        )*
    };
}

data_shapes! { SuccessData, u32:
    (), SUCCESS, |_, _, _| ();
    u32, SUCCESS_U32, |r1, _, _| r1;
    u64, SUCCESS_U64, |r1, r2, _| join(r1, r2);
    (u32, u32), SUCCESS_2_U32, |r1, r2, _| (r1, r2);
    (u32, u64), SUCCESS_U32_U64, |r1, r2, r3| (r1, join(r2, r3));
    (u32, u32, u32), SUCCESS_3_U32, |r1, r2, r3| (r1, r2, r3);
}

data_shapes! { FailureData, ErrorCode:
    ErrorCode, FAILURE, |error, _, _| error;
    (ErrorCode, u32), FAILURE_U32, |error, r2, _| (error, r2);
    (ErrorCode, u32, u32), FAILURE_2_U32, |error, r2, r3| (error, r2, r3);
    (ErrorCode, u64), FAILURE_U64, |error, r2, r3| (error, join(r2, r3));
}

#[cfg(test)]
mod tests {
    use super::super::return_variant::*;
    use super::{CommandReturn, ErrorCode};

    #[test]
    fn each_shape_is_read_only_as_itself() {
        let answer = CommandReturn::new(SUCCESS_U32_U64, 1, 2, 3);
        assert_eq!(answer.get_success_u32_u64(), Some((1, 3 << 32 | 2)));
        assert_eq!(answer.get_success_3_u32(), None);
        assert_eq!(answer.get_success_u32(), None);
        assert!(!answer.is_failure() && !answer.is_success());

        let answer = CommandReturn::new(FAILURE_2_U32, 6, 7, 8);
        assert_eq!(answer.get_failure_2_u32(), Some((ErrorCode::Invalid, 7, 8)));
        assert_eq!(answer.get_failure(), None);
    }

    #[test]
    fn to_result_checks_both_shapes() {
        let success = CommandReturn::new(SUCCESS_2_U32, 5, 6, 0);
        assert_eq!(success.to_result::<(u32, u32), ErrorCode>(), Ok((5, 6)));
        assert_eq!(
            success.to_result::<(), ErrorCode>(),
            Err(ErrorCode::BadRVal)
        );
        let failure = CommandReturn::new(FAILURE, 2, 0, 0);
        assert_eq!(failure.to_result::<(), _>(), Err(ErrorCode::Busy));
        assert_eq!(
            failure.to_result::<(), (ErrorCode, u32)>(),
            Err((ErrorCode::BadRVal, 0))
        );
        let unlisted = CommandReturn::new(FAILURE, 999, 0, 0);
        assert_eq!(unlisted.to_result::<(), _>(), Err(ErrorCode::Fail));
    }

    #[test]
    fn u64_joins_low_and_high() {
        let answer = CommandReturn::new(SUCCESS_U64, 0xFFFF_FFFF, 1, 0);
        assert_eq!(answer.get_success_u64(), Some(0x1_FFFF_FFFF));
    }
}
