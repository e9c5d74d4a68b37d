//! Error codes of the kernel and of this library (TRD 104, section 3.3).

/// Why a system call failed.
///
/// The kernel never sends [`ErrorCode::BadRVal`]: this library reports it when
/// a driver answered in a shape that its interface does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ErrorCode {
    /// General failure.
    Fail = 1,
    /// Busy; try again later.
    Busy = 2,
    /// Already done.
    Already = 3,
    /// The part is powered down.
    Off = 4,
    /// Not reserved for the caller.
    Reserve = 5,
    /// An argument has no meaning here.
    Invalid = 6,
    /// A length does not fit.
    Size = 7,
    /// Cancelled by someone else.
    Cancel = 8,
    /// No memory, or nothing there to give.
    NoMem = 9,
    /// Not supported.
    NoSupport = 10,
    /// No such driver.
    NoDevice = 11,
    /// Not physically there, or nothing stored.
    Uninstalled = 12,
    /// No acknowledgement.
    NoAck = 13,
    /// The answer had an unexpected shape.
    BadRVal = 1024,
}

/// A number that stands for no [`ErrorCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnErrorCode;

impl TryFrom<u32> for ErrorCode {
    type Error = NotAnErrorCode;

    fn try_from(value: u32) -> Result<Self, NotAnErrorCode> {
        Ok(match value {
            1 => ErrorCode::Fail,
            2 => ErrorCode::Busy,
            3 => ErrorCode::Already,
            4 => ErrorCode::Off,
            5 => ErrorCode::Reserve,
            6 => ErrorCode::Invalid,
            7 => ErrorCode::Size,
            8 => ErrorCode::Cancel,
            9 => ErrorCode::NoMem,
            10 => ErrorCode::NoSupport,
            11 => ErrorCode::NoDevice,
            12 => ErrorCode::Uninstalled,
            13 => ErrorCode::NoAck,
            1024 => ErrorCode::BadRVal,
            _ => return Err(NotAnErrorCode),
        })
    }
}

impl ErrorCode {
    /// The code for a number from the kernel. A code that is newer than this
    /// library reads as [`ErrorCode::Fail`]: it is a failure all the same.
    pub(crate) fn from_kernel(value: u32) -> Self {
        Self::try_from(value).unwrap_or(ErrorCode::Fail)
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn numbers_round_trip() {
        for number in (1..=13).chain([1024]) {
            let code = ErrorCode::try_from(number).expect("listed code");
            assert_eq!(code as u32, number);
        }
    }

    #[test]
    fn unlisted_numbers_are_refused_but_stay_failures() {
        for number in [0, 14, 1023, 1025, u32::MAX] {
            assert!(ErrorCode::try_from(number).is_err());
            assert_eq!(ErrorCode::from_kernel(number), ErrorCode::Fail);
        }
    }
}
