//! The stream of blocks from the meter ADC.

use crate::drivers::meter_adc::{self, LentForBlock, BLOCK_BUFFER, BLOCK_BYTES, DRIVER_NUM};
use libtock::platform::share::Handle;
use libtock::platform::{AllowRw, ErrorCode, Syscalls};

type Share<'scope, 'share, S> = Handle<'scope, AllowRw<'share, S, DRIVER_NUM, BLOCK_BUFFER>>;

/// Takes blocks with two buffers: one is with the driver, so that a block is
/// copied while the app still holds the one before, and a block costs two
/// system calls.
pub struct Blocks<'scope, 'share, S: Syscalls> {
    share: Share<'scope, 'share, S>,
    lent: Option<LentForBlock<'scope, 'share, S>>,
    held: Option<&'share mut [u8]>,
}

impl<'scope, 'share, S: Syscalls> Blocks<'scope, 'share, S> {
    /// Lends the first buffer to the driver and starts the conversions.
    ///
    /// # Errors
    /// The driver's, see [`meter_adc::start`].
    pub fn start(
        share: Share<'scope, 'share, S>,
        first: &'share mut [u8; BLOCK_BYTES],
        second: &'share mut [u8; BLOCK_BYTES],
    ) -> Result<Self, ErrorCode> {
        let lent = LentForBlock::lend(share, first).map_err(|(error, _)| error)?;
        meter_adc::start::<S>(metrology::SCAN_PERIOD_US)?;
        Ok(Blocks {
            share,
            lent: Some(lent),
            held: Some(second),
        })
    }

    /// The oldest waiting block, or none.
    ///
    /// # Errors
    /// The driver's, see [`meter_adc::take_block`]; the app is then no owner
    /// any more, or its buffers are no use.
    pub fn take(&mut self) -> Result<Option<&[u8]>, ErrorCode> {
        let length = match meter_adc::take_block::<S>() {
            Ok(length) => length,
            Err(ErrorCode::NoMem) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (Some(lent), Some(held)) = (self.lent.take(), self.held.take()) else {
            return Err(ErrorCode::Fail);
        };
        let (lent, filled) = match lent.exchange(held) {
            Ok(exchanged) => exchanged,
            Err((lent, (_, held))) => {
                // The block is in `lent` all the same: get at it the long way.
                let filled = lent.take_back();
                let lent = LentForBlock::lend(self.share, held).map_err(|(error, _)| error)?;
                (lent, filled)
            }
        };
        self.lent = Some(lent);
        let filled = self.held.insert(filled);
        filled.get(..length).map(Some).ok_or(ErrorCode::BadRVal)
    }
}
