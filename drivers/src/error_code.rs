//! Tock's error codes.

/// An error that a command may answer, with the name and number that Tock gives it.
///
/// Kernel and libtock each have a type of their own, as their interfaces ask for; the
/// numbers are the same.
#[allow(clippy::upper_case_acronyms)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum ErrorCode {
    /// Something failed that has no code of its own.
    FAIL = 1,
    /// It is busy: to be tried again later.
    BUSY = 2,
    /// It is so already.
    ALREADY = 3,
    /// It is switched off.
    OFF = 4,
    /// It has to be reserved first.
    RESERVE = 5,
    /// An argument is out of range.
    INVAL = 6,
    /// A length is wrong.
    SIZE = 7,
    /// It was cancelled.
    CANCEL = 8,
    /// There is no memory or room for it.
    NOMEM = 9,
    /// There is no such command, or this one cannot do that.
    NOSUPPORT = 10,
    /// There is no such device.
    NODEVICE = 11,
    /// There is nothing in it.
    UNINSTALLED = 12,
    /// The other side did not acknowledge.
    NOACK = 13,
}

impl ErrorCode {
    /// All of them, by number.
    pub const ALL: [ErrorCode; 13] = [
        ErrorCode::FAIL,
        ErrorCode::BUSY,
        ErrorCode::ALREADY,
        ErrorCode::OFF,
        ErrorCode::RESERVE,
        ErrorCode::INVAL,
        ErrorCode::SIZE,
        ErrorCode::CANCEL,
        ErrorCode::NOMEM,
        ErrorCode::NOSUPPORT,
        ErrorCode::NODEVICE,
        ErrorCode::UNINSTALLED,
        ErrorCode::NOACK,
    ];
}
