//! Copying between slices without a panic in it.

use crate::errorcode::ErrorCode;
use core::ops::RangeBounds;

/// Copies that fail instead of panicking, for code whose lengths come from
/// outside.
pub trait CopyOrErr {
    /// Copies `src` over the whole slice; SIZE when the lengths differ.
    fn copy_from_slice_or_err(&mut self, src: &Self) -> Result<(), ErrorCode>;

    /// Copies the range `src` of the slice to `dest` on; SIZE when either does
    /// not lie in it.
    fn copy_within_or_err<R: RangeBounds<usize>>(
        &mut self,
        src: R,
        dest: usize,
    ) -> Result<(), ErrorCode>;
}

impl<T: Copy> CopyOrErr for [T] {
    fn copy_from_slice_or_err(&mut self, src: &Self) -> Result<(), ErrorCode> {
        if self.len() != src.len() {
            return Err(ErrorCode::SIZE);
        }
        self.copy_from_slice(src);
        Ok(())
    }

    fn copy_within_or_err<R: RangeBounds<usize>>(
        &mut self,
        src: R,
        dest: usize,
    ) -> Result<(), ErrorCode> {
        let range =
            super::leasable_buffer::resolve_range(&src, self.len()).ok_or(ErrorCode::SIZE)?;
        let end = dest.checked_add(range.len()).ok_or(ErrorCode::SIZE)?;
        if end > self.len() {
            return Err(ErrorCode::SIZE);
        }
        self.copy_within(range, dest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_does_not_fit() {
        let mut data = [1u8, 2, 3, 4];
        assert_eq!(
            data[..].copy_from_slice_or_err(&[1, 2]),
            Err(ErrorCode::SIZE)
        );
        assert_eq!(data[..2].copy_from_slice_or_err(&[8, 9]), Ok(()));
        assert_eq!(data[..].copy_within_or_err(..2, 2), Ok(()));
        assert_eq!(data, [8, 9, 8, 9]);
        assert_eq!(data[..].copy_within_or_err(..2, 3), Err(ErrorCode::SIZE));
        assert_eq!(data[..].copy_within_or_err(3..9, 0), Err(ErrorCode::SIZE));
        assert_eq!(
            data[..].copy_within_or_err(..1, usize::MAX),
            Err(ErrorCode::SIZE)
        );
    }
}
