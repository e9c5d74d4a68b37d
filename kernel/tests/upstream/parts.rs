//! Parts of a process's buffer.

use kernel::grant::GrantKernelData;
use kernel::process::Error;
use kernel::processbuffer::WriteableProcessBuffer;

/// Of a buffer that holds 0 to 7: byte 3, the last byte, chunks of 4, bytes from 3 on
/// as their number. Byte 1 becomes 0xEE.
pub fn look_at(kernel_data: &GrantKernelData) -> Result<(u8, u8, usize, usize), Error> {
    kernel_data
        .get_readwrite_processbuffer(0)?
        .mut_enter(|data| {
            let third = data.get(3).map_or(0, |byte| byte.get());
            assert_eq!(data.get(..4).map(|part| part[3].get()), Some(third));
            assert!(data.get(4..).is_some() && data.get(9..).is_none() && data.get(8).is_none());
            let mut copy = [0; 8];
            data.copy_to_slice(&mut copy);
            let rest = &data[3..];
            assert!(rest[..2].copy_to_slice_or_err(&mut copy[..2]).is_ok());
            data[1..2].copy_from_slice(&[0xEE]);
            (third, copy[7], data.chunks(4).count(), rest.len())
        })
}
