//! The error numbers of the system-call ABI, shared by the kernel, the capsules and the apps.

/// An error, with the number that an app sees (TRD 104, "Error codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum ErrorCode {
    /// Failed, for no reason that another code names.
    FAIL = 1,
    /// In use; trying again later may work.
    BUSY = 2,
    /// Already in the state asked for.
    ALREADY = 3,
    /// Powered down.
    OFF = 4,
    /// Not reserved, or reserved by another.
    RESERVE = 5,
    /// An argument is wrong.
    INVAL = 6,
    /// A size is wrong.
    SIZE = 7,
    /// Cancelled by the caller.
    CANCEL = 8,
    /// Not enough memory.
    NOMEM = 9,
    /// Not supported.
    NOSUPPORT = 10,
    /// No such device.
    NODEVICE = 11,
    /// Physically not there, or nothing stored.
    UNINSTALLED = 12,
    /// Sent, and not acknowledged.
    NOACK = 13,
}

impl From<ErrorCode> for usize {
    /// The number of the error.
    fn from(error: ErrorCode) -> usize {
        error as usize
    }
}

impl From<ErrorCode> for Result<(), ErrorCode> {
    /// An error as a result that failed with it.
    fn from(error: ErrorCode) -> Self {
        Err(error)
    }
}

impl TryFrom<Result<(), ErrorCode>> for ErrorCode {
    type Error = ();

    /// The error of a failed result; `Err(())` for success.
    fn try_from(result: Result<(), ErrorCode>) -> Result<Self, Self::Error> {
        result.err().ok_or(())
    }
}

/// The status that an upcall carries: 0 for success, else the error's number.
pub fn into_statuscode(result: Result<(), ErrorCode>) -> usize {
    match result {
        Ok(()) => 0,
        Err(error) => error as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_abi() {
        assert_eq!(into_statuscode(Ok(())), 0);
        assert_eq!(into_statuscode(Err(ErrorCode::FAIL)), 1);
        assert_eq!(usize::from(ErrorCode::NOSUPPORT), 10);
        assert_eq!(into_statuscode(Err(ErrorCode::NOACK)), 13);
        assert_eq!(
            ErrorCode::try_from(Err(ErrorCode::SIZE)),
            Ok(ErrorCode::SIZE)
        );
        assert_eq!(ErrorCode::try_from(Ok(())), Err(()));
    }
}
