//! Answers of system calls as registers: TRD 104, "Return values".
//!
//! r0 holds the tag and says how many of r1 to r3 count; the others keep what
//! the process had passed in them, which tells it nothing new. Addresses and
//! sizes are 32 bits here, so the pointer shapes have the tags of the number
//! shapes.

use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use crate::frame::{Frame, Word};

const FAILURE: u32 = 0;
const FAILURE_U32: u32 = 1;
const FAILURE_U32_U32: u32 = 2;
const FAILURE_U64: u32 = 3;
const SUCCESS: u32 = 128;
const SUCCESS_U32: u32 = 129;
const SUCCESS_U32_U32: u32 = 130;
const SUCCESS_U64: u32 = 131;
const SUCCESS_U32_U32_U32: u32 = 132;
const SUCCESS_U32_U64: u32 = 133;

impl Frame {
    fn set_arguments(&mut self, r1: u32, r2: u32, r3: u32) {
        self.set(Word::R1, r1);
        self.set(Word::R2, r2);
        self.set(Word::R3, r3);
    }

    /// A shape of allow or subscribe: what was in the slot before.
    fn swapped(&mut self, first: u32, second: u32) {
        self.set(Word::R0, SUCCESS_U32_U32);
        self.set(Word::R1, first);
        self.set(Word::R2, second);
    }

    /// A shape of allow or subscribe: what was passed, unchanged.
    fn refused(&mut self, error: ErrorCode, first: u32, second: u32) {
        self.set(Word::R0, FAILURE_U32_U32);
        self.set_arguments(number(error), first, second);
    }

    /// Writes `answer` where the process will find it in r0 to r3.
    #[inline(always)]
    pub(crate) fn answer(&mut self, answer: SyscallReturn) {
        match answer {
            SyscallReturn::Success => self.set(Word::R0, SUCCESS),
            SyscallReturn::SuccessU32(value) => {
                self.set(Word::R0, SUCCESS_U32);
                self.set(Word::R1, value);
            }
            SyscallReturn::Failure(error) => {
                self.set(Word::R0, FAILURE);
                self.set(Word::R1, number(error));
            }
            SyscallReturn::FailureU32(error, value) => {
                self.set(Word::R0, FAILURE_U32);
                self.set(Word::R1, number(error));
                self.set(Word::R2, value);
            }
            SyscallReturn::FailureU32U32(error, first, second) => {
                self.refused(error, first, second);
            }
            SyscallReturn::FailureU64(error, value) => {
                self.set(Word::R0, FAILURE_U64);
                self.set_arguments(number(error), low(value), high(value));
            }
            SyscallReturn::SuccessU32U32(first, second) => self.swapped(first, second),
            SyscallReturn::SuccessU32U32U32(first, second, third) => {
                self.set(Word::R0, SUCCESS_U32_U32_U32);
                self.set_arguments(first, second, third);
            }
            SyscallReturn::SuccessU64(value) => {
                self.set(Word::R0, SUCCESS_U64);
                self.set(Word::R1, low(value));
                self.set(Word::R2, high(value));
            }
            SyscallReturn::SuccessU32U64(first, value) => {
                self.set(Word::R0, SUCCESS_U32_U64);
                self.set_arguments(first, low(value), high(value));
            }
            SyscallReturn::SuccessAddr(address) => {
                self.set(Word::R0, SUCCESS_U32);
                self.set(Word::R1, address as u32);
            }
            SyscallReturn::SuccessPtr(pointer) => {
                self.set(Word::R0, SUCCESS_U32);
                self.set(Word::R1, pointer.addr() as u32);
            }
            SyscallReturn::AllowReadWriteSuccess(address, length)
            | SyscallReturn::UserspaceReadableAllowSuccess(address, length) => {
                self.swapped(address as usize as u32, length as u32);
            }
            SyscallReturn::AllowReadOnlySuccess(address, length) => {
                self.swapped(address as usize as u32, length as u32);
            }
            SyscallReturn::AllowReadWriteFailure(error, address, length)
            | SyscallReturn::UserspaceReadableAllowFailure(error, address, length) => {
                self.refused(error, address as usize as u32, length as u32);
            }
            SyscallReturn::AllowReadOnlyFailure(error, address, length) => {
                self.refused(error, address as usize as u32, length as u32);
            }
            SyscallReturn::SubscribeSuccess(function, data) => {
                self.swapped(function as usize as u32, data as u32);
            }
            SyscallReturn::SubscribeFailure(error, function, data) => {
                self.refused(error, function as usize as u32, data as u32);
            }
            SyscallReturn::YieldWaitFor(first, second, third) => {
                self.set(Word::R0, first as u32);
                self.set(Word::R1, second as u32);
                self.set(Word::R2, third as u32);
            }
        }
    }
}

fn number(error: ErrorCode) -> u32 {
    usize::from(error) as u32
}

fn low(value: u64) -> u32 {
    value as u32
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}
