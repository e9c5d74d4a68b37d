//! Copies between a driver and the buffers that a process allows it, and answers with two numbers.

use kernel::grant::GrantKernelData;
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::CommandReturn;
use kernel::ErrorCode;

/// Fills `bytes` from the start of the read-only buffer number `allow`.
///
/// # Errors
/// SIZE: the buffer is shorter than `bytes`, or there is none. Nothing is copied then.
pub fn copy_in(
    kernel_data: &GrantKernelData,
    allow: usize,
    bytes: &mut [u8],
) -> Result<(), ErrorCode> {
    kernel_data
        .get_readonly_processbuffer(allow)
        .and_then(|buffer| {
            buffer.enter(|slice| {
                let source = slice.get(0..bytes.len()).ok_or(ErrorCode::SIZE)?;
                source.copy_to_slice_or_err(bytes)
            })
        })
        .unwrap_or(Err(ErrorCode::SIZE))
}

/// Copies `bytes` to the start of the read-write buffer number `allow`.
///
/// # Errors
/// SIZE: the buffer is shorter than `bytes`, or there is none. Nothing is copied then.
pub fn copy_out(
    kernel_data: &GrantKernelData,
    allow: usize,
    bytes: &[u8],
) -> Result<(), ErrorCode> {
    kernel_data
        .get_readwrite_processbuffer(allow)
        .and_then(|buffer| {
            buffer.mut_enter(|slice| {
                let target = slice.get(0..bytes.len()).ok_or(ErrorCode::SIZE)?;
                target.copy_from_slice_or_err(bytes)
            })
        })
        .unwrap_or(Err(ErrorCode::SIZE))
}

/// The answer to a command that gives two numbers: SUCCESS_U32_U32 with both, or
/// FAILURE with the error.
pub fn answer_pair(result: Result<(u32, u32), ErrorCode>) -> CommandReturn {
    match result {
        Ok((first, second)) => CommandReturn::success_u32_u32(first, second),
        Err(error) => CommandReturn::failure(error),
    }
}
